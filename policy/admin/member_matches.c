/* member_matches.c - see member_matches.h. */
#include "policy/admin/member_matches.h"

#include <string.h>

#include "policy/account/member_state.h"

#define NOBODY (-2)

static void add(struct pl_matches *matches, struct pl_param param)
{
	matches->params[matches->count++] = param;
	matches->params[matches->count].type = PL_PARAM_END;
}

void pl_matches_int(struct pl_matches *matches, const char *name, int64_t value)
{
	add(matches, (struct pl_param)PL_INT(name, value));
}

void pl_matches_text(struct pl_matches *matches, const char *name, const char *value)
{
	add(matches, (struct pl_param)PL_TEXT(name, value));
}

/* "%part%", in which nothing of the part is a pattern. */
static void write_pattern(const char *part, char *out)
{
	*out++ = '%';
	for (; *part != '\0'; part++) {
		if (*part == '%' || *part == '_' || *part == '\\')
			*out++ = '\\';
		*out++ = *part;
	}
	*out++ = '%';
	*out = '\0';
}

static int either(enum pl_either wanted)
{
	return wanted == PL_EITHER ? -1 : wanted == PL_YES;
}

static int factor_of(const struct pl_member_query *query)
{
	if (!query->overdue)
		return either(query->registered);
	return query->registered == PL_YES ? NOBODY : 0;
}

static void add_times(struct pl_matches *matches, const struct pl_member_search *search)
{
	const struct pl_member_query *query = &search->query;
	const int64_t unseen_day = search->today - PL_UNSEEN_DAYS - 1;
	const int is_unused = query->app_passwords == PL_APP_PASSWORDS_UNUSED;

	pl_matches_int(matches, "created_from", query->joined_since);
	pl_matches_int(matches, "created_to",
		       query->unseen ? search->now - PL_UNSEEN_DAYS * PL_DAY_SECONDS : INT64_MAX);
	pl_matches_int(matches, "seen_to", query->unseen ? unseen_day : INT64_MAX);
	pl_matches_int(matches, "app_password_from", is_unused ? 0 : -1);
	pl_matches_int(matches, "app_password_to",
		       is_unused                                       ? unseen_day
		       : query->app_passwords == PL_APP_PASSWORDS_NONE ? -1
								       : INT64_MAX);
}

/* Day 0: nothing is known. */
static void add_received(struct pl_matches *matches, const struct pl_member_search *search)
{
	int64_t from = 0, to = INT64_MAX;

	switch (search->query.received) {
	case PL_RECEIVED_ANY:
		break;
	case PL_RECEIVED_RECENTLY:
		from = search->today - PL_RECENT_DAYS;
		break;
	case PL_RECEIVED_LONG_AGO:
		from = 1;
		to = search->today - PL_UNSEEN_DAYS - 1;
		break;
	case PL_RECEIVED_UNKNOWN:
		to = 0;
		break;
	}
	pl_matches_int(matches, "received_from", from);
	pl_matches_int(matches, "received_to", to);
}

static void add_password_day(struct pl_matches *matches, const struct pl_member_search *search,
			     const char *name, enum pl_setting service)
{
	const unsigned int wanted = search->query.account_password;
	int64_t from = 0;

	if (wanted != 0)
		from = (wanted & 1u << service) != 0 ? search->today - PL_RECENT_DAYS : INT64_MAX;
	pl_matches_int(matches, name, from);
}

int64_t pl_member_search_grace(const struct pl_member_search *search)
{
	const long days = search->policy->two_factor_grace_days;

	return days == 0 ? INT64_MAX : (search->today - days + 1) * PL_DAY_SECONDS;
}

static void add_requirement(struct pl_matches *matches, const struct pl_member_search *search)
{
	const enum pl_setting setting = PL_SETTING_TWO_FACTOR_REQUIREMENT;
	const unsigned int wanted = search->query.holds[setting];
	const int required = (wanted & PL_BIT(PL_REQUIRED)) != 0;
	const int optional = (wanted & PL_BIT(PL_OPTIONAL)) != 0;

	pl_matches_int(matches, "any_requirement", wanted == 0);
	pl_matches_int(matches, "grace_from", pl_member_search_grace(search));
	pl_matches_int(matches, "optional_fits", optional);
	pl_matches_int(matches, "required_fits", required);
	pl_matches_int(matches, "requirement_fits",
		       (required ? pl_member_state_bit(setting, PL_REQUIRED) : 0) |
			       (optional ? pl_member_state_bit(setting, PL_OPTIONAL) : 0));
	pl_matches_int(matches, "inherits_requirement", pl_member_state_bit(setting, PL_UNSET));
}

void pl_matches_fill(struct pl_matches *matches, const struct pl_member_search *search,
		     const struct pl_member_group *group)
{
	const struct pl_member_query *query = &search->query;

	matches->count = 0;
	pl_matches_int(matches, "today", search->today);
	pl_matches_int(matches, "reject", group->reject);
	add_requirement(matches, search);
	pl_matches_int(matches, "inherits", group->inherits);
	pl_matches_text(matches, "classes_in", search->classes_in);
	pl_matches_text(matches, "classes_out", search->classes_out);
	pl_matches_int(matches, "any_class", query->has_class == PL_EITHER);
	pl_matches_text(matches, "class", query->class_name);
	pl_matches_int(matches, "active", either(query->active));
	pl_matches_int(matches, "factor", factor_of(query));
	add_times(matches, search);
	add_received(matches, search);
	add_password_day(matches, search, "imap_from", PL_SETTING_IMAP);
	add_password_day(matches, search, "pop3_from", PL_SETTING_POP3);
	add_password_day(matches, search, "smtp_from", PL_SETTING_SMTP);
	matches->text[0] = '\0';
	if (query->text[0] != '\0')
		write_pattern(query->text, matches->text);
	pl_matches_text(matches, "text", matches->text);
}
