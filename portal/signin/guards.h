/* guards.h - kinds of access that a session gives. Values and meaning: struct guard in
 * portal/http/route.h; their names and sentences: portal/guards.def.
 *
 * Each fills the request's session, cookie and address.
 */
#ifndef POSTLATCH_PORTAL_SIGNIN_GUARDS_H
#define POSTLATCH_PORTAL_SIGNIN_GUARDS_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Anyone; the session is looked up, if there is one. */
int guard_public(struct request *request, struct response *response, struct pl_error *err);
/* The account password was right, and the second step is to come. Here, and behind it, kinds of
 * second factors that the route registers or redeems are refused unless the member may use them. */
int guard_pending(struct request *request, struct response *response, struct pl_error *err);
/* Has the proof, in the body, that a recovery contact has confirmed a member. That is the request's
 * member, but nobody is signed in. */
int guard_recovering(struct request *request, struct response *response, struct pl_error *err);
/* Signed in. */
int guard_authenticated(struct request *request, struct response *response, struct pl_error *err);
/* Signed in, and reauthenticated recently. */
int guard_reauthenticated(struct request *request, struct response *response, struct pl_error *err);

/* Answers 401 "sign-in-again", and why: "signed-out", "ended" or "expired". 0, or -1. */
int ask_to_sign_in(const struct request *request, struct response *response);
/* Why the browser's session is not good any more: "ended" (on another device, or as something
 * about the account changed), "expired"; NULL: it has none. 0, or -1. */
int why_signed_out(const struct request *request, const char **why_r);

/* Whether the session's member has entered a one-time code, or without a second factor the
 * password, in the last 20 minutes, so that sensitive changes are open. */
int is_reauthenticated(const struct request *request);
/* Refuses until the member has reauthenticated, and says by what: "passkey", "approval", "code" or
 * "password". 0, or -1. */
int ask_to_reauthenticate(struct request *request, struct response *response);
/* The same where one of these kinds of second factors is wanted. */
int ask_to_prove(const struct request *request, struct response *response, unsigned int kinds);

#endif
