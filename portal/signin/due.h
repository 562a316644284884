/* due.h - what is due after the right account password. */
#ifndef POSTLATCH_PORTAL_DUE_H
#define POSTLATCH_PORTAL_DUE_H

#include "portal/portal.h"

enum due {
	DUE_DENIED,   /* webmail is not for this member */
	DUE_CODE,     /* a one-time code, or a recovery code */
	DUE_REGISTER, /* a second factor must be registered */
	DUE_OFFER,    /* the same, and it may be put off */
	DUE_NOTHING,  /* in */
};

/* Asks pl_decide about a member whose password was just proven. 0, or -1. */
int due_find(const struct request *request, const struct pl_address *address, int device_trusted,
	     enum due *due_r, struct pl_error *err);
/* "code", "register", "offer", or NULL. */
const char *due_name(enum due due);

#endif
