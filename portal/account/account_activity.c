/* account_activity.c - what has happened to a member's account: logins, and the changes of which
 * there are audit records, those of administrators included.
 *
 * The two are lists of their own, newest first, of which an answer merges a page. Where the next
 * page goes on is a position in each of them, so nothing is shown twice or left out, whatever is
 * added or removed meanwhile.
 *
 * Audit records name an address, which may have been somebody else's before: those are older than
 * the member.
 */
#include <string.h>

#include "policy/account/audit.h"
#include "policy/account/login_record.h"
#include "portal/account/handlers.h"

#define PAGE 20

struct activity {
	struct pl_login_filter logins; /* at and id: the position */
	int64_t below;                 /* of the audit records: the position */
	const char *address;
	json_t *login, *change; /* what was read of each; up to one more than a page has */
};

/* The name that a person has given to what the record is about: the rest of it behind the word. */
static const char *label_of(const struct pl_audit_record *record)
{
	static const struct {
		const char *action, *word;
	} labels[] = {
		{ "app-password.create", " label=" },  { "app-password.narrow", " label=" },
		{ "app-password.revoke", " label=" },  { "application.connect", " name=" },
		{ "application.revoke", " name=" },    { "trusted-device.add", " name=" },
		{ "trusted-device.stolen", " name=" }, { "session.open", " device=" },
	};

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		const char *text = record->after[0] != '\0' ? record->after : record->before;
		const char *found = strcmp(labels[i].action, record->action) == 0
					    ? strstr(text, labels[i].word)
					    : NULL;

		if (found != NULL)
			return found + strlen(labels[i].word);
	}
	return "";
}

/* Programs revoke tokens by themselves. */
static int is_of_a_program(const struct pl_audit_record *record)
{
	return strcmp(record->who, "dovecot") == 0 || strcmp(record->action, "token.revoke") == 0 ||
	       strcmp(record->action, "code.reuse") == 0 ||
	       strcmp(record->action, "refresh-token.stolen") == 0;
}

/* A member is not told which of the administrators it was, nor from where. */
static const char *actor_of(const struct activity *activity, const struct pl_audit_record *record)
{
	if (strcmp(record->who, activity->address) == 0 || strcmp(record->who, "portal") == 0)
		return "member";
	return is_of_a_program(record) ? "server" : "administrator";
}

static int add_change(const struct pl_audit_record *record, void *context)
{
	struct activity *activity = context;
	const char *by = actor_of(activity, record);
	const int has_settings = strcmp(record->action, "member.set") == 0;

	return json_array_append_new(activity->change,
				     json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s}",
					       "kind", "change", "id", (json_int_t)record->id, "at",
					       (json_int_t)record->at, "by", by, "ip",
					       strcmp(by, "member") == 0 ? record->source : "",
					       "action", record->action, "label", label_of(record),
					       "before", has_settings ? record->before : "",
					       "after", has_settings ? record->after : ""));
}

static int add_login(const struct pl_login_row *row, void *context)
{
	struct activity *activity = context;

	return json_array_append_new(activity->login,
				     json_pack("{s:s, s:I, s:I, s:I, s:I, s:b, s:s, s:s, s:s, s:s, "
					       "s:s}",
					       "kind", "login", "id", (json_int_t)row->id,
					       "first_at", (json_int_t)row->first_at, "at",
					       (json_int_t)row->at, "times", (json_int_t)row->times,
					       "refused", row->refused, "service",
					       pl_setting_info(row->service)->name, "ip", row->ip,
					       "credential",
					       pl_login_credential_name(row->credential), "label",
					       row->label, "rule", row->rule));
}

static int64_t number(const json_t *entry, const char *name)
{
	return json_integer_value(json_object_get(entry, name));
}

/* The newer of the first ones that are left; NULL when there is none. */
static json_t *take_next(struct activity *activity, size_t *login, size_t *change)
{
	json_t *a = json_array_get(activity->login, *login);
	json_t *b = json_array_get(activity->change, *change);

	if (a != NULL && (b == NULL || number(a, "at") >= number(b, "at"))) {
		(*login)++;
		activity->logins.at = number(a, "at");
		activity->logins.id = number(a, "id");
		return a;
	}
	if (b != NULL) {
		(*change)++;
		activity->below = number(b, "id");
	}
	return b;
}

/* Where the next page goes on; NULL when this one is the last. */
static json_t *position(const struct activity *activity, size_t login, size_t change)
{
	if (login >= json_array_size(activity->login) &&
	    change >= json_array_size(activity->change))
		return json_null();
	return json_sprintf("%lld.%lld.%lld", (long long)activity->logins.at,
			    (long long)activity->logins.id, (long long)activity->below);
}

static json_t *merge(struct activity *activity, const struct pl_policy *policy)
{
	json_t *entries = json_array(), *entry = NULL;
	size_t login = 0, change = 0;

	while (json_array_size(entries) < PAGE &&
	       (entry = take_next(activity, &login, &change)) != NULL)
		json_array_append(entries, entry);
	return json_pack("{s:I, s:o, s:o}", "days", (json_int_t)policy->activity_days, "entries",
			 entries, "next", position(activity, login, change));
}

/* 1, or 0 for what position() has not written. */
static int read_position(const char *text, struct activity *activity)
{
	long long at, id, below;
	int end = 0;

	if (text == NULL)
		return 1;
	if (text[strspn(text, "0123456789.")] != '\0' ||
	    sscanf(text, "%19lld.%19lld.%19lld%n", &at, &id, &below, &end) != 3 ||
	    text[end] != '\0')
		return 0;
	activity->logins.at = at;
	activity->logins.id = id;
	activity->below = below;
	return 1;
}

int get_activity(struct request *request, struct response *response, struct pl_error *err)
{
	struct activity activity = {
		.logins = { PL_LOGIN_NEWEST, .member_id = request->session.member_id,
			    .limit = PAGE + 1, .without_webmail = 1 },
		.below = INT64_MAX,
		.address = request->address,
	};
	struct pl_account *account;
	int ret = -1;

	if (!read_position(request_query(request, "after"), &activity))
		return respond_error(response, 400, "bad-request");
	activity.login = json_array();
	activity.change = json_array();
	if (request_account(request, &account, err) == 0 &&
	    pl_login_record_list(request->work.store, &activity.logins, add_login, &activity,
				 err) == 0 &&
	    pl_audit_list_below(request->work.store, request->address, account->member.created_at,
				activity.below, PAGE + 1, add_change, &activity, err) == 0)
		ret = respond_json(response, 200, merge(&activity, request->policy));
	json_decref(activity.login);
	json_decref(activity.change);
	return ret;
}
