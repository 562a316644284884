/* account_forwarding.c - the page of the member's own forward: targets, codes, on and off. */
#include <stdio.h>
#include <string.h>

#include "daemon/log.h"
#include "policy/forward/confirmation.h"
#include "policy/forward/look_up.h"
#include "policy/forward/own.h"
#include "portal/account/account_answer.h"
#include "portal/account/handlers.h"
#include "portal/signin/guards.h"
#include "portal/signin/notify.h"

/* -- what the page shows -- */

/* Why the member cannot forward now, an error code of the pages; NULL for nothing. */
static const char *why_none(const struct request *request, const struct pl_account *account)
{
	const struct pl_verdict verdict =
		pl_forward_verdict(request->policy, account, request->work.now);

	if (!request->policy->member_forwards)
		return "forwarding-not-offered";
	return verdict.outcome == PL_ALLOW ? NULL : "forwarding-off";
}

static json_t *targets_json(const struct pl_forward *forward)
{
	json_t *targets = json_array();

	for (size_t i = 0; i < forward->count; i++) {
		const struct pl_forward_target *target = &forward->target[i];

		json_array_append_new(targets,
				      json_pack("{s:I, s:s, s:b, s:I, s:I}", "id",
						(json_int_t)target->id, "address", target->address,
						"outside", target->is_outside, "added_at",
						(json_int_t)target->added_at, "confirmed_at",
						(json_int_t)target->confirmed_at));
	}
	return targets;
}

static int has_confirmed(const struct pl_forward *forward)
{
	for (size_t i = 0; i < forward->count; i++) {
		if (forward->target[i].confirmed_at != 0)
			return 1;
	}
	return 0;
}

/* What mail does although it is set otherwise: "leads-back", so a copy is kept, or "leads-too-far",
 * so that it stays in the mailbox; NULL: what is set. 0, or -1. */
static int what_differs(const struct request *request, const struct pl_forward *forward,
			const char **what_r, struct pl_error *err)
{
	const struct pl_forward_question question = { .name = request->address, .delimiters = "+" };
	const size_t len = strlen(request->address);
	char answer[PL_FORWARD_ANSWER] = "";
	int ret;

	*what_r = NULL;
	if (!forward->is_enabled || !has_confirmed(forward))
		return 0;
	ret = pl_forward_look_up(request->work.store, request->policy, request->work.now, &question,
				 answer, err);
	if (ret == 0)
		*what_r = "leads-too-far";
	else if (ret == 1 && !forward->keep_copy && strncmp(answer, request->address, len) == 0)
		*what_r = "leads-back";
	return ret < 0 ? -1 : 0;
}

static int answer_forward(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_forward forward = { .count = 0, .is_enabled = 1, .keep_copy = 1 };
	const char *why, *differs = NULL;
	struct pl_account *account;

	if (request_account(request, &account, err) < 0 ||
	    pl_forward_get(request->work.store, request->policy, account->member.id, &forward,
			   err) < 0)
		return -1;
	why = why_none(request, account);
	if (why == NULL && what_differs(request, &forward, &differs, err) < 0)
		return -1;
	return respond_json(response, 200,
			    json_pack("{s:b, s:b, s:o, s:I, s:s?, s:s?, s:b}", "enabled",
				      forward.is_enabled, "keep_copy", forward.keep_copy, "targets",
				      targets_json(&forward), "most",
				      (json_int_t)request->policy->forward_targets, "refusal", why,
				      "differs", differs, "reauthenticated",
				      is_reauthenticated(request)));
}

int get_forwarding(struct request *request, struct response *response, struct pl_error *err)
{
	return answer_forward(request, response, err);
}

/* -- changes -- */

/* What was decided, for the log. */
static void log_change(const struct request *request, const char *result, const char *target)
{
	daemon_log(LOG_INFO, "forwarding address=%s ip=%s result=%s target=%s", request->address,
		   request->ip_text, result, target);
}

static int tell(struct request *request, const char *what, const char *target)
{
	struct pl_notice_origin origin = notify_origin(request);

	snprintf(origin.target, sizeof(origin.target), "%.*s", PL_NOTICE_TARGET - 1, target);
	return pl_notice_add(&request->work, request->session.member_id, what, &origin);
}

