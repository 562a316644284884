/* member_page.c - a page of the members that a filter names; see member_query.h.
 *
 * In the order of addresses it goes through the domains, and when they are counted only through
 * those that have any such members. Another order either has few members, which are sorted here, or
 * so many that going through all members in that order soon has a page full.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/admin/member_matches.h"

#define FEW 3000 /* are faster sorted than walked through */

struct page_walk {
	struct pl_member_search *search;
	int (*each)(const struct pl_member_line *line, void *context);
	void *context;
	struct pl_error *err;
	size_t left, few;
};

/* -- a member -- */

static void read_use(struct pl_stmt *stmt, const char *used_at, const char *ip,
		     struct pl_member_use *use_r)
{
	use_r->at = pl_col_int(stmt, used_at);
	pl_col_copy(stmt, ip, use_r->ip, sizeof(use_r->ip));
}

/* Reads PL_SQL_MEMBER_LINE. */
static int read_line(const struct pl_searched_domain *domain, struct pl_stmt *stmt,
		     struct pl_member_line *line_r, struct pl_error *err)
{
	struct pl_account *account = &line_r->account;

	memset(line_r, 0, sizeof(*line_r));
	account->domains_known = 1;
	account->domain.id = domain->id;
	account->domain.known = domain->known;
	account->domain.active = domain->active;
	account->domain.settings = domain->settings;
	snprintf(account->domain.name, sizeof(account->domain.name), "%s", domain->name);
	snprintf(account->member.address.domain, sizeof(account->member.address.domain), "%s",
		 domain->name);
	if (pl_member_read(stmt, &account->member, err) < 0)
		return -1;
	line_r->seen_at = pl_col_int(stmt, "seen_day") * PL_DAY_SECONDS;
	read_use(stmt, "webmail_used_at", "webmail_ip", &line_r->webmail);
	read_use(stmt, "smtp_used_at", "smtp_ip", &line_r->smtp);
	read_use(stmt, "pop3_used_at", "pop3_ip", &line_r->pop3);
	read_use(stmt, "imap_used_at", "imap_ip", &line_r->imap);
	line_r->password_changed_at = pl_col_int(stmt, "password_changed_at");
	line_r->received_at = pl_col_int(stmt, "received_at");
	line_r->registered_at = pl_col_int(stmt, "registered_at");
	return pl_row_ok(stmt, err);
}

static int give(struct page_walk *walk, const struct pl_member_line *line)
{
	walk->left = walk->each(line, walk->context) == 0 ? walk->left - 1 : 0;
	return 0;
}

/* -- in the order of addresses -- */

static int give_domain(struct page_walk *walk, const struct pl_searched_domain *domain,
		       const char *after)
{
	const struct pl_member_search *search = walk->search;
	struct pl_member_line line;
	struct pl_matches matches;
	struct pl_stmt *stmt;
	int ret = 0;

	pl_matches_fill(&matches, search, &search->groups[domain->group]);
	pl_matches_int(&matches, "only", domain->id);
	pl_matches_text(&matches, "after", after);
	pl_matches_int(&matches, "limit", (int64_t)walk->left);
	stmt = pl_query(search->store, PL_SQL_MEMBER_QUERY_PAGE, matches.params);
	while (walk->left > 0 && (ret = pl_step(stmt, walk->err)) == 1) {
		ret = read_line(domain, stmt, &line, walk->err);
		if (ret < 0)
			break;
		pl_address_format(&line.account.member.address, line.cursor);
		give(walk, &line);
	}
	pl_reset(stmt);
	return ret < 0 ? -1 : 0;
}

/* "local@domain": 1, or 0. */
static int read_address_cursor(const char *cursor, struct pl_address *after_r)
{
	const char *at = strrchr(cursor, '@');

	memset(after_r, 0, sizeof(*after_r));
	if (cursor[0] == '\0')
		return 1;
	if (at == NULL || (size_t)(at - cursor) >= sizeof(after_r->local) ||
	    strlen(at + 1) >= sizeof(after_r->domain))
		return 0;
	memcpy(after_r->local, cursor, (size_t)(at - cursor));
	snprintf(after_r->domain, sizeof(after_r->domain), "%s", at + 1);
	return 1;
}

