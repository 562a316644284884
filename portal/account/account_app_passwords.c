/* account_app_passwords.c - the page of app passwords: list, make, narrow, revoke. */
#include <stdio.h>
#include <string.h>

#include "daemon/log.h"
#include "portal/account/account_answer.h"
#include "portal/account/handlers.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/guards.h"
#include "portal/signin/notify.h"

/* Why the member cannot make one now: an error code of the pages, NULL for nothing. 0, or -1. */
static int why_none(struct request *request, const char **why_r, struct pl_error *err)
{
	struct pl_resolved app_passwords, two_factor;
	int64_t count;

	if (account_resolve(request, PL_SETTING_APP_PASSWORDS, &app_passwords, err) < 0 ||
	    account_resolve(request, PL_SETTING_TWO_FACTOR, &two_factor, err) < 0)
		return -1;
	count = pl_app_password_count(request->work.store, request->session.member_id, err);
	*why_r = NULL;
	if (app_passwords.value != PL_ON)
		*why_r = "app-passwords-off";
	else if (request->policy->app_password_requires_second_factor &&
		 request->account.member.factor_kinds == 0)
		*why_r = two_factor.value == PL_ON ? "second-factor-needed" : "second-factor-off";
	else if (count >= PL_APP_PASSWORDS_PER_MEMBER)
		*why_r = "too-many-app-passwords";
	return count < 0 ? -1 : 0;
}

json_t *account_app_password_json(const struct pl_app_password *row)
{
	return json_pack("{s:I, s:s, s:s, s:o, s:s, s:I, s:I, s:I, s:s, s:s}", "id",
			 (json_int_t)row->id, "kind", pl_app_password_kind(row->kind)->name,
			 "label", row->label, "services", account_services(row->services),
			 "networks", row->networks, "expires_at", (json_int_t)row->expires_at,
			 "created_at", (json_int_t)row->created_at, "last_used_at",
			 (json_int_t)row->last_used_at, "last_used_ip", row->last_used_ip,
			 "last_used_service", row->last_used_service);
}

static int add_row(const struct pl_app_password *row, void *context)
{
	return json_array_append_new(context, account_app_password_json(row));
}

/* What is asked for, as the account page reads it. */
static json_t *asks_of(unsigned int asks)
{
	json_t *names = json_array();

	if ((asks & PL_ASK_SERVICES) != 0)
		json_array_append_new(names, json_string("services"));
	if ((asks & PL_ASK_NETWORKS) != 0)
		json_array_append_new(names, json_string("networks"));
	if ((asks & PL_ASK_EXPIRY) != 0)
		json_array_append_new(names, json_string("expires_at"));
	return names;
}

/* Each with those of its services that are on; none where all are off. */
static json_t *kinds_of(unsigned int on)
{
	json_t *kinds = json_array();

	for (unsigned int i = 0; i < PL_APP_PASSWORD_KIND_COUNT; i++) {
		const struct pl_app_password_kind_info *kind =
			pl_app_password_kind((enum pl_app_password_kind)i);
		json_t *services = account_services(
			kind->services == PL_SERVICES_ALL ? on : kind->services & on);

		if (json_array_size(services) > 0 && (kind->services & on) == kind->services)
			json_array_append_new(kinds, json_pack("{s:s, s:O, s:o}", "name",
							       kind->name, "services", services,
							       "asks", asks_of(kind->asks)));
		json_decref(services);
	}
	return kinds;
}

/* created is the one that was just made, and shown this once; NULL: none. It is taken over. */
static int answer_list(struct request *request, struct response *response, json_t *created,
		       struct pl_error *err)
{
	json_t *rows = json_array();
	const char *why;
	unsigned int on;

	if (why_none(request, &why, err) < 0 || account_services_on(request, &on, err) < 0 ||
	    pl_app_password_list(request->work.store, request->session.member_id, add_row, rows,
				 err) < 0) {
		json_decref(rows);
		json_decref(created);
		return -1;
	}
	return respond_json(response, 200,
			    json_pack("{s:o, s:i, s:s?, s:o, s:b, s:o*}", "app_passwords", rows,
				      "most", PL_APP_PASSWORDS_PER_MEMBER, "refusal", why, "kinds",
				      kinds_of(on), "reauthenticated", is_reauthenticated(request),
				      "created", created));
}

int get_app_passwords(struct request *request, struct response *response, struct pl_error *err)
{
	return answer_list(request, response, NULL, err);
}

/* What was decided about one of the member's, for the log. The label comes last and in quotation
 * marks, as it may have any words in it. */
static void log_change(const struct request *request, const char *result, int64_t id,
		       const char *label)
{
	daemon_log(LOG_INFO, "app-password address=%s ip=%s result=%s id=%lld label=\"%s\"",
		   request->address, request->ip_text, result, (long long)id, label);
}

static const char *text_or_none(const struct request *request, const char *name)
{
	const char *text = request_text(request, name);

	return text != NULL ? text : "";
}

/* 1; 0 and the answer. */
static int read_limits(const struct request *request, struct response *response,
		       struct pl_app_password *limits_r)
{
	const char *networks = text_or_none(request, "networks");

