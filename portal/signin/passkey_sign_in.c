/* passkey_sign_in.c - signing in with a passkey alone: both factors, and no password.
 *
 * Who signs in is not known before the answer of the authenticator is right: it names the member
 * by credential and user handle. Then Dovecot is asked about the member with a token in the place
 * of the password, so that its passdbs refuse whom the operator does not let in.
 */
#include "policy/credential/passkey_sign_in.h"

#include "policy/base/random.h"
#include "portal/http/portal.h"
#include "portal/signin/factor.h"
#include "portal/signin/floor.h"
#include "portal/signin/handlers.h"
#include "portal/signin/let_in.h"
#include "portal/signin/notify.h"
#include "portal/signin/passkey.h"
#include "portal/signin/password.h"
#include "portal/signin/sign_in_count.h"
#include "portal/signin/sign_in_log.h"

struct attempt {
	struct webauthn_site site;
	struct pl_passkey passkey;
	struct pl_passkey_use use;
	int64_t expires_at; /* of the challenge */
	struct pl_account account;
	char address[PL_ADDRESS_MAX + 1];
};

int passkey_sign_in_possible(const struct request *request)
{
	return passkey_possible(request) && pl_policy_has_passkey_sign_in(request->policy);
}

/* 1; 0 and the answer; -1. */
static int check_possible(const struct request *request, struct response *response,
			  struct pl_error *err)
{
	if (!passkey_sign_in_possible(request))
		return respond_error(response, 403, "not-allowed");
	return request->verify != NULL
		       ? 1
		       : pl_error_set(err, PL_ERR_RETRY,
				      "sign-in by passkey needs the HMAC key (verify_key)");
}

int post_passkey_sign_in_challenge(struct request *request, struct response *response,
				   struct pl_error *err)
{
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES];
	char text[PL_BASE64URL_TEXT(PL_PASSKEY_CHALLENGE_BYTES)];
	struct webauthn_site site;
	int ret = check_possible(request, response, err);

	if (ret != 1)
		return ret;
	if (!webauthn_site(request->policy->portal_url, &site) ||
	    pl_passkey_sign_in_challenge(request->verify, request->work.now, challenge, err) < 0)
		return -1;
	return respond_json(response, 200,
			    json_pack("{s:s, s:s, s:[]}", "challenge",
				      pl_base64url(challenge, sizeof(challenge), text), "rp_id",
				      site.rp_id, "passkeys"));
}

static int refuse(const struct request *request, const char *address, const char *code)
{
	log_sign_in(request->ip_text, address, code);
	count_sign_in(request, address, PL_LOGIN_REFUSED, SIGN_IN_BY_PASSKEY_ALONE, code);
	return 0;
}

/* The authenticator's answer, and whose it is. 1; 0 and the answer; -1. */
static int find_member(struct request *request, struct response *response, struct attempt *attempt,
		       struct pl_error *err)
{
	struct pl_address address;
	int ret = passkey_evaluate(request, &attempt->site, 0, &attempt->passkey, &attempt->use);

	if (ret < 0)
		return pl_error_set(err, PL_ERR_RETRY, "the passkey cannot be checked");
	if (ret == 0)
		return respond_error(response, 422, "wrong-passkey");
	ret = pl_passkey_sign_in_read(request->verify, request->work.now, attempt->use.challenge,
				      &attempt->expires_at, err);
	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 422, "passkey-expired");
	if (!attempt->use.is_right)
		return respond_error(response, 422, "wrong-passkey");
	ret = pl_passkey_owner(&request->work, &attempt->passkey, &address);
	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 422, "wrong-passkey");
	pl_address_format(&address, attempt->address);
	return pl_account_get(request->work.store, &address, &attempt->account, err) < 0 ? -1 : 1;
}

/* Uses the challenge up. 1 and the token; 0 and the answer; -1. */
static int redeem(struct request *request, struct response *response, struct attempt *attempt,
		  struct pl_secret *token_r, struct pl_error *err)
{
	const struct pl_notice_origin origin = notify_origin(request);
	struct pl_code_answer answer;

	if (next_step_by_passkey(request, &attempt->account) == NEXT_DENIED)
		return let_in_refuse(request, response, &attempt->account, PL_OFFER_PASSKEY,
				     attempt->address);
	if (portal_clock(request, err) < 0 ||
	    pl_passkey_sign_in_commit(&request->work, &attempt->account, &attempt->use,
				      attempt->expires_at, &origin, token_r, &answer) < 0)
		return -1;
	return answer.result == PL_CODE_RIGHT ? 1
					      : refuse(request, attempt->address,
						       factor_respond_passkey(response, &answer));
}

/* Whether the operator lets the member in. 1 and the name as Dovecot has it; 0 and the answer;
 * -1. */
static int ask_operator(struct request *request, struct response *response,
			const struct attempt *attempt, const struct pl_secret *token,
			char name_r[PL_ADDRESS_MAX + 1], struct pl_error *err)
{
	struct pl_error none;
	int ret = password_ask(request, attempt->address, token, name_r, err);

	/* What is left of it is swept. */
	if (request->work.store != NULL || portal_take(request, &none) == 0)
		(void)pl_passkey_sign_in_end(&request->work, token);
	if (ret != 0)
		return ret;
	refuse(request, attempt->address, "passdb-refused");
	return respond_error(response, 403, "not-allowed");
}

static int sign_in(struct request *request, struct response *response, struct attempt *attempt,
		   struct pl_error *err)
{
	char name[PL_ADDRESS_MAX + 1];
	struct pl_secret token = { .len = 0 };
	int ret = find_member(request, response, attempt, err);

	if (ret == 1)
		ret = redeem(request, response, attempt, &token, err);
	if (ret == 1)
		ret = ask_operator(request, response, attempt, &token, name, err);
	pl_secret_wipe(&token);
	return ret == 1 ? let_in(request, response, name, &attempt->passkey, err) : ret;
}

int post_passkey_sign_in(struct request *request, struct response *response, struct pl_error *err)
{
	struct attempt attempt;
	struct timespec start;
	int ret;

	floor_begin(&start);
	ret = check_possible(request, response, err);
	if (ret == 1)
		ret = webauthn_site(request->policy->portal_url, &attempt.site)
			      ? sign_in(request, response, &attempt, err)
			      : -1;
	portal_give(request, ret < 0);
	floor_end(&start);
	return ret;
}
