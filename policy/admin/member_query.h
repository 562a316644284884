/* member_query.h - the members that an administrator reaches and a filter names: how many they are,
 * a page of them in some order, and all of them in portions.
 *
 * What a filter says of a setting is about the value that holds for the member, whichever layer it
 * comes from: the policy file, the class, the domain or the member. pl_resolve() decides about that
 * for each domain and class; each member's own settings are then compared with that
 * (policy/account/member_state.h): in the database, for work that must not miss anybody, or in an
 * index in memory (member_index.h), for lists. All of these functions name the same members.
 *
 *	struct pl_member_query query = { .domain = "" };
 *	pl_member_query_set(&query, "pop3", "on"), ...
 *	pl_member_search_open(store, policy, scope, &query, now, &search, err)
 *	pl_member_search_page() | pl_member_search_portion() | pl_member_search_count()
 *	pl_member_search_close(&search)
 *
 * A search is of one moment: its domains and settings are those of when it was opened. It is used
 * within one read transaction, or each of its answers is of a moment of its own. Work that goes on
 * for longer opens a search for each portion.
 */
#ifndef POSTLATCH_MEMBER_QUERY_H
#define POSTLATCH_MEMBER_QUERY_H

#include "policy/account/last_use.h"
#include "policy/account/member.h"
#include "policy/admin/member_index.h"

enum pl_either { PL_EITHER, PL_YES, PL_NO };

enum pl_app_password_use_filter {
	PL_APP_PASSWORDS_ANY,
	PL_APP_PASSWORDS_UNUSED, /* has some, and none was used for PL_UNSEEN_DAYS */
	PL_APP_PASSWORDS_NONE,   /* has none */
};

enum pl_received_filter {
	PL_RECEIVED_ANY,
	PL_RECEIVED_RECENTLY, /* in the last PL_RECENT_DAYS */
	PL_RECEIVED_LONG_AGO, /* some, but none for PL_UNSEEN_DAYS */
	PL_RECEIVED_UNKNOWN,  /* none, or our userdb was not asked about it */
};

#define PL_RECENT_DAYS 30 /* a use that is still going on */
#define PL_UNSEEN_DAYS 90 /* a member that is not seen, an app password that is not used */

/* Which members. All zero: all. What is named is all required. */
struct pl_member_query {
	char domain[PL_DOMAIN_MAX + 1]; /* "": all; an alias stands for its domain */
	enum pl_either has_class;       /* PL_YES: of class_name; PL_NO: of none */
	char class_name[PL_CLASS_MAX + 1];
	enum pl_either active;
	char text[PL_ADDRESS_MAX + 1];   /* part of the address, folded; "": any */
	char a_text[PL_ADDRESS_MAX + 1]; /* or this one (pl_address_fold_domain()); "": no other */
	/* Of each setting, the values that may hold, as PL_BIT()s; 0: any. */
	unsigned int holds[PL_SETTING_COUNT];
	enum pl_either own;          /* some setting of its own, which differs from the domain's */
	enum pl_either own_networks; /* networks for webmail of its own, or everywhere */
	enum pl_either registered;   /* a second factor */
	/* Must register a second factor at the next sign-in: PL_RULE_FACTOR_REGISTER. */
	int overdue;
	/* Has used one of these services with the account password in PL_RECENT_DAYS; bits
	 * 1u << PL_SETTING_IMAP, PL_SETTING_POP3 and PL_SETTING_SMTP. 0: any. */
	unsigned int account_password;
	/* Was there before, but has used no service for PL_UNSEEN_DAYS. */
	int unseen;
	enum pl_app_password_use_filter app_passwords;
	enum pl_received_filter received;
	int64_t joined_since; /* seconds since 1970; 0: any time */
};

/* Reads one word of a filter, as the API and a stored filter have them:
 *
 *	domain, class ("" for none), q, active=on|off, a setting's name=VALUE, own=yes|no,
 *	own_networks=yes|no, factor=registered|none, overdue=yes,
 *	account_password=imap|pop3|smtp|any, unseen=yes,
 *	app_passwords_used=unused|none, received=recent|old|unknown, joined_since=SECONDS
 *
 * 1; 0 when there is no such name, or it does not have that value: then query is as before. */
int pl_member_query_set(struct pl_member_query *query, const char *name, const char *value);

struct pl_member_search;

/* scope is that of pl_administrator_scope(). The policy and the store are borrowed until the search
 * is closed. 0 or -1. A domain that the administrator does not reach has no members. */
int pl_member_search_open(struct pl_store *store, const struct pl_policy *policy, int64_t scope,
			  const struct pl_member_query *query, int64_t now,
			  struct pl_member_search **search_r, struct pl_error *err);
/* Accepts NULL. */
void pl_member_search_close(struct pl_member_search **search);

/* How many members; looks at all of them in the database. -1 on error. */
int64_t pl_member_search_count(struct pl_member_search *search, struct pl_error *err);

/* The ids of the next members behind that id (0: the first), sorted, no more than most of them.
 * Fewer than most: there are no others. 0 or -1. */
int pl_member_search_portion(struct pl_member_search *search, int64_t after, size_t most,
			     int64_t *ids_r, size_t *count_r, struct pl_error *err);

/* The columns by which lists are sorted. What is equal there is in the order of members' ids. */
enum pl_member_order {
	PL_BY_ADDRESS, /* by domain, then by local part */
	PL_BY_CREATED,
	PL_BY_CREATED_DESC,
	PL_BY_SEEN, /* by the day; those that were never seen are first */
	PL_BY_SEEN_DESC,
	PL_BY_RECEIVED, /* by the day; those of whom nothing is known are first */
	PL_BY_RECEIVED_DESC,
};

#define PL_MEMBER_CURSOR (PL_ADDRESS_MAX + 1)

/* When and whence; at 0: never. */
struct pl_member_use {
	int64_t at;
	char ip[PL_IP_TEXT];
};

/* A member as a list shows it. */
struct pl_member_line {
	struct pl_account account;
	/* Mail programs' sign-ins, without those that a webmail made for its member. */
	struct pl_member_use webmail, smtp, pop3, imap;
	int64_t seen_at;             /* the beginning of the day (UTC) of the last use; 0: never */
	int64_t received_at;         /* when mail was last delivered; 0: not known */
	int64_t password_changed_at; /* 0: not known */
	int64_t registered_at;       /* the second factor; 0: none */
	char cursor[PL_MEMBER_CURSOR]; /* of a page that goes on behind this member */
};

struct pl_member_page {
	enum pl_member_order order;
	const char
		*after; /* a cursor of a page of the same order; NULL or "": from the beginning */
	size_t limit;
};

struct pl_member_found {
	int64_t total; /* members that the filter names */
	size_t rows;   /* of the page; fewer than its limit: there are no others */
};

/* Calls each for the members of the page, until it returns non-zero, and counts all. Of the rows,
 * each is not called for those who have been removed since the index was brought up to date. In no
 * transaction, or in one that began before that, it may say of a member what the filter no longer
 * names. 0; 1 when after is not a cursor of this order; -1. */
int pl_member_search_page(struct pl_member_search *search, struct pl_member_index *index,
			  const struct pl_member_page *page, struct pl_member_found *found_r,
			  int (*each)(const struct pl_member_line *line, void *context),
			  void *context, struct pl_error *err);

/* "member", "created_at", "-created_at", "last_seen", "-last_seen", "received_at", "-received_at".
 * 1, or 0. */
int pl_member_order_by_name(const char *name, enum pl_member_order *order_r);

#endif
