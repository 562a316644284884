/* factor.c - see factor.h. */
#include "portal/signin/factor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portal/signin/session_answer.h"
#include "portal/http/portal.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/notify.h"
#include "portal/signin/passkey.h"
#include "portal/signin/qr.h"
#include "portal/signin/sign_in_count.h"
#include "portal/signin/sign_in_log.h"

#define KEY_GROUP 4 /* letters of the key that stand together, for those who type it */

/* A code on the account pages is no sign-in. */
static void refuse(const struct request *request, const char *result)
{
	log_sign_in(request->ip_text, request->address, result);
	if (request->session.pending)
		count_sign_in(request, request->address, PL_LOGIN_REFUSED, SIGN_IN_BY_NOTHING,
			      result);
}

/* Answers with what is wrong with the code, and says it in a word. */
static const char *respond_result(struct response *response, const struct pl_code_answer *answer)
{
	static const struct {
		const char *code;
		int status;
	} answers[] = {
		[PL_CODE_RIGHT] = { "", 200 },
		[PL_CODE_WRONG] = { "wrong-code", 422 },
		[PL_CODE_USED] = { "code-used", 422 },
		[PL_CODE_WAIT] = { "too-many-codes", 429 },
		[PL_CODE_BLOCKED] = { "factor-blocked", 403 },
		[PL_CODE_NONE] = { "not-allowed", 403 },
		[PL_CODE_CLONED] = { "passkey-refused", 422 },
	};
	const char *code = answers[answer->result].code;

	if (answer->result == PL_CODE_WAIT)
		respond_wait(response, answers[answer->result].status, code, answer->wait);
	else
		respond_error(response, answers[answer->result].status, code);
	return code;
}

/* 1 when the code is right; else the answer and 0. */
static int answer_result(struct request *request, struct response *response,
			 const struct pl_code_answer *answer)
{
	if (answer->result == PL_CODE_RIGHT)
		return 1;
	refuse(request, respond_result(response, answer));
	return 0;
}

static int need_seal(const struct request *request, struct pl_error *err)
{
	return request->seal != NULL
		       ? 0
		       : pl_error_set(err, PL_ERR_RETRY,
				      "one-time codes need the sealing key (seal_key)");
}

static int need_verify(const struct request *request, struct pl_error *err)
{
	return request->verify != NULL
		       ? 0
		       : pl_error_set(err, PL_ERR_RETRY,
				      "recovery codes need the HMAC key (verify_key)");
}

int factor_redeem_code(struct request *request, struct response *response, const char *code,
		       struct pl_error *err)
{
	struct pl_code_answer answer;

	if (need_seal(request, err) < 0 || portal_clock(request, err) < 0 ||
	    pl_totp_redeem_commit(&request->work, request->seal, request->session.member_id, code,
				  &answer) < 0)
		return -1;
	return answer_result(request, response, &answer);
}

int factor_redeem_recovery(struct request *request, struct response *response, const char *code,
			   struct pl_error *err)
{
	const struct pl_notice_origin origin = notify_origin(request);
	struct pl_account *account;
	struct pl_code_answer answer;

	if (need_verify(request, err) < 0 || request_account(request, &account, err) < 0 ||
	    pl_recovery_redeem_commit(&request->work, request->verify, account, code, &origin,
				      &answer) < 0)
		return -1;
	if (answer.result != PL_CODE_WRONG)
		return answer_result(request, response, &answer);
	refuse(request, "wrong-code");
	return respond_error(response, 422, "wrong-recovery-code");
}

json_t *factor_names(unsigned int kinds)
{
	json_t *names = json_array();

	for (unsigned int kind = 0; kind < PL_FACTOR_KIND_COUNT; kind++) {
		if ((kinds & PL_FACTOR_BIT(kind)) != 0)
			json_array_append_new(names, json_string(pl_factor_kind_name(kind)));
	}
	return names;
}

const char *factor_respond_passkey(struct response *response, const struct pl_code_answer *answer)
{
	const char *code = answer->result == PL_CODE_WRONG  ? "wrong-passkey"
			   : answer->result == PL_CODE_USED ? "passkey-expired"
							    : NULL;

	if (code == NULL)
		return respond_result(response, answer);
	respond_error(response, 422, code);
	return code;
}

int factor_answer_passkey(struct request *request, struct response *response,
			  const struct pl_code_answer *answer)
{
	if (answer->result == PL_CODE_RIGHT)
		return 1;
	refuse(request, factor_respond_passkey(response, answer));
	return 0;
}

