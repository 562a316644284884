/* let_in.h - opens the session of a member who has signed in, with the account password or with a
 * passkey alone. */
#ifndef POSTLATCH_PORTAL_LET_IN_H
#define POSTLATCH_PORTAL_LET_IN_H

#include "policy/credential/passkey.h"
#include "portal/http/response.h"
#include "portal/signin/next_step.h"

/* Dovecot has let user in, which is the name as it has it. passkey: of the member, with which it
 * signed in; NULL: the account password was right. Decides with all facts, opens the session and
 * answers. 0, or -1. */
int let_in(struct request *request, struct response *response, const char *user,
	   const struct pl_passkey *passkey, struct pl_error *err);
/* Answers that it was denied, logs and counts it. Returns 0. */
int let_in_refuse(const struct request *request, struct response *response,
		  const struct pl_account *account, enum pl_offer offer, const char *address);

#endif