	limits_r->expires_at = json_integer_value(json_object_get(request->json, "expires_at"));
	if (pl_services_parse(text_or_none(request, "services"), &limits_r->services, NULL) < 0)
		return respond_bad_field(response, "services");
	if (strlen(networks) >= sizeof(limits_r->networks) ||
	    pl_network_list_check(networks, NULL) < 0)
		return respond_bad_field(response, "networks");
	if (limits_r->expires_at != 0 && limits_r->expires_at <= request->work.now)
		return respond_bad_field(response, "expires_at");
	snprintf(limits_r->networks, sizeof(limits_r->networks), "%s", networks);
	return 1;
}

/* 1; 0 and the answer. */
static int read_new(const struct request *request, struct response *response,
		    struct pl_app_password *new_r)
{
	memset(new_r, 0, sizeof(*new_r));
	strncpy(new_r->label, request_text(request, "label"), sizeof(new_r->label) - 1);
	if (pl_app_password_kind_parse(request_text(request, "kind"), &new_r->kind, NULL) < 0)
		return respond_bad_field(response, "kind");
	if (read_limits(request, response, new_r) == 0)
		return 0;
	return pl_services_within(new_r->services, pl_app_password_kind(new_r->kind)->services) ||
			       new_r->services == PL_SERVICES_ALL
		       ? 1
		       : respond_bad_field(response, "services");
}

/* In the caller's write transaction. The answer has the password. */
static int make(struct request *request, struct response *response,
		struct pl_app_password *app_password, struct pl_error *err)
{
	const struct pl_notice_origin origin = notify_origin(request);
	struct pl_secret password = { .len = 0 }, display = { .len = 0 };
	json_t *created = NULL;

	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY,
				    "app passwords need the HMAC key (verify_key)");
	if (pl_app_password_issue(&request->work, request->verify,
				  (size_t)request->policy->app_password_length,
				  &request->session.address, app_password, &password) == 0 &&
	    pl_app_password_tell_made(&request->work, app_password, &origin) == 0) {
		pl_app_password_display(&password, &display);
		created = json_pack("{s:I, s:s}", "id", (json_int_t)app_password->id, "password",
				    (const char *)display.data);
	}
	pl_secret_wipe(&password);
	pl_secret_wipe(&display);
	return created == NULL ? -1 : answer_list(request, response, created, err);
}

int post_app_password_create(struct request *request, struct response *response,
			     struct pl_error *err)
{
	struct pl_app_password app_password;
	struct pl_account *account;
	const char *why = NULL;

	if (read_new(request, response, &app_password) == 0)
		return 0;
	if (request_begin_write(request, err) < 0 || request_account(request, &account, err) < 0 ||
	    why_none(request, &why, err) < 0)
		return -1;
	if (why != NULL)
		return respond_error(response, 403, why);
	if (make(request, response, &app_password, err) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	log_change(request, "created", app_password.id, app_password.label);
	return 0;
}

/* The member's own as it is before the change, in whose write transaction it is read, with the
 * connections that it has opened, which end when the change is committed. 1, 0 or -1. */
static int look_up(struct request *request, struct pl_app_password *was_r, struct pl_error *err)
{
	const int64_t id = json_integer_value(json_object_get(request->json, "id"));
	struct pl_account *account;
	int ret = -1;

	if (request_begin_write(request, err) == 0 && request_account(request, &account, err) == 0)
		ret = pl_app_password_get(request->work.store, account->member.id, id, was_r, err);
	if (ret == 1 && disconnection_add_app_passwords(&request->disconnection, &request->work,
							account, id) < 0)
		ret = -1;
	return ret;
}

static int finish(struct request *request, struct response *response, const char *result,
		  const struct pl_app_password *was, struct pl_error *err)
{
	if (answer_list(request, response, NULL, err) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	disconnect_afterwards(request);
	log_change(request, result, was->id, was->label);
	return 0;
}

int post_app_password_revoke(struct request *request, struct response *response,
			     struct pl_error *err)
{
	const struct pl_notice_origin origin = notify_origin(request);
	struct pl_app_password was;
	int64_t revoked = look_up(request, &was, err);

	if (revoked == 1)
		revoked = pl_app_password_revoke(&request->work, &request->session.address, was.id,
						 &origin);
	if (revoked < 0)
		return -1;
	return revoked == 0 ? respond_error(response, 404, "not-found")
			    : finish(request, response, "revoked", &was, err);
}

int post_app_password_narrow(struct request *request, struct response *response,
			     struct pl_error *err)
{
	struct pl_app_password limits, was;
	int narrowed;

	if (read_limits(request, response, &limits) == 0)
		return 0;
	narrowed = look_up(request, &was, err);
	if (narrowed == 1)
		narrowed = pl_app_password_narrow(&request->work, &request->session.address, was.id,
						  &limits);
	if (narrowed < 0 && err->code == PL_ERR_INVALID)
		return respond_error(response, 422, "wider-limits");
	if (narrowed < 0)
		return -1;
	return narrowed == 0 ? respond_error(response, 404, "not-found")
			     : finish(request, response, "narrowed", &was, err);
}