static int give_by_address(struct page_walk *walk, const char *cursor)
{
	const struct pl_member_search *search = walk->search;
	struct pl_address after;
	int ret = 0;

	if (!read_address_cursor(cursor, &after))
		return 1;
	for (size_t i = 0; ret == 0 && walk->left > 0 && i < search->domain_count; i++) {
		const struct pl_searched_domain *domain = &search->domains[i];
		const int order = strcmp(domain->name, after.domain);

		if (order >= 0 && (!search->is_counted || domain->members > 0))
			ret = give_domain(walk, domain, order == 0 ? after.local : "");
	}
	return ret;
}

/* -- in another order -- */

struct order {
	enum pl_sql sql;
	const char *column;
	int is_descending;
	struct pl_key_range (*range)(const struct pl_member_search *search);
};

static const struct order orders[] = {
	[PL_BY_CREATED] = { PL_SQL_MEMBER_QUERY_BY_CREATED, "created_at", 0,
			    pl_member_search_created },
	[PL_BY_CREATED_DESC] = { PL_SQL_MEMBER_QUERY_BY_CREATED_DESC, "created_at", 1,
				 pl_member_search_created },
	[PL_BY_SEEN] = { PL_SQL_MEMBER_QUERY_BY_SEEN, "seen_day", 0, pl_member_search_seen },
	[PL_BY_SEEN_DESC] = { PL_SQL_MEMBER_QUERY_BY_SEEN_DESC, "seen_day", 1,
			      pl_member_search_seen },
	[PL_BY_RECEIVED] = { PL_SQL_MEMBER_QUERY_BY_RECEIVED, "received_day", 0,
			     pl_member_search_received },
	[PL_BY_RECEIVED_DESC] = { PL_SQL_MEMBER_QUERY_BY_RECEIVED_DESC, "received_day", 1,
				  pl_member_search_received },
};

/* "KEY.ID": 1, or 0. */
static int read_key_cursor(const char *cursor, const struct order *order,
			   struct pl_member_key *after_r)
{
	char *end;

	*after_r = order->is_descending ? (struct pl_member_key){ INT64_MAX, INT64_MAX }
					: (struct pl_member_key){ INT64_MIN, INT64_MIN };
	if (cursor[0] == '\0')
		return 1;
	if (strspn(cursor, "0123456789.") != strlen(cursor))
		return 0;
	after_r->key = strtoll(cursor, &end, 10);
	if (end == cursor || *end != '.')
		return 0;
	cursor = end + 1;
	after_r->id = strtoll(cursor, &end, 10);
	return end != cursor && *end == '\0';
}

static int compare_keys(const void *a_p, const void *b_p)
{
	const struct pl_member_key *a = a_p, *b = b_p;

	if (a->key != b->key)
		return a->key > b->key ? 1 : -1;
	return (a->id > b->id) - (a->id < b->id);
}

static int compare_keys_down(const void *a, const void *b)
{
	return compare_keys(b, a);
}

static int collect_domain(struct page_walk *walk, const struct pl_searched_domain *domain,
			  const struct order *order, struct pl_member_key *keys, size_t *count)
{
	const struct pl_member_search *search = walk->search;
	struct pl_matches matches;
	struct pl_stmt *stmt;
	int ret;

	pl_matches_fill(&matches, search, &search->groups[domain->group]);
	pl_matches_int(&matches, "only", domain->id);
	stmt = pl_query(search->store, PL_SQL_MEMBER_QUERY_KEYS, matches.params);
	/* In another moment there may be more than were counted. */
	while ((ret = pl_step(stmt, walk->err)) == 1 && *count < walk->few)
		keys[(*count)++] = (struct pl_member_key){ pl_col_int(stmt, order->column),
							   pl_col_int(stmt, "id") };
	pl_reset(stmt);
	return ret < 0 ? -1 : 0;
}

