/* qr.h - QR codes as pictures. */
#ifndef POSTLATCH_PORTAL_QR_H
#define POSTLATCH_PORTAL_QR_H

/* The QR code of text as SVG; the caller frees it. NULL: out of memory. */
char *qr_svg(const char *text);

#endif
