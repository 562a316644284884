/* next_step.h - what a member must do next after the right account password. */
#ifndef POSTLATCH_PORTAL_NEXT_STEP_H
#define POSTLATCH_PORTAL_NEXT_STEP_H

#include "policy/login/login.h"
#include "portal/http/request.h"

enum next_step {
	NEXT_DENIED,   /* the member may not use webmail */
	NEXT_CODE,     /* enter a one-time code, or a recovery code */
	NEXT_REGISTER, /* register a second factor */
	NEXT_OFFER,    /* the same, and it may be put off */
	NEXT_NOTHING,  /* the member is signed in */
};

/* Asks pl_decide about an account whose password was just found right. second_factor: the member
 * has entered a code, or the device is trusted. Uses the policy, address and time of the
 * request. */
enum next_step next_step_of(const struct request *request, const struct pl_account *account,
			    int second_factor);
/* The same after a passkey of the account has signed in alone: denied, or nothing. */
enum next_step next_step_by_passkey(const struct request *request,
				    const struct pl_account *account);
/* The rule by which a step is the next one without a second factor. offer: PL_OFFER_PROVEN or
 * PL_OFFER_PASSKEY. */
const char *next_step_rule(const struct request *request, const struct pl_account *account,
			   enum pl_offer offer);
/* Whether the browser is in none of the networks from which the member may use webmail. */
int next_step_is_outside(const struct request *request, const struct pl_account *account);
/* What to answer where it is denied: "webmail-network", "passkey-sign-in-off" or "not-allowed". */
const char *next_step_refusal(const struct request *request, const struct pl_account *account,
			      enum pl_offer offer);
/* As next_step_of about a session, by how it was authenticated. browser is where its browser is:
 * the address of the request or, when a program sends it, that of the session. The settings may
 * have changed since: an authenticated session for which a step is due is suspended, and pending
 * from now on. account is its member's; NULL: it is read. 0, or -1. */
int next_step_recheck(const struct request *request, const struct pl_ip *browser,
		      const struct pl_account *account, struct pl_session *session,
		      enum next_step *next_r, struct pl_error *err);
/* Where the portal has seen the session last. */
struct pl_ip session_address(const struct pl_session *session);
/* "code", "register", "offer", or NULL. */
const char *next_step_name(enum next_step next);

#endif
