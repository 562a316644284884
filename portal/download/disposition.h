/* disposition.h - the header by which a browser keeps what it gets as a file (RFC 6266). */
#ifndef POSTLATCH_PORTAL_DOWNLOAD_DISPOSITION_H
#define POSTLATCH_PORTAL_DOWNLOAD_DISPOSITION_H

/* Content-Disposition for a name in UTF-8: as it is (RFC 8187), and for old programs with '_' for
 * what is not ASCII. The caller's to free; NULL: out of memory. */
char *disposition_of(const char *name);

#endif
