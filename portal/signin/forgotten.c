/* forgotten.c - a new password for a member who has forgotten it, with a code that was sent to a
 * recovery contact. Nobody is signed in by it; the request's member is the one whose contact has
 * confirmed it (guard_recovering). */
#include <stdio.h>
#include <string.h>

#include "daemon/log.h"
#include "policy/account/member_times.h"
#include "policy/credential/app_password.h"
#include "policy/credential/throttle.h"
#include "portal/http/portal.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/factor.h"
#include "portal/signin/floor.h"
#include "portal/signin/forgotten_runner.h"
#include "portal/signin/guards.h"
#include "portal/signin/handlers.h"
#include "portal/signin/long_code.h"
#include "portal/signin/new_password.h"
#include "portal/signin/notify.h"
#include "portal/signin/sign_in_log.h"

/* 1; 0 and the answer, where the operator has not switched it on. */
static int check_on(const struct request *request, struct response *response)
{
	return pl_reset_is_on(request->policy) ? 1 : respond_error(response, 404, "not-found");
}

/* -- who has forgotten it -- */

static int ask(struct request *request, struct response *response, enum pl_contact_kind kind,
	       struct pl_error *err)
{
	const struct pl_reset_wish wish = { .name = request_text(request, "user"),
					    .kind = kind,
					    .asker = notify_asker(request),
					    .ip = &request->ip };
	struct pl_secret token = { .len = 0 };
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = pl_reset_ask(&request->work, request->policy, &wish, &token);
	if (ret == 0)
		ret = pl_store_commit(request->work.store, err);
	if (ret == 0)
		ret = respond_json(response, 200,
				   json_pack("{s:s}", "token", (const char *)token.data));
	pl_secret_wipe(&token);
	return ret;
}

/* The answer is the same for every name. */
int post_forgotten(struct request *request, struct response *response, struct pl_error *err)
{
	const char *by = request_text(request, "by");
	enum pl_contact_kind kind = PL_CONTACT_MAIL;
	struct timespec start;
	int ret;

	floor_begin(&start);
	if (check_on(request, response) == 0)
		return 0;
	if (by != NULL && !pl_contact_kind_of(by, &kind))
		return respond_bad_field(response, "by");
	ret = ask(request, response, kind, err);
	portal_give(request, ret < 0);
	forgotten_runner_wake();
	floor_end(&start);
	return ret;
}

/* -- the code -- */

static int answer_proof(struct request *request, struct response *response,
			const struct pl_secret *proof)
{
	struct pl_reset reset;
	struct pl_account account;
	char address[PL_ADDRESS_MAX + 1], shown[PL_ADDRESS_DISPLAY_MAX + 1];

	if (pl_reset_find(&request->work, (const char *)proof->data, &reset) != 1 ||
	    pl_account_get(request->work.store, &reset.address, &account, request->work.err) < 0)
		return -1;
	log_sign_in(request->ip_text, pl_address_format(&reset.address, address), "recovery-code");
	return respond_json(response, 200,
			    json_pack("{s:s, s:s, s:b}", "proof", (const char *)proof->data,
				      "account", pl_address_display(&reset.address, shown),
				      "second_factor", account.member.factor_kinds != 0));
}

static int redeem(struct request *request, struct response *response, struct pl_secret *proof,
		  struct pl_error *err)
{
	char code[PL_LONG_CODE_DIGITS + 1];
	int right = request_begin_write(request, err);

