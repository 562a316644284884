/* member_matches.c - see member_matches.h. */
#include "policy/admin/member_matches.h"

#include <string.h>

#define NOBODY (INT64_C(1) << 30) /* a set of kinds that no member has */

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

int64_t pl_member_search_factor(const struct pl_member_search *search)
{
	const struct pl_member_query *query = &search->query;

	if (!query->overdue)
		return query->registered == PL_YES ? (int64_t)PL_FACTOR_KINDS_ALL
						   : either(query->registered);
	return query->registered == PL_YES ? NOBODY : 0;
}

struct pl_key_range pl_member_search_created(const struct pl_member_search *search)
{
	const struct pl_member_query *query = &search->query;

	return (struct pl_key_range){
		query->joined_since,
		query->unseen ? search->now - PL_UNSEEN_DAYS * PL_DAY_SECONDS : INT64_MAX,
	};
}

int64_t pl_member_search_seen_to(const struct pl_member_search *search)
{
	return search->query.unseen ? search->today - PL_UNSEEN_DAYS - 1 : INT64_MAX;
}

int64_t pl_member_search_password_day(const struct pl_member_search *search,
				      enum pl_setting service)
{
	const unsigned int wanted = search->query.account_password;

	if (wanted == 0)
		return 0;
	return (wanted & 1u << service) != 0 ? search->today - PL_RECENT_DAYS : INT64_MAX;
}

/* Day 0: nothing is known. */
struct pl_key_range pl_member_search_received(const struct pl_member_search *search)
{
	struct pl_key_range range = { 0, INT64_MAX };

	switch (search->query.received) {
	case PL_RECEIVED_ANY:
		break;
	case PL_RECEIVED_RECENTLY:
		range.from = search->today - PL_RECENT_DAYS;
		break;
	case PL_RECEIVED_LONG_AGO:
		range.from = 1;
		range.to = search->today - PL_UNSEEN_DAYS - 1;
		break;
	case PL_RECEIVED_UNKNOWN:
		range.to = 0;
		break;
	}
	return range;
}

/* Day 0: there are some, and none was used; -1: there are none. */
struct pl_key_range pl_member_search_app_password(const struct pl_member_search *search)
{
	switch (search->query.app_passwords) {
	case PL_APP_PASSWORDS_UNUSED:
		return (struct pl_key_range){ 0, search->today - PL_UNSEEN_DAYS - 1 };
	case PL_APP_PASSWORDS_NONE:
		return (struct pl_key_range){ -1, -1 };
	case PL_APP_PASSWORDS_ANY:
		break;
	}
	return (struct pl_key_range){ -1, INT64_MAX };
}

static void add_times(struct pl_matches *matches, const struct pl_member_search *search)
{
	const struct pl_key_range created = pl_member_search_created(search);
	const struct pl_key_range received = pl_member_search_received(search);
	const struct pl_key_range app_password = pl_member_search_app_password(search);

	pl_matches_int(matches, "created_from", created.from);
	pl_matches_int(matches, "created_to", created.to);
	pl_matches_int(matches, "seen_to", pl_member_search_seen_to(search));
	pl_matches_int(matches, "app_password_from", app_password.from);
	pl_matches_int(matches, "app_password_to", app_password.to);
	pl_matches_int(matches, "received_from", received.from);
	pl_matches_int(matches, "received_to", received.to);
	pl_matches_int(matches, "imap_from",
		       pl_member_search_password_day(search, PL_SETTING_IMAP));
	pl_matches_int(matches, "pop3_from",
		       pl_member_search_password_day(search, PL_SETTING_POP3));
	pl_matches_int(matches, "smtp_from",
		       pl_member_search_password_day(search, PL_SETTING_SMTP));
}

static void add_attributes(struct pl_matches *matches, const struct pl_member_search *search)
{
	const struct pl_member_query *query = &search->query;

	pl_matches_int(matches, "any_class", query->has_class == PL_EITHER);
	pl_matches_text(matches, "class", query->class_name);
	pl_matches_int(matches, "active", either(query->active));
	pl_matches_int(matches, "factor", pl_member_search_factor(search));
}

static void add_text(struct pl_matches *matches, const struct pl_member_search *search)
{
	matches->text[0] = matches->a_text[0] = '\0';
	if (search->query.text[0] != '\0')
		write_pattern(search->query.text, matches->text);
	if (search->query.a_text[0] != '\0')
		write_pattern(search->query.a_text, matches->a_text);
	pl_matches_text(matches, "text", matches->text);
	pl_matches_text(matches, "a_text", matches->a_text);
}

/* What no group lets in. */
static int64_t reject_of_all(const struct pl_member_search *search)
{
	int64_t reject = search->groups[0].reject;

	for (size_t i = 1; i < search->group_count; i++)
		reject &= search->groups[i].reject;
	return reject;
}

void pl_matches_fill(struct pl_matches *matches, const struct pl_member_search *search)
{
	matches->count = 0;
	pl_matches_int(matches, "today", search->today);
	pl_matches_int(matches, "reject", reject_of_all(search));
	add_attributes(matches, search);
	add_times(matches, search);
	add_text(matches, search);
}