static int finish(struct request *request, struct response *response, const char *result,
		  const char *target, struct pl_error *err)
{
	if (answer_forward(request, response, err) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	log_change(request, result, target);
	return 0;
}

/* Begins the transaction of a change that gives something. 1; 0 and the answer; -1. */
static int begin(struct request *request, struct response *response, struct pl_account **account_r,
		 struct pl_error *err)
{
	const char *why;

	if (request_begin_write(request, err) < 0 || request_account(request, account_r, err) < 0)
		return -1;
	why = why_none(request, *account_r);
	return why == NULL ? 1 : respond_error(response, 403, why);
}

/* The member's target that the body names: 1; 0 and the answer; -1. */
static int find(struct request *request, struct response *response,
		const struct pl_account *account, struct pl_forward_target *target_r,
		struct pl_error *err)
{
	const int64_t id = json_integer_value(json_object_get(request->json, "id"));
	struct pl_forward forward;

	if (pl_forward_get(request->work.store, request->policy, account->member.id, &forward,
			   err) < 0)
		return -1;
	for (size_t i = 0; i < forward.count; i++) {
		if (forward.target[i].id == id) {
			*target_r = forward.target[i];
			return 1;
		}
	}
	return respond_error(response, 404, "not-found");
}

/* Mails a code to the target: 1; 0 and the answer; -1. */
static int mail_code(struct request *request, struct response *response,
		     const struct pl_account *account, const struct pl_forward_target *target)
{
	const struct pl_contact_message asker = notify_asker(request);
	const int ret =
		pl_target_code_mail(&request->work, request->verify, account, target, &asker);

	return ret == 0 ? respond_error(response, 403, "too-many-forward-codes") : ret;
}

static int refuse(struct response *response, enum pl_target_fault fault)
{
	switch (fault) {
	case PL_TARGET_OWN:
		return respond_error(response, 422, "forward-to-oneself");
	case PL_TARGET_TWICE:
		return respond_error(response, 422, "forward-twice");
	case PL_TARGET_ONE_TOO_MANY:
		return respond_error(response, 403, "too-many-forwards");
	case PL_TARGET_OF_NOBODY:
		return respond_error(response, 403, "forwarding-not-offered");
	case PL_TARGET_FITS:
	case PL_TARGET_NO_ADDRESS:
		break;
	}
	return respond_bad_field(response, "address");
}

int post_forwarding_target(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_forward_target added = { .id = 0 };
	enum pl_target_fault fault;
	struct pl_account *account;
	int ret = begin(request, response, &account, err);

	if (ret != 1)
		return ret;
	ret = pl_forward_add_target(&request->work, request->policy, account,
				    request_text(request, "address"), &added, &fault);
	if (ret != 1)
		return ret < 0 ? -1 : refuse(response, fault);
	if (added.confirmed_at != 0)
		return tell(request, "forward-added", added.address) < 0
			       ? -1
			       : finish(request, response, "added", added.address, err);
	ret = mail_code(request, response, account, &added);
	return ret != 1 ? ret : finish(request, response, "asked", added.address, err);
}

int post_forwarding_code(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_forward_target target = { .id = 0 };
	struct pl_account *account;
	int ret = begin(request, response, &account, err);

	if (ret == 1)
		ret = find(request, response, account, &target, err);
	if (ret == 1 && target.confirmed_at == 0)
		ret = mail_code(request, response, account, &target);
	return ret != 1 ? ret : finish(request, response, "asked", target.address, err);
}

/* A try is counted whatever comes of it. */
static int answer_wrong(struct request *request, struct response *response, const char *target,
			struct pl_error *err)
{
	if (pl_store_commit(request->work.store, err) < 0)
		return -1;
	log_change(request, "wrong-code", target);
	return respond_error(response, 422, "wrong-forward-code");
}

int post_forwarding_confirm(struct request *request, struct response *response,
			    struct pl_error *err)
{
	struct pl_forward_target target = { .id = 0 };
	struct pl_account *account;
	int ret = begin(request, response, &account, err);

	if (ret == 1)
		ret = find(request, response, account, &target, err);
	if (ret != 1)
		return ret;
	if (target.confirmed_at != 0)
		return answer_forward(request, response, err);
	ret = pl_target_confirm(&request->work, request->verify, request->policy, account,
				target.id, request_text(request, "code"));
	if (ret == 0)
		return answer_wrong(request, response, target.address, err);
	if (ret < 0 || tell(request, "forward-added", target.address) < 0)
		return -1;
	return finish(request, response, "confirmed", target.address, err);
}

/* Whatever an administrator has switched off: less may always be forwarded. */
int post_forwarding_remove(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_forward_target target = { .id = 0 };
	struct pl_account *account;
	int ret;

	if (request_begin_write(request, err) < 0 || request_account(request, &account, err) < 0)
		return -1;
	ret = find(request, response, account, &target, err);
	if (ret != 1)
		return ret;
	if (pl_forward_remove_target(&request->work, request->policy, account, target.id) < 0 ||
	    (target.confirmed_at != 0 && tell(request, "forward-removed", target.address) < 0))
		return -1;
	return finish(request, response, "removed", target.address, err);
}

int post_forwarding(struct request *request, struct response *response, struct pl_error *err)
{
	const int enabled = request_flag(request, "enabled"),
		  keep_copy = request_flag(request, "keep_copy");
	struct pl_account *account;
	int ret = begin(request, response, &account, err);

	if (ret != 1)
		return ret;
	ret = pl_forward_adjust(&request->work, request->policy, account, enabled, keep_copy);
	if (ret == 1)
		ret = tell(request,
			   !enabled    ? "forward-off"
			   : keep_copy ? "forward-on-copy"
				       : "forward-on",
			   "");
	return ret < 0 ? -1 : finish(request, response, enabled ? "on" : "off", "", err);
}
