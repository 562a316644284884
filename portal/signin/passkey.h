/* passkey.h - what the sign-in pages and the account pages do alike with passkeys. */
#ifndef POSTLATCH_PORTAL_PASSKEY_H
#define POSTLATCH_PORTAL_PASSKEY_H

#include "portal/http/request.h"
#include "portal/http/response.h"
#include "policy/credential/passkey.h"
#include "portal/signin/webauthn.h"

/* What a browser sends of an assertion, and of a new passkey: base64url of up to so many bytes. */
#define PASSKEY_TEXT(bytes) (((bytes)*4 + 2) / 3)

/* Decodes what the body has in base64url; limit is at most what bytes_r holds. 1, or 0 when it has
 * none. */
int passkey_bytes(const struct request *request, const char *name, size_t limit,
		  struct webauthn_bytes *bytes_r);
/* Whether the portal can have passkeys at all. */
int passkey_possible(const struct request *request);
/* Answers with what the page passes on to navigator.credentials.get(): a challenge of the session,
 * and the member's passkeys. 0, or -1. */
int passkey_begin_proof(struct request *request, struct response *response, struct pl_error *err);
/* Checks the assertion of the body, and fills use_r, whatever is wrong with it; passkey is where
 * the passkey is read to. member_id: whose it must be; 0: whoever's it is. 1; 0: it has no
 * challenge to redeem; -1. */
int passkey_evaluate(const struct request *request, const struct webauthn_site *site,
		     int64_t member_id, struct pl_passkey *passkey, struct pl_passkey_use *use_r);
/* Whether members may sign in with a passkey alone at this portal, some of them at least. */
int passkey_sign_in_possible(const struct request *request);
/* Redeems the assertion of the body: values as factor_redeem_code. */
int passkey_redeem(struct request *request, struct response *response, struct pl_error *err);
/* The same with what navigator.credentials.create() takes. */
int passkey_begin_registration(struct request *request, struct response *response,
			       struct pl_error *err);
/* Registers the passkey of the body: 1; 0 response says what is wrong with it; -1. In the caller's
 * write transaction, which is committed after 1 and 0. With the first second factor of the member,
 * the other sessions end and codes_r becomes a new array of recovery codes; else it stays NULL.
 * Then the caller tells the member. */
int passkey_register(struct request *request, struct response *response, json_t **codes_r,
		     struct pl_error *err);

#endif
