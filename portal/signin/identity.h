/* identity.h - the identity check of a member who has lost the second factor: a recovery contact
 * and a recovery code together, after the password, let the member register a new one.
 *
 * The contact is sent a code; the code gives a proof; proof and recovery code take the second
 * factor away. The proof is worth nothing in the session of another member.
 */
#ifndef POSTLATCH_PORTAL_IDENTITY_H
#define POSTLATCH_PORTAL_IDENTITY_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Whether a member in the second step can be identified: 1, 0, -1. */
int identity_is_possible(const struct request *request, int64_t member_id);
/* Sends a code to a contact of the session's member. 0 and the answer, or -1. */
int identity_ask(struct request *request, struct response *response, struct pl_error *err);
/* Redeems the code. 0 and the answer, or -1. */
int identity_redeem(struct request *request, struct response *response, struct pl_error *err);
/* Looks at the proof, and redeems the recovery code: 1 right and committed; 0 response says what is
 * wrong; -1. */
int identity_prove(struct request *request, struct response *response, struct pl_error *err);
/* Takes the second factor away, in the caller's write transaction, ends all that was signed in with
 * it but the session of the request, and tells the member. 1; 0 response says that the proof is not
 * good any more; -1. */
int identity_reset_factor(struct request *request, struct response *response, struct pl_error *err);

#endif
