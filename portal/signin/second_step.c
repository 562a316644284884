/* second_step.c - from a pending session to an authenticated one. A pending session can
 * do the next step, and nothing else. */
#include <string.h>

#include "portal/http/route.h"
#include "portal/signin/approval.h"
#include "portal/signin/factor.h"
#include "portal/signin/guards.h"
#include "portal/signin/handlers.h"
#include "portal/signin/identity.h"
#include "portal/signin/notify.h"
#include "portal/signin/passkey.h"
#include "portal/signin/session_answer.h"
#include "policy/credential/trusted.h"
#include "portal/signin/sign_in_count.h"
#include "portal/signin/sign_in_log.h"

/* How the session becomes an authenticated one. */
struct step {
	enum next_step done;
	unsigned int proof;     /* of the second factor, as pl_session has it */
	int trust;              /* the device, from now on */
	const char *credential; /* of sign_in_count.h */
};

/* 1 when one of the two is the next step; else the answer and 0; -1. */
static int check_next_step(struct request *request, struct response *response, enum next_step one,
			   enum next_step other, struct pl_error *err)
{
	struct pl_account *account;
	enum next_step next;

	if (request_account(request, &account, err) < 0)
		return -1;
	next = next_step_of(request, account, 0);
	return next == one || next == other ? 1 : respond_error(response, 403, "not-allowed");
}

static int trust_device(struct request *request, int64_t *id_r, struct pl_secret *cookie_r,
			struct pl_error *err)
{
	struct pl_trusted device = { .id = 0 };
	struct pl_account *account;

	device.created_at = device.used_at = request->work.now;
	device.expires_at = request->work.now + PL_TRUSTED_DAYS * PL_DAY_SECONDS;
	memcpy(device.ip, request->ip_text, sizeof(device.ip));
	request_device(request, device.name, sizeof(device.name));
	if (request_account(request, &account, err) < 0 ||
	    pl_trusted_add(&request->work, account, &device, cookie_r) < 0)
		return -1;
	*id_r = device.id;
	return 0;
}

/* In a write transaction: 1, 0 when the session is gone by now, -1. */
static int authenticate(struct request *request, const struct step *step,
			struct pl_secret *cookie_r, struct pl_secret *device_r,
			struct pl_error *err)
{
	int64_t trusted_id = 0;

	if (step->trust && trust_device(request, &trusted_id, device_r, err) < 0)
		return -1;
	return pl_session_complete(&request->work, request->session.id, step->proof, trusted_id,
				   cookie_r);
}

/* What cannot be answered is not committed. */
static int admit_commit(struct request *request, struct response *response, const struct step *step,
			const struct pl_secret *cookie, const struct pl_secret *device,
			struct pl_error *err)
{
	request->session.pending = 0;
	if (answer_session(request, response, &request->session, cookie, NULL, NEXT_NOTHING, err) <
		    0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	log_sign_in(request->ip_text, request->address, "ok");
	count_sign_in(request, request->address, PL_LOGIN_ALLOWED, step->credential, "signed-in");
	respond_cookie(response, SESSION_COOKIE, cookie, 0);
	if (device->len > 0)
		respond_cookie(response, DEVICE_COOKIE, device, PL_TRUSTED_DAYS * PL_DAY_SECONDS);
	return 0;
}

/* Authenticates the session in the open write transaction, and commits it: what else the
 * transaction has done is done then, or neither. */
static int complete_commit(struct request *request, struct response *response,
			   const struct step *step, struct pl_error *err)
{
	struct pl_secret cookie, device = { .len = 0 };
	int ret = authenticate(request, step, &cookie, &device, err);

	if (ret == 0)
		ret = ask_to_sign_in(request, response);
	else if (ret == 1)
		ret = admit_commit(request, response, step, &cookie, &device, err);
	pl_secret_wipe(&cookie);
	pl_secret_wipe(&device);
	return ret;
}

/* The step is done, and what it cost is committed. It may no longer be the next one, as a
 * registration elsewhere or an administrator may have come between: the member is read anew in
 * the transaction that completes the session. */
static int complete(struct request *request, struct response *response, const struct step *step,
		    struct pl_error *err)
{
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = check_next_step(request, response, step->done, step->done, err);
	return ret == 1 ? complete_commit(request, response, step, err) : ret;
}

int post_code(struct request *request, struct response *response, struct pl_error *err)
{
	const struct step step = { NEXT_CODE, PL_FACTOR_BIT(PL_FACTOR_TOTP),
				   request_flag(request, "trust"), SIGN_IN_BY_CODE };
	int ret = check_next_step(request, response, NEXT_CODE, NEXT_CODE, err);

	if (ret == 1)
		ret = factor_redeem_code(request, response, request_text(request, "code"), err);
	return ret == 1 ? complete(request, response, &step, err) : ret;
}

int post_recovery(struct request *request, struct response *response, struct pl_error *err)
{
	const struct step step = { NEXT_CODE, PL_SESSION_BY_OTHER, 0, SIGN_IN_BY_RECOVERY };
	int ret = check_next_step(request, response, NEXT_CODE, NEXT_CODE, err);

	if (ret == 1)
		ret = factor_redeem_recovery(request, response, request_text(request, "code"), err);
	return ret == 1 ? complete(request, response, &step, err) : ret;
}

int post_passkey_challenge(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = check_next_step(request, response, NEXT_CODE, NEXT_CODE, err);

	return ret == 1 ? passkey_begin_proof(request, response, err) : ret;
}

int post_passkey(struct request *request, struct response *response, struct pl_error *err)
{
	const struct step step = { NEXT_CODE, PL_FACTOR_BIT(PL_FACTOR_PASSKEY),
				   request_flag(request, "trust"), SIGN_IN_BY_PASSKEY };
	int ret = check_next_step(request, response, NEXT_CODE, NEXT_CODE, err);

	if (ret == 1)
		ret = passkey_redeem(request, response, err);
	return ret == 1 ? complete(request, response, &step, err) : ret;
}

int post_approval(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = check_next_step(request, response, NEXT_CODE, NEXT_CODE, err);

	return ret == 1 ? approval_begin(request, response, err) : ret;
}

int get_approval(struct request *request, struct response *response, struct pl_error *err)
{
	return approval_state(request, response, err);
}

/* The approval is redeemed in the transaction that completes the session, or neither is done. */
int post_approval_finish(struct request *request, struct response *response, struct pl_error *err)
{
	const struct step step = { NEXT_CODE, PL_FACTOR_BIT(PL_FACTOR_APPROVAL),
				   request_flag(request, "trust"), SIGN_IN_BY_APPROVAL };
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = check_next_step(request, response, NEXT_CODE, NEXT_CODE, err);
	if (ret == 1)
		ret = approval_redeem(request, response, err);
	return ret == 1 ? complete_commit(request, response, &step, err) : ret;
}

int post_identity(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = check_next_step(request, response, NEXT_CODE, NEXT_CODE, err);

	return ret == 1 ? identity_ask(request, response, err) : ret;
}

int post_identity_code(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = check_next_step(request, response, NEXT_CODE, NEXT_CODE, err);

	return ret == 1 ? identity_redeem(request, response, err) : ret;
}

int post_identity_confirm(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = check_next_step(request, response, NEXT_CODE, NEXT_CODE, err);

	if (ret == 1)
		ret = identity_prove(request, response, err);
	if (ret != 1)
		return ret;
	ret = request_begin_write(request, err);
	if (ret == 0)
		ret = check_next_step(request, response, NEXT_CODE, NEXT_CODE, err);
	if (ret == 1)
		ret = identity_reset_factor(request, response, err);
	if (ret != 1)
		return ret;
	return pl_store_commit(request->work.store, err) < 0 ? -1
							     : get_session(request, response, err);
}

int post_later(struct request *request, struct response *response, struct pl_error *err)
{
	const struct step step = { NEXT_OFFER, 0, 0, SIGN_IN_BY_PASSWORD };

	return complete(request, response, &step, err);
}

int post_registration(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = check_next_step(request, response, NEXT_REGISTER, NEXT_OFFER, err);

	return ret == 1 ? factor_begin(request, response, err) : ret;
}

int post_registration_passkey_challenge(struct request *request, struct response *response,
					struct pl_error *err)
{
	int ret = check_next_step(request, response, NEXT_REGISTER, NEXT_OFFER, err);

