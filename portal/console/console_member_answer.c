/* console_member_answer.c - see console_member_answer.h. */
#include "portal/console/console_member_answer.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/last_use.h"
#include "policy/account/member_times.h"
#include "policy/credential/app_password.h"
#include "policy/credential/factor.h"
#include "policy/credential/trusted.h"
#include "policy/recovery/reset.h"
#include "policy/session/application.h"
#include "portal/console/console_change.h"
#include "portal/console/console_settings.h"

char *console_member_state(const struct pl_member *member, char state_r[CONSOLE_MEMBER_STATE])
{
	char value[PL_VALUE_TEXT];
	size_t used = (size_t)snprintf(state_r, CONSOLE_MEMBER_STATE, "%lld %d %s",
				       (long long)member->id, member->active, member->class_name);

	for (unsigned int i = 0; i < PL_SETTING_COUNT && used < CONSOLE_MEMBER_STATE; i++)
		used += (size_t)snprintf(state_r + used, CONSOLE_MEMBER_STATE - used, " %s",
					 pl_setting_write((enum pl_setting)i, &member->settings,
							  value));
	return state_r;
}

int console_answer_list(struct response *response, json_t *rows, int ret)
{
	if (ret < 0) {
		json_decref(rows);
		return -1;
	}
	return respond_json(response, 200,
			    json_pack("{s:o, s:I, s:n}", "items", rows, "total",
				      (json_int_t)json_array_size(rows), "next"));
}

/* What is counted and listed of a member. */
struct possessions {
	int app_passwords, applications, sessions, devices;
	json_t *last_uses;
	struct pl_member_times times;
	struct pl_factor_state factor;
	struct pl_administrator administrator; /* id 0: it is none */
	enum pl_reset_help recovery;
	int may_help; /* whether who asks may reset its factor, end its sessions and so on */
};

static int count_app_password(const struct pl_app_password *app_password, void *context)
{
	(void)app_password;
	((struct possessions *)context)->app_passwords++;
	return 0;
}

static int count_application(const struct pl_application *application, void *context)
{
	(void)application;
	((struct possessions *)context)->applications++;
	return 0;
}

static int count_session(const struct pl_session *session, void *context)
{
	((struct possessions *)context)->sessions += session->channel == PL_CHANNEL_WEBMAIL;
	return 0;
}

static int count_device(const struct pl_trusted *device, void *context)
{
	(void)device;
	((struct possessions *)context)->devices++;
	return 0;
}

static int add_use(const struct pl_last_use *use, void *context)
{
	return json_array_append_new(((struct possessions *)context)->last_uses,
				     json_pack("{s:s, s:s, s:I, s:s}", "service",
					       pl_setting_info(use->service)->name, "credential",
					       pl_login_credential_name(use->credential), "at",
					       (json_int_t)use->at, "ip", use->ip));
}

/* 0, or -1. */
static int find_possessions(const struct request *request, const struct pl_account *account,
			    struct possessions *has, struct pl_error *err)
{
	const struct pl_work *work = &request->work;
	const int64_t id = account->member.id;

	if (pl_app_password_list(work->store, id, count_app_password, has, err) < 0 ||
	    pl_application_list(work, id, count_application, has) < 0 ||
	    pl_session_list(work, id, count_session, has) < 0 ||
	    pl_trusted_list(work, id, count_device, has) < 0 ||
	    pl_last_use_list(work->store, id, add_use, has, err) < 0 ||
	    pl_member_times_get(work->store, id, &has->times, err) < 0 ||
	    pl_factor_state(work, id, &has->factor) < 0 ||
	    pl_reset_help(work, request->policy, account, &has->recovery) < 0 ||
	    pl_administrator_of_member(work->store, id, &has->administrator, err) < 0)
		return -1;
	has->may_help = pl_administrator_may_change(work->store, &request->administrator, id, err);
	return has->may_help < 0 ? -1 : 0;
}

