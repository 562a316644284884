/* pox_request.h - reads what Outlook asks (MS-OXDSCLI 2.2.4). */
#ifndef POSTLATCH_PORTAL_SETUP_POX_REQUEST_H
#define POSTLATCH_PORTAL_SETUP_POX_REQUEST_H

#include "policy/base/address.h"

struct pox_request {
	char address[PL_ADDRESS_DISPLAY_MAX + 1]; /* "": there is none */
	char schema[256]; /* of the answer that is wanted; "": it does not say */
};

/* 0, or -1 when the text is not such a request. A document type, and with it every entity that a
 * document could define, is refused where it begins. Pure. */
int pox_request_read(const char *text, size_t len, struct pox_request *request_r);

#endif
