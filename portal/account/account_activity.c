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
#include "portal/account/activity.h"

#include <stdlib.h>
#include <string.h>

#include "policy/account/audit.h"
#include "policy/account/login_record.h"
#include "portal/account/handlers.h"

#define PAGE 20
#define PAGE_OF_CONSOLE 50

struct activity {
	struct pl_login_filter logins; /* at and id: the position */
	int64_t below;                 /* of the audit records: the position */
	char address[PL_ADDRESS_MAX + 1];
	enum activity_reader reader;
	size_t limit;           /* rows of a page */
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

	/* Of what is gone, after has at most a reason. */
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		const char *text = record->after[0] != '\0' && pl_audit_reason(record)[0] == '\0'
					   ? record->after
					   : record->before;
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

static const char *actor_of(const struct activity *activity, const struct pl_audit_record *record)
{
	if (strcmp(record->who, activity->address) == 0 || strcmp(record->who, "portal") == 0)
		return "member";
	return is_of_a_program(record) ? "server" : "administrator";
}

/* A member is not told which of the administrators it was, nor from where. */
static int add_change(const struct pl_audit_record *record, void *context)
{
	struct activity *activity = context;
	const char *by = actor_of(activity, record);
	const int has_settings = strcmp(record->action, "member.set") == 0;
	const int is_told = activity->reader == ACTIVITY_FOR_ADMINISTRATOR;
	const int has_ip = is_told || strcmp(by, "member") == 0;

	return json_array_append_new(activity->change,
				     json_pack("{s:s, s:I, s:I, s:s, s:s*, s:s, s:s, s:s, s:s, "
					       "s:s, s:s}",
					       "kind", "change", "id", (json_int_t)record->id, "at",
					       (json_int_t)record->at, "by", by, "who",
					       is_told ? record->who : NULL, "ip",
					       has_ip ? record->source : "", "action",
					       record->action, "label", label_of(record), "before",
					       has_settings ? record->before : "", "after",
					       has_settings ? record->after : "", "reason",
					       pl_audit_reason(record)));
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

/* total below 0: it is not told. */
static json_t *merge(struct activity *activity, const struct pl_policy *policy, int64_t total)
{
	json_t *entries = json_array(), *entry = NULL, *page;
	size_t login = 0, change = 0;

	while (json_array_size(entries) < activity->limit &&
	       (entry = take_next(activity, &login, &change)) != NULL)
		json_array_append(entries, entry);
	page = json_pack("{s:I, s:o, s:o}", "days", (json_int_t)policy->activity_days,
			 total < 0 ? "entries" : "items", entries, "next",
			 position(activity, login, change));
	if (total >= 0)
		json_object_set_new(page, "total", json_integer((json_int_t)total));
	return page;
}

/* How many rows all pages have; -1. */
static int64_t count(const struct request *request, const struct pl_member *member,
		     const struct activity *activity, struct pl_error *err)
{
	const int64_t logins = pl_login_record_count(request->work.store, &activity->logins, err);
	const int64_t changes = logins < 0 ? -1
					   : pl_audit_count(request->work.store, activity->address,
							    member->created_at, err);

	return changes < 0 ? -1 : logins + changes;
}

/* Of an administrator's request; a member's has no limit. */
static size_t limit_of(const struct request *request, enum activity_reader reader)
{
	const char *limit = request_query(request, "limit");

	if (limit != NULL)
		return (size_t)strtoul(limit, NULL, 10);
	return reader == ACTIVITY_FOR_MEMBER ? PAGE : PAGE_OF_CONSOLE;
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

int answer_activity(struct request *request, struct response *response,
		    const struct pl_member *member, enum activity_reader reader,
		    struct pl_error *err)
{
	const size_t limit = limit_of(request, reader);
	struct activity activity = {
		.logins = { PL_LOGIN_NEWEST, .member_id = member->id, .limit = (int)limit + 1,
			    .without_webmail = 1 },
		.below = INT64_MAX,
		.reader = reader,
		.limit = limit,
	};
	int64_t total = -1;
	int ret = -1;

	if (!read_position(request_query(request, "after"), &activity))
		return respond_error(response, 400, "bad-request");
	pl_address_format(&member->address, activity.address);
	activity.login = json_array();
	activity.change = json_array();
	if (reader == ACTIVITY_FOR_ADMINISTRATOR)
		total = count(request, member, &activity, err);
	if ((reader == ACTIVITY_FOR_MEMBER || total >= 0) &&
	    pl_login_record_list(request->work.store, &activity.logins, add_login, &activity,
				 err) == 0 &&
	    pl_audit_list_below(request->work.store, activity.address, member->created_at,
				activity.below, (int)limit + 1, add_change, &activity, err) == 0)
		ret = respond_json(response, 200, merge(&activity, request->policy, total));
	json_decref(activity.login);
	json_decref(activity.change);
	return ret;
}

int get_activity(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_account *account;

	return request_account(request, &account, err) < 0
		       ? -1
		       : answer_activity(request, response, &account->member, ACTIVITY_FOR_MEMBER,
					 err);
}