static int is_code(const char *text)
{
	return strlen(text) == 6 && strspn(text, "0123456789") == 6;
}

unsigned int factor_kinds_open(const struct request *request, const struct pl_account *account)
{
	const unsigned int kinds = pl_account_second_factors(account, request->policy);

	/* Browsers make keys only for a portal that they reach by a name, and safely. */
	return passkey_possible(request) ? kinds : kinds & PL_FACTOR_BIT(PL_FACTOR_TOTP);
}

unsigned int factor_proof_of(const char *code)
{
	return is_code(code) ? PL_FACTOR_BIT(PL_FACTOR_TOTP) : PL_SESSION_BY_OTHER;
}

int factor_redeem(struct request *request, struct response *response, const char *code,
		  struct pl_error *err)
{
	struct pl_account *account;
	unsigned int unused;

	if (!is_code(code))
		return factor_redeem_recovery(request, response, code, err);
	if (request_account(request, &account, err) < 0)
		return -1;
	unused =
		account->member.factor_kinds & ~pl_account_usable_factors(account, request->policy);
	return (unused & PL_FACTOR_BIT(PL_FACTOR_TOTP)) != 0
		       ? respond_error(response, 403, "second-factor-kind")
		       : factor_redeem_code(request, response, code, err);
}

/* "ABCD EFGH ..." */
static void group_key(const struct pl_secret *secret, char *buf, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < secret->len && used + 2 < size; i++) {
		if (i > 0 && i % KEY_GROUP == 0)
			buf[used++] = ' ';
		buf[used++] = (char)secret->data[i];
	}
	buf[used] = '\0';
}

static int make_pending(struct request *request, struct pl_secret *secret_r, struct pl_error *err)
{
	struct pl_account *account;

	if (request_begin_write(request, err) < 0 || request_account(request, &account, err) < 0 ||
	    pl_totp_begin(&request->work, request->seal, account, request->session.id, secret_r) <
		    0)
		return -1;
	return pl_store_commit(request->work.store, err);
}

int factor_begin(struct request *request, struct response *response, struct pl_error *err)
{
	const char *name = request->policy->portal_name;
	char key[2 * PL_TOTP_SECRET_BYTES + 16], uri[2048];
	struct pl_secret secret = { .len = 0 };
	char *svg;

	if (need_seal(request, err) < 0 || make_pending(request, &secret, err) < 0) {
		pl_secret_wipe(&secret);
		return -1;
	}
	svg = qr_svg(pl_totp_uri(name, &request->session.address, &secret, uri, sizeof(uri)));
	group_key(&secret, key, sizeof(key));
	pl_secret_wipe(&secret);
	if (svg == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the QR code cannot be drawn");
	respond_json(response, 200,
		     json_pack("{s:s, s:s, s:s, s:s}", "account", request->address, "issuer", name,
			       "key", key, "svg", svg));
	free(svg);
	return 0;
}

int factor_recovery_codes(struct request *request, json_t **codes_r, struct pl_error *err)
{
	struct pl_account *account;
	char codes[PL_RECOVERY_CODES][PL_RECOVERY_TEXT];

	if (need_verify(request, err) < 0 || request_account(request, &account, err) < 0 ||
	    pl_recovery_make(&request->work, request->verify, account, codes) < 0)
		return -1;
	*codes_r = json_array();
	for (size_t i = 0; i < PL_RECOVERY_CODES; i++)
		json_array_append_new(*codes_r, json_string(codes[i]));
	return 0;
}

int factor_confirm(struct request *request, struct response *response, const char *code,
		   json_t **codes_r, struct pl_error *err)
{
	struct pl_account *account;
	struct pl_code_answer answer;
	int ret;

	if (need_seal(request, err) < 0 || portal_clock(request, err) < 0 ||
	    request_account(request, &account, err) < 0 ||
	    pl_totp_confirm(&request->work, request->seal, account, request->session.id, code,
			    &answer) < 0)
		return -1;
	if (answer.result == PL_CODE_NONE)
		return respond_error(response, 422, "registration-expired");
	ret = answer_result(request, response, &answer);
	if (ret != 1)
		return ret;
	return end_other_sessions(request, err) < 0 ||
			       factor_recovery_codes(request, codes_r, err) < 0
		       ? -1
		       : 1;
}
