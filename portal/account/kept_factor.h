/* kept_factor.h - what the account pages do alike with factors of which a member may have several:
 * passkeys, and phones that approve.
 */
#ifndef POSTLATCH_PORTAL_KEPT_FACTOR_H
#define POSTLATCH_PORTAL_KEPT_FACTOR_H

#include "policy/account/member.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

/* A kind of them; each is a constant of its file. */
struct kept_factor {
	/* Registers one in the open write transaction; values as passkey_register(). */
	int (*add)(struct request *request, struct response *response, json_t **codes_r,
		   struct pl_error *err);
	/* Removes one in the open write transaction. 1; 0 there is none with that id; -1. */
	int (*remove)(const struct pl_work *work, struct pl_account *account, int64_t id);
	/* Answers with all of them. 0, or -1. */
	int (*answer)(struct request *request, struct response *response, struct pl_error *err);
	const char *added, *removed; /* notices to the member */
};

/* Handlers: register one, which reauthenticates too, and remove one by the field id, with the other
 * sessions. */
int kept_factor_post(const struct kept_factor *kind, struct request *request,
		     struct response *response, struct pl_error *err);
int kept_factor_post_remove(const struct kept_factor *kind, struct request *request,
			    struct response *response, struct pl_error *err);

#endif
