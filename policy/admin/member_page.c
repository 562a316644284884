/* member_page.c - a page of the members that a filter names; see member_query.h.
 *
 * All entries of the index are looked at once: those that the filter names are counted, and the
 * first of them behind the cursor kept in a heap. What a list shows of them is then read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/admin/member_condition.h"

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

/* -- orders -- */

/* A member's place in an order: by domain and local part, or by a number and then by id. */
struct place {
	const struct pl_searched_domain *domain;
	const char *local; /* borrowed from the entries, and no string */
	size_t local_len;
	int64_t key, id;
};

struct order {
	int64_t (*key)(const struct pl_member_entry *entry); /* NULL: by address */
	int is_descending;
};

static int64_t created(const struct pl_member_entry *entry)
{
	return entry->created_at;
}

static int64_t seen(const struct pl_member_entry *entry)
{
	return entry->seen_day;
}

static int64_t received(const struct pl_member_entry *entry)
{
	return entry->received_day;
}

static const struct order orders[] = {
	[PL_BY_ADDRESS] = { NULL, 0 },           [PL_BY_CREATED] = { created, 0 },
	[PL_BY_CREATED_DESC] = { created, 1 },   [PL_BY_SEEN] = { seen, 0 },
	[PL_BY_SEEN_DESC] = { seen, 1 },         [PL_BY_RECEIVED] = { received, 0 },
	[PL_BY_RECEIVED_DESC] = { received, 1 },
};

static int compare_locals(const struct place *a, const struct place *b)
{
	const size_t least = a->local_len < b->local_len ? a->local_len : b->local_len;
	const int order = memcmp(a->local, b->local, least);

	return order != 0 ? order : (a->local_len > b->local_len) - (a->local_len < b->local_len);
}

/* The domains of a search are in the order of their names. */
static int compare(const struct order *order, const struct place *a, const struct place *b)
{
	int up;

	if (order->key == NULL)
		return a->domain != b->domain ? (a->domain > b->domain ? 1 : -1)
					      : compare_locals(a, b);
	up = a->key != b->key ? (a->key > b->key ? 1 : -1) : (a->id > b->id) - (a->id < b->id);
	return order->is_descending ? -up : up;
}

static struct place place_of(const struct order *order, const struct pl_member_entries *entries,
			     const struct pl_member_entry *entry,
			     const struct pl_searched_domain *domain)
{
	return (struct place){ .domain = domain,
			       .local = entries->texts + entry->local,
			       .local_len = entry->local_len,
			       .key = order->key == NULL ? 0 : order->key(entry),
			       .id = entry->id };
}

/* -- cursors -- */

/* "local@domain" as the place behind which the page begins: 1, or 0. A domain that is not searched
 * stands before the next one. */
static int read_address_cursor(const struct pl_member_search *search, const char *cursor,
			       struct place *after_r)
{
	const char *at = strrchr(cursor, '@');
	size_t i = 0;

	if (at == NULL || at - cursor > PL_LOCAL_MAX || strlen(at + 1) > PL_DOMAIN_MAX)
		return 0;
	while (i < search->domain_count && strcmp(search->domains[i].name, at + 1) < 0)
		i++;
	after_r->domain = &search->domains[i];
	after_r->local = "";
	if (i < search->domain_count && strcmp(search->domains[i].name, at + 1) == 0) {
		after_r->local = cursor;
		after_r->local_len = (size_t)(at - cursor);
	}
	return 1;
}

/* "KEY.ID": 1, or 0. */
static int read_key_cursor(const char *cursor, struct place *after_r)
{
	char *end;

	if (strspn(cursor, "0123456789.") != strlen(cursor))
		return 0;
	after_r->key = strtoll(cursor, &end, 10);
	if (end == cursor || *end != '.')
		return 0;
	cursor = end + 1;
	after_r->id = strtoll(cursor, &end, 10);
	return end != cursor && *end == '\0';
}

/* -- the first of them -- */

/* The places of a page; the last of them is first, as in a heap. */
struct page {
	const struct order *order;
	struct place after;
	int has_after;
	struct place *places;
	size_t count, limit;
	int64_t total;
};

static void swap(struct place *a, struct place *b)
{
	const struct place c = *a;

	*a = *b;
	*b = c;
}

static void sink(struct page *page, size_t at)
{
	for (;;) {
		const size_t left = 2 * at + 1;
		size_t last = at;

		for (size_t child = left; child < left + 2 && child < page->count; child++) {
			if (compare(page->order, &page->places[child], &page->places[last]) > 0)
				last = child;
		}
		if (last == at)
			return;
		swap(&page->places[at], &page->places[last]);
		at = last;
	}
}

