/* identity.c - see identity.h. */
#include "portal/signin/identity.h"

#include "policy/credential/factor.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/factor.h"
#include "portal/signin/long_code.h"
#include "portal/signin/notify.h"
#include "portal/signin/sign_in_log.h"

int identity_is_possible(const struct request *request, int64_t member_id)
{
	return request->policy->recovery_contacts ? pl_reset_has_contact(&request->work, member_id)
						  : 0;
}

static int send_code(struct request *request, enum pl_contact_kind kind, struct pl_secret *token_r,
		     struct pl_error *err)
{
	const struct pl_contact_keys keys = { request->seal, request->verify };
	const struct pl_reset_wish wish = { .kind = kind, .asker = notify_asker(request) };
	struct pl_account *account;
	int ret;

	if (request_begin_write(request, err) < 0 || request_account(request, &account, err) < 0)
		return -1;
	ret = pl_reset_identify(&request->work, &keys, request->policy, account, &wish, token_r);
	return ret == 1 && pl_store_commit(request->work.store, err) < 0 ? -1 : ret;
}

int identity_ask(struct request *request, struct response *response, struct pl_error *err)
{
	const char *by = request_text(request, "by");
	enum pl_contact_kind kind = PL_CONTACT_MAIL;
	struct pl_secret token = { .len = 0 };
	int ret;

	if (by != NULL && !pl_contact_kind_of(by, &kind))
		return respond_bad_field(response, "by");
	if (!request->policy->recovery_contacts)
		return respond_error(response, 403, "not-allowed");
	ret = send_code(request, kind, &token, err);
	if (ret == 0)
		ret = respond_error(response, 403, "too-many-contact-codes");
	else if (ret == 1)
		ret = respond_json(response, 200,
				   json_pack("{s:s}", "token", (const char *)token.data));
	pl_secret_wipe(&token);
	return ret;
}

/* The proof, where it is one of the session's member: 1, 0, -1. */
static int find(struct request *request, const char *proof, struct pl_reset *reset_r)
{
	const int ret = pl_reset_find(&request->work, proof, reset_r);

	return ret == 1 ? reset_r->member_id == request->session.member_id : ret;
}

int identity_redeem(struct request *request, struct response *response, struct pl_error *err)
{
	char code[PL_LONG_CODE_DIGITS + 1];
	struct pl_secret proof = { .len = 0 };
	struct pl_reset reset;
	int ret = request_begin_write(request, err);

	long_code_copy(request_text(request, "code"), code);
	if (ret == 0)
		ret = pl_reset_redeem(&request->work, request->verify,
				      request_text(request, "token"), code, &proof);
	if (ret == 1)
		ret = find(request, (const char *)proof.data, &reset);
	if (ret >= 0 && pl_store_commit(request->work.store, err) < 0)
		ret = -1;
	if (ret == 1) {
		ret = respond_json(response, 200,
				   json_pack("{s:s}", "proof", (const char *)proof.data));
	} else if (ret == 0) {
		log_sign_in(request->ip_text, request->address, "wrong-recovery");
		ret = respond_error(response, 422, "wrong-contact-code");
	}
	pl_secret_wipe(&proof);
	return ret;
}

/* 1; 0 and the answer; -1. */
static int check_proof(struct request *request, struct response *response, struct pl_reset *reset_r)
{
	const int ret = find(request, request_text(request, "proof"), reset_r);

	return ret == 0 ? respond_error(response, 403, "recovery-over") : ret;
}

int identity_prove(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_reset reset;
	const int ret = check_proof(request, response, &reset);

	return ret == 1 ? factor_redeem_recovery(request, response, request_text(request, "code"),
						 err)
			: ret;
}

int identity_reset_factor(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_account *account;
	struct pl_reset reset;
	int ret = check_proof(request, response, &reset);

	if (ret != 1)
		return ret;
	if (request_account(request, &account, err) < 0 ||
	    pl_factor_reset(&request->work, account) < 0 || end_other_sessions(request, err) < 0 ||
	    pl_reset_end(&request->work, &reset) < 0 ||
	    notify_member(request, account->member.id, "factor-identity") < 0)
		return -1;
	return 1;
}
