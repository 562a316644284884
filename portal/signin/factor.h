/* factor.h - what the sign-in pages and the account pages do alike with a second factor. */
#ifndef POSTLATCH_PORTAL_FACTOR_H
#define POSTLATCH_PORTAL_FACTOR_H

#include "portal/http/request.h"
#include "portal/http/response.h"
#include "policy/credential/totp.h"

/* Redeems a one-time code or a recovery code of the session's member: 1 right and
 * committed; 0 response says what is wrong with it; -1 error. */
int factor_redeem_code(struct request *request, struct response *response, const char *code,
		       struct pl_error *err);
int factor_redeem_recovery(struct request *request, struct response *response, const char *code,
			   struct pl_error *err);
/* Whichever of the two it is: six digits are a one-time code. */
int factor_redeem(struct request *request, struct response *response, const char *code,
		  struct pl_error *err);
/* The kinds that the member may register at this portal: a set. */
unsigned int factor_kinds_open(const struct request *request, const struct pl_account *account);
/* Which of the two it is, as pl_session has it. */
unsigned int factor_proof_of(const char *code);
/* The names of a set of kinds, as a new array. */
json_t *factor_names(unsigned int kinds);
/* Answers with what is wrong with a passkey, which is not right, and says it in a word. */
const char *factor_respond_passkey(struct response *response, const struct pl_code_answer *answer);
/* The answer to what became of a passkey. Values as factor_redeem_code. */
int factor_answer_passkey(struct request *request, struct response *response,
			  const struct pl_code_answer *answer);
/* Answers with key and QR code of the session's pending secret, which is made at need. */
int factor_begin(struct request *request, struct response *response, struct pl_error *err);
/* Checks a code of the pending one, which becomes the factor, and ends the member's other
 * sessions. 1 right, and codes_r becomes a new array of recovery codes; 0 response says what is
 * wrong with it; -1 error. In the caller's write transaction, which is committed after 1 and 0:
 * a wrong code is counted in it. Then the caller tells the member. */
int factor_confirm(struct request *request, struct response *response, const char *code,
		   json_t **codes_r, struct pl_error *err);
/* New recovery codes, as a new array, in the caller's write transaction. 0, or -1. */
int factor_recovery_codes(struct request *request, json_t **codes_r, struct pl_error *err);

#endif