static void rise(struct page *page, size_t at)
{
	while (at > 0 && compare(page->order, &page->places[at], &page->places[(at - 1) / 2]) > 0) {
		swap(&page->places[at], &page->places[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static void keep(struct page *page, const struct place *place)
{
	if (page->has_after && compare(page->order, place, &page->after) <= 0)
		return;
	if (page->count < page->limit) {
		page->places[page->count] = *place;
		rise(page, page->count++);
	} else if (page->limit > 0 && compare(page->order, place, &page->places[0]) < 0) {
		page->places[0] = *place;
		sink(page, 0);
	}
}

/* Takes the heap apart from its end. */
static void sort(struct page *page)
{
	const size_t count = page->count;

	while (page->count > 1) {
		swap(&page->places[0], &page->places[--page->count]);
		sink(page, 0);
	}
	page->count = count;
}

/* In the direction in which fewer places are kept only to be driven out: members are often in the
 * order of their making. */
static void look_at_all(struct page *page, const struct pl_member_condition *condition)
{
	const struct pl_member_entries *entries = condition->entries;

	for (size_t i = 0; i < entries->count; i++) {
		const struct pl_member_entry *entry =
			&entries->rows[page->order->is_descending ? entries->count - 1 - i : i];
		const struct pl_searched_domain *domain =
			pl_member_condition_fits(condition, entry);
		struct place place;

		if (domain == NULL)
			continue;
		page->total++;
		place = place_of(page->order, entries, entry, domain);
		keep(page, &place);
	}
	sort(page);
}

static int find(struct page *page, const struct pl_member_search *search,
		struct pl_member_index *index)
{
	const struct pl_member_entries *entries = pl_member_index_hold(index);
	struct pl_member_condition condition;
	const int ret = pl_member_condition_make(search, entries, &condition);

	if (ret == 0) {
		look_at_all(page, &condition);
		pl_member_condition_free(&condition);
	}
	pl_member_index_give(index);
	return ret;
}

/* -- the page -- */

/* 1 a member, 0 when it has been removed, -1. */
static int read_member(struct pl_member_search *search, const struct order *order,
		       const struct place *place, struct pl_member_line *line_r,
		       struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(search->store, PL_SQL_MEMBER_QUERY_LINE,
					PL_PARAMS(PL_INT("member_id", place->id),
						  PL_INT("domain_id", place->domain->id)));
	int ret = pl_step(stmt, err);

	if (ret != 1)
		return ret;
	ret = read_line(place->domain, stmt, line_r, err);
	pl_reset(stmt);
	if (ret < 0)
		return -1;
	if (order->key == NULL)
		pl_address_format(&line_r->account.member.address, line_r->cursor);
	else
		snprintf(line_r->cursor, sizeof(line_r->cursor), "%lld.%lld", (long long)place->key,
			 (long long)place->id);
	return 1;
}

static int give(struct pl_member_search *search, const struct page *page,
		int (*each)(const struct pl_member_line *line, void *context), void *context,
		struct pl_error *err)
{
	struct pl_member_line line;

	for (size_t i = 0; i < page->count; i++) {
		const int ret = read_member(search, page->order, &page->places[i], &line, err);

		if (ret < 0)
			return -1;
		if (ret == 1 && each(&line, context) != 0)
			return 0;
	}
	return 0;
}

static int read_cursor(const struct pl_member_search *search, const char *cursor, struct page *page)
{
	if (cursor == NULL || cursor[0] == '\0')
		return 1;
	page->has_after = 1;
	return page->order->key == NULL ? read_address_cursor(search, cursor, &page->after)
					: read_key_cursor(cursor, &page->after);
}

int pl_member_search_page(struct pl_member_search *search, struct pl_member_index *index,
			  const struct pl_member_page *wanted, struct pl_member_found *found_r,
			  int (*each)(const struct pl_member_line *line, void *context),
			  void *context, struct pl_error *err)
{
	struct page page = { .order = &orders[wanted->order], .limit = wanted->limit };
	int ret;

	if (!read_cursor(search, wanted->after, &page))
		return 1;
	page.places = calloc(page.limit + 1, sizeof(*page.places));
	if (page.places == NULL || find(&page, search, index) < 0) {
		free(page.places);
		return pl_error_set(err, PL_ERR_RETRY, "list of members: out of memory");
	}
	found_r->total = page.total;
	found_r->rows = page.count;
	ret = give(search, &page, each, context, err);
	free(page.places);
	return ret < 0 ? pl_error_prefix(err, "list of members") : 0;
}