	long_code_copy(request_text(request, "code"), code);
	if (right == 0)
		right = pl_reset_redeem(&request->work, request->verify,
					request_text(request, "token"), code, proof);
	if (right < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	if (right == 1)
		return answer_proof(request, response, proof) < 0 ? -1 : 1;
	log_sign_in(request->ip_text, "unknown", "wrong-recovery");
	return respond_error(response, 422, "wrong-recovery");
}

/* A code is a guess like a password: of an address, some are free, and then they wait. */
static int attempt(struct request *request, struct response *response, struct pl_error *err)
{
	const struct pl_attempt guess = { .ip = &request->ip, .name = "forgotten-password" };
	struct pl_secret proof = { .len = 0 };
	int64_t wait;
	int ret = pl_throttle_enter_commit(&request->work, &guess, &wait);

	if (ret == 0) {
		log_throttled(request->ip_text, "unknown", wait);
		return respond_wait(response, 429, "too-many-attempts", wait);
	}
	if (ret == 1)
		ret = redeem(request, response, &proof, err);
	pl_secret_wipe(&proof);
	return ret == 1 ? pl_throttle_clear(request->work.store, &guess, err) : ret;
}

int post_forgotten_code(struct request *request, struct response *response, struct pl_error *err)
{
	struct timespec start;
	int ret;

	floor_begin(&start);
	if (check_on(request, response) == 0)
		return 0;
	ret = attempt(request, response, err);
	portal_give(request, ret < 0);
	floor_end(&start);
	return ret;
}

/* -- the second factor -- */

int post_forgotten_factor(struct request *request, struct response *response, struct pl_error *err)
{
	const int ret = factor_redeem(request, response, request_text(request, "code"), err);

	if (ret != 1)
		return ret;
	if (request_begin_write(request, err) < 0 ||
	    pl_reset_note_factor(&request->work, &request->reset) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	return respond_json(response, 200, json_pack("{s:b}", "proved", 1));
}

/* -- the new password -- */

/* In a write transaction: everything that was signed in, and app passwords where that is wanted. */
static int end_all(struct request *request, struct pl_error *err)
{
	const struct pl_notice_origin origin = notify_origin(request);
	struct pl_account *account;

	if (request_account(request, &account, err) < 0)
		return -1;
	if (request_flag(request, "end_app_passwords") &&
	    (disconnection_add_app_passwords(&request->disconnection, &request->work, account, 0) <
		     0 ||
	     pl_app_password_revoke(&request->work, &request->session.address, 0, &origin) < 0))
		return -1;
	disconnect_afterwards(request);
	return disconnect_device(request, account->member.id, 0) < 0 ||
			       pl_session_revoke_all(&request->work, account) < 0
		       ? -1
		       : 0;
}

static int record(struct request *request, struct pl_error *err)
{
	const struct pl_contact_message asker = notify_asker(request);

	if (request_begin_write(request, err) < 0 ||
	    pl_member_note_password_change(&request->work, &request->session.address) < 0 ||
	    end_all(request, err) < 0 ||
	    notify_member(request, request->session.member_id, "password-recovered") < 0 ||
	    pl_reset_finish(&request->work, request->seal, &request->reset, &asker) < 0)
		return -1;
	return pl_store_commit(request->work.store, err);
}

/* So that two who have the proof do not both set one: 1; 0 and the answer; -1. */
static int use_proof(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = request_begin_write(request, err) < 0
			  ? -1
			  : pl_reset_use(&request->work, &request->reset);

	if (ret < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	return ret == 1 ? 1 : respond_error(response, 503, "password-later");
}

/* It was not set, and is answered: the proof is good for another try. */
static void give_back_proof(struct request *request)
{
	struct pl_error err = { 0 };

	request->work.err = &err;
	if ((request->work.store == NULL && portal_take(request, &err) < 0) ||
	    request_begin_write(request, &err) < 0 ||
	    pl_reset_unuse(&request->work, &request->reset) < 0 ||
	    pl_store_commit(request->work.store, &err) < 0)
		daemon_log_failure(NULL, &err);
}

/* The password is set; whatever fails from here on, that is not undone. */
static int finish(struct request *request, struct response *response)
{
	struct pl_error err = { 0 };

	request->work.err = &err;
	if (record(request, &err) < 0)
		return new_password_unknown(response, &err);
	log_sign_in(request->ip_text, request->address, "password-recovered");
	return respond_json(response, 200, json_pack("{s:b}", "changed", 1));
}

int post_forgotten_password(struct request *request, struct response *response,
			    struct pl_error *err)
{
	struct pl_account *account;
	int ret;

	if (request_account(request, &account, err) < 0)
		return -1;
	if (account->member.factor_kinds != 0 && !request->reset.factor)
		return respond_error(response, 403, "recovery-factor-needed");
	ret = new_password_check(request, response, NULL, err);
	if (ret == 1)
		ret = use_proof(request, response, err);
	if (ret != 1)
		return ret;
	if (new_password_set(request, response, NULL) == 1)
		return finish(request, response);
	give_back_proof(request);
	return 0;
}
