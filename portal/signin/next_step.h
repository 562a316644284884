/* next_step.h - what a member must do next after the right account password. */
#ifndef POSTLATCH_PORTAL_NEXT_STEP_H
#define POSTLATCH_PORTAL_NEXT_STEP_H

#include "portal/http/request.h"

enum next_step {
	NEXT_DENIED,   /* the member may not use webmail */
	NEXT_CODE,     /* enter a one-time code, or a recovery code */
	NEXT_REGISTER, /* register a second factor */
	NEXT_OFFER,    /* the same, and it may be put off */
	NEXT_NOTHING,  /* the member is signed in */
};

/* Asks pl_decide about an account whose password was just found right. Uses the policy, address
 * and time of the request. */
enum next_step next_step_of(const struct request *request, const struct pl_account *account,
			    int device_trusted);
/* The same for a member whose account has not been read. 0, or -1. */
int next_step_find(const struct request *request, const struct pl_address *address,
		   int device_trusted, enum next_step *next_r, struct pl_error *err);
/* "code", "register", "offer", or NULL. */
const char *next_step_name(enum next_step next);

#endif