	return ret == 1 ? passkey_begin_registration(request, response, err) : ret;
}

int post_registration_approval(struct request *request, struct response *response,
			       struct pl_error *err)
{
	int ret = check_next_step(request, response, NEXT_REGISTER, NEXT_OFFER, err);

	return ret == 1 ? approval_begin_registration(request, response, err) : ret;
}

int get_registration_approval(struct request *request, struct response *response,
			      struct pl_error *err)
{
	return approval_registration_state(request, response, err);
}

/* 1, or -1. */
static int tell_registered(struct request *request, unsigned int kind, struct pl_error *err)
{
	const char *what = "factor-registered";
	struct pl_account *account;

	if (request_account(request, &account, err) < 0)
		return -1;
	if (kind == PL_FACTOR_BIT(PL_FACTOR_PASSKEY) &&
	    pl_account_passkey_sign_in(account, request->policy))
		what = "passkey-registered-alone";
	return notify_member(request, account->member.id, what) < 0 ? -1 : 1;
}

/* The factor, the ends of other sessions, the recovery codes and the authenticated session are
 * one transaction, which is open. codes_r stays NULL unless what came was right. */
static int register_factor(struct request *request, struct response *response, json_t **codes_r,
			   struct pl_error *err)
{
	const unsigned int kind = request->route->registers;
	const int is_app = kind == PL_FACTOR_BIT(PL_FACTOR_TOTP);
	const int is_phone = kind == PL_FACTOR_BIT(PL_FACTOR_APPROVAL);
	const struct step step = { NEXT_REGISTER, kind, request_flag(request, "trust"),
				   is_app     ? SIGN_IN_BY_CODE
				   : is_phone ? SIGN_IN_BY_APPROVAL
					      : SIGN_IN_BY_PASSKEY };
	int ret = is_app ? factor_confirm(request, response, request_text(request, "code"), codes_r,
					  err)
		  : is_phone ? approval_register(request, response, codes_r, err)
			     : passkey_register(request, response, codes_r, err);

	if (ret == 1)
		ret = tell_registered(request, kind, err);
	if (ret == 1)
		return complete_commit(request, response, &step, err);
	return ret == 0 ? pl_store_commit(request->work.store, err) : ret;
}

int post_registration_confirm(struct request *request, struct response *response,
			      struct pl_error *err)
{
	json_t *codes = NULL;
	int ret = request_begin_write(request, err);

	/* Within the transaction, so that nobody registers a factor between check and change. */
	if (ret == 0)
		ret = check_next_step(request, response, NEXT_REGISTER, NEXT_OFFER, err);
	if (ret == 1)
		ret = register_factor(request, response, &codes, err);
	if (ret == 0 && codes != NULL && response->status == 200)
		json_object_set(response->json, "recovery_codes", codes);
	json_decref(codes);
	return ret;
}
