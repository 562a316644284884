/* portal.h - what all requests share, and the services a handler calls. */
#ifndef POSTLATCH_PORTAL_H
#define POSTLATCH_PORTAL_H

#include "daemon/log.h"
#include "policy/login/login.h"
#include "portal/http/pages.h"
#include "policy/settings/policy.h"
#include "portal/http/request.h"

/* The policy file, keys and database of this process, kept fresh like the
 * milter's: a policy that is bad now leaves the last good one. (portal.c) */
struct portal;
int portal_new(const char *policy_path, const char *web_path, struct portal **portal_r,
	       struct pl_error *err);
void portal_free(struct portal **portal);
int portal_reload(struct portal *portal, struct pl_error *err);
/* What is to be done now and then: removes expired sessions. */
void portal_sweep(struct portal *portal);
const struct pages *portal_pages(const struct portal *portal);
/* Fills policy and keys of a request, which stay until portal_release. */
void portal_hold(struct portal *portal, struct request *request);
void portal_release(struct request *request);
/* Fills the store; the dispatcher's. A store that failed is not used again. */
int portal_take(struct request *request, struct pl_error *err);
void portal_give(struct request *request, int failed);

/* 0 when the clock can be trusted with one-time codes; else -1, see clock.h. */
int portal_clock(const struct request *request, struct pl_error *err);

/* Checks an account password at Dovecot's auth socket as service "webmail", with
 * the browser's address, so that Dovecot's own penalties and policy server
 * apply. 1 right, 0 wrong, -1 cannot tell (a temporary failure is never "wrong").
 * user_r becomes the name as Dovecot has it. (password.c) */
int password_check(const struct request *request, const char *user,
		   const struct pl_secret *password, char user_r[PL_ADDRESS_MAX + 1],
		   struct pl_error *err);

/* Ends the member's IMAP connections through doveadm's HTTP interface. Best
 * effort: the tokens are dead already. 0, or -1. (kick.c) */
int kick_member(const struct request *request, const char *address, struct pl_error *err);
void kick_open(void); /* once, before there are threads */

/* Tells the member by mail about a sensitive change, in the member's language of
 * this request. what: "factor-registered", "factor-removed", "recovery-codes",
 * "recovery-used", "device-stolen", "two-factor-mode-changed", "signed-out-everywhere"; the table
 * is notify.def. Best effort through sendmail; never waits for it. (notify.c) */
void notify_member(const struct request *request, const char *address, const char *what);

/* The QR code of text as SVG; the caller frees it. NULL: out of memory. (qr.c) */
char *qr_svg(const char *text);

/* "csrf" of GET /api/session: bound to the cookie, 43 characters. (csrf.c) */
#define CSRF_TEXT 44
int csrf_token(const struct pl_secret *cookie, char token_r[CSRF_TEXT], struct pl_error *err);

#endif