/* Sorts few members; the first in keys_r are those behind the place. */
static int sort_few(struct page_walk *walk, const struct order *order,
		    const struct pl_member_key *after, struct pl_member_key *keys, size_t *count_r)
{
	int (*const compare)(const void *, const void *) =
		order->is_descending ? compare_keys_down : compare_keys;
	size_t first = 0;
	int ret = 0;

	*count_r = 0;
	for (size_t i = 0; ret == 0 && i < walk->search->domain_count; i++) {
		if (walk->search->domains[i].members > 0)
			ret = collect_domain(walk, &walk->search->domains[i], order, keys, count_r);
	}
	qsort(keys, *count_r, sizeof(*keys), compare);
	while (first < *count_r && compare(&keys[first], after) <= 0)
		first++;
	*count_r -= first;
	memmove(keys, keys + first, *count_r * sizeof(*keys));
	return ret;
}

static int give_member(struct page_walk *walk, const struct pl_member_key *key)
{
	struct pl_stmt *stmt = pl_query(walk->search->store, PL_SQL_MEMBER_QUERY_LINE,
					PL_PARAMS(PL_INT("member_id", key->id)));
	const struct pl_searched_domain *domain;
	struct pl_member_line line;
	int ret = pl_step(stmt, walk->err);

	if (ret != 1)
		return ret;
	domain = pl_searched_domain(walk->search, pl_col_int(stmt, "domain_id"));
	if (domain != NULL)
		ret = read_line(domain, stmt, &line, walk->err);
	pl_reset(stmt);
	if (ret < 0 || domain == NULL)
		return ret < 0 ? -1 : 0;
	snprintf(line.cursor, sizeof(line.cursor), "%lld.%lld", (long long)key->key,
		 (long long)key->id);
	return give(walk, &line);
}

/* From behind a place, but not through those members whose key tells that they are none. */
static struct pl_member_walk walk_of(const struct pl_member_search *search,
				     const struct order *order, const struct pl_member_key *after)
{
	const struct pl_key_range range = order->range(search);
	struct pl_member_walk walk = { .sql = order->sql,
				       .after = *after,
				       .is_descending = order->is_descending };

	walk.last = order->is_descending ? range.from : range.to;
	if (order->is_descending && after->key > range.to)
		walk.after = (struct pl_member_key){ range.to, INT64_MAX };
	if (!order->is_descending && after->key < range.from)
		walk.after = (struct pl_member_key){ range.from, INT64_MIN };
	return walk;
}

static int find_keys(struct page_walk *walk, const struct order *order,
		     const struct pl_member_key *after, struct pl_member_key *keys, size_t *count_r)
{
	const int64_t total = pl_member_search_count(walk->search, walk->err);
	struct pl_member_walk all;

	if (total < 0)
		return -1;
	if (total <= (int64_t)walk->few)
		return sort_few(walk, order, after, keys, count_r);
	all = walk_of(walk->search, order, after);
	return pl_member_search_walk(walk->search, &all, walk->left, keys, count_r, walk->err);
}

static int give_by_key(struct page_walk *walk, const char *cursor, const struct order *order)
{
	struct pl_member_key after, *keys;
	size_t count = 0;
	int ret;

	if (!read_key_cursor(cursor, order, &after))
		return 1;
	keys = calloc(walk->few > walk->left ? walk->few : walk->left, sizeof(*keys));
	if (keys == NULL)
		return pl_error_set(walk->err, PL_ERR_RETRY, "out of memory");
	ret = find_keys(walk, order, &after, keys, &count);
	for (size_t i = 0; ret == 0 && i < count && walk->left > 0; i++)
		ret = give_member(walk, &keys[i]);
	free(keys);
	return ret;
}

int pl_member_search_page(struct pl_member_search *search, const struct pl_member_page *page,
			  int (*each)(const struct pl_member_line *line, void *context),
			  void *context, struct pl_error *err)
{
	struct page_walk walk = { search,      each,
				  context,     err,
				  page->limit, page->sorted_most != 0 ? page->sorted_most : FEW };
	const char *after = page->after == NULL ? "" : page->after;
	int ret = page->order == PL_BY_ADDRESS ? give_by_address(&walk, after)
					       : give_by_key(&walk, after, &orders[page->order]);

	return ret < 0 ? pl_error_prefix(err, "list of members") : ret;
}