static json_t *factor_json(const struct pl_factor_state *state)
{
	return json_pack("{s:b, s:I, s:s, s:i, s:i, s:b, s:I}", "registered", state->kinds != 0,
			 "registered_at", (json_int_t)state->registered_at, "registered_ip",
			 state->registered_ip, "recovery_codes", state->recovery_codes, "failures",
			 state->failures, "blocked", state->failures >= PL_FACTOR_MAX_FAILURES,
			 "wait_until", (json_int_t)state->wait_until);
}

static enum pl_value value_of(const struct pl_layers *layers, enum pl_setting setting)
{
	return pl_resolve(layers, setting).value;
}

/* What is allowed and yet rather a mistake. */
static json_t *warnings_of(const struct pl_layers *layers)
{
	json_t *warnings = json_array();

	if (value_of(layers, PL_SETTING_TWO_FACTOR) == PL_ON &&
	    value_of(layers, PL_SETTING_TWO_FACTOR_MODE) == PL_SKIP &&
	    value_of(layers, PL_SETTING_TWO_FACTOR_REQUIREMENT) == PL_REQUIRED)
		json_array_append_new(warnings, json_string("skip-with-required"));
	return warnings;
}

/* Whether the member's own choice is honoured. */
static int choice_counts(const struct pl_account *account, const struct pl_layers *layers)
{
	return account->member.opted_out && value_of(layers, PL_SETTING_TWO_FACTOR) == PL_ON &&
	       value_of(layers, PL_SETTING_TWO_FACTOR_MODE) == PL_USE &&
	       value_of(layers, PL_SETTING_TWO_FACTOR_REQUIREMENT) == PL_OPTIONAL;
}

/* Takes over what possessions have as JSON. */
static json_t *member_json(const struct request *request, const struct pl_account *account,
			   const struct possessions *has)
{
	const struct pl_member *member = &account->member;
	const int may_set = has->may_help && request->administrator.role >= PL_ADMIN_DOMAIN;
	char address[PL_ADDRESS_MAX + 1], shown[PL_ADDRESS_DISPLAY_MAX + 1];
	struct pl_layers layers;
	json_t *json;

	pl_account_layers(account, request->policy, request->work.now, &layers);
	json = json_pack("{s:s, s:s, s:s, s:b, s:b, s:s, s:I, s:o, s:b, s:b, s:o, s:o}", "member",
			 pl_address_format(&member->address, address), "display",
			 pl_address_display(&member->address, shown), "domain",
			 account->domain.name, "active", member->active, "domain_active",
			 account->domain.active, "class", member->class_name, "created_at",
			 (json_int_t)member->created_at, "factor", factor_json(&has->factor),
			 "opted_out", member->opted_out, "choice_counts",
			 choice_counts(account, &layers), "settings",
			 console_settings_in_detail(request, account, PL_AT_MEMBER), "warnings",
			 warnings_of(&layers));
	json_object_update_new(json,
			       json_pack("{s:o, s:o, s:i, s:i, s:i, s:i, s:o, s:s?, s:b, s:b, s:b, "
					 "s:s, s:s}",
					 "received_at", console_time(has->times.received_at),
					 "password_changed_at",
					 console_time(has->times.password_changed_at),
					 "app_passwords", has->app_passwords, "applications",
					 has->applications, "sessions", has->sessions, "devices",
					 has->devices, "last_uses", has->last_uses, "administrator",
					 has->administrator.id != 0
						 ? pl_admin_role_name(has->administrator.role)
						 : NULL,
					 "self", console_is_self(request, member->id), "may_change",
					 may_set, "may_help", has->may_help, "reason",
					 request->policy->admin_reason ? "required" : "off",
					 "password_recovery", pl_reset_help_name(has->recovery)));
	return json;
}

int console_member_answer(struct request *request, struct response *response, int status,
			  const struct pl_account *account, struct pl_error *err)
{
	struct possessions has = { .last_uses = json_array() };
	char state[CONSOLE_MEMBER_STATE];

	if (find_possessions(request, account, &has, err) < 0) {
		json_decref(has.last_uses);
		return -1;
	}
	respond_json(response, status, member_json(request, account, &has));
	return console_etag(response, console_member_state(&account->member, state), err);
}
