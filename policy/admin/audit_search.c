/* audit_search.c - see audit_search.h. */
#include "policy/admin/audit_search.h"

#include <string.h>

#define PATTERN_MAX (2 * PL_AUDIT_SEARCH_TEXT + 3)

/* What LIKE is given for a text in which nothing stands for anything else: '' for any. */
static void make_pattern(const char *text, int is_part, char pattern_r[PATTERN_MAX])
{
	size_t used = 0;

	pattern_r[0] = '\0';
	if (text[0] == '\0')
		return;
	if (is_part)
		pattern_r[used++] = '%';
	for (; *text != '\0' && used + 4 < PATTERN_MAX; text++) {
		if (strchr("%_\\", *text) != NULL)
			pattern_r[used++] = '\\';
		pattern_r[used++] =
			(char)(*text >= 'A' && *text <= 'Z' ? *text + ('a' - 'A') : *text);
	}
	pattern_r[used++] = '%';
	pattern_r[used] = '\0';
}

struct patterns {
	char action[PATTERN_MAX], text[PATTERN_MAX];
};

static struct patterns patterns_of(const struct pl_audit_search *search)
{
	struct patterns patterns = { "", "" };

	make_pattern(search->action, 0, patterns.action);
	make_pattern(search->text, 1, patterns.text);
	return patterns;
}

static int64_t or_last(int64_t at)
{
	return at != 0 ? at : INT64_MAX;
}

/* clang-format off */
#define FOUND_PARAMS(search, patterns)                                                   \
	PL_INT("scope", (search)->scope), PL_INT("since", (search)->since),              \
	PL_INT("until", or_last((search)->until)), PL_TEXT("who", (search)->who),        \
	PL_TEXT("object", (search)->object), PL_TEXT("domain", (search)->domain),        \
	PL_TEXT("source", (search)->source), PL_TEXT("action", (patterns)->action),      \
	PL_TEXT("text", (patterns)->text)
/* clang-format on */

static enum pl_sql page_of(const struct pl_audit_search *search)
{
	return search->object[0] != '\0'   ? PL_SQL_AUDIT_PAGE_OBJECT
	       : search->domain[0] != '\0' ? PL_SQL_AUDIT_PAGE_DOMAIN
	       : search->who[0] != '\0'    ? PL_SQL_AUDIT_PAGE_WHO
					   : PL_SQL_AUDIT_PAGE;
}

static enum pl_sql total_of(const struct pl_audit_search *search)
{
	return search->object[0] != '\0'   ? PL_SQL_AUDIT_TOTAL_OBJECT
	       : search->domain[0] != '\0' ? PL_SQL_AUDIT_TOTAL_DOMAIN
	       : search->who[0] != '\0'    ? PL_SQL_AUDIT_TOTAL_WHO
	       : search->scope != 0        ? PL_SQL_AUDIT_TOTAL_SCOPE
					   : PL_SQL_AUDIT_TOTAL;
}

/* Whether only the time is looked for, so that the index alone can count. */
static int is_time_only(const struct pl_audit_search *search)
{
	return search->scope == 0 && search->who[0] == '\0' && search->object[0] == '\0' &&
	       search->domain[0] == '\0' && search->source[0] == '\0' &&
	       search->action[0] == '\0' && search->text[0] == '\0';
}

/* Whether every record has to be looked at: there is no index for what is looked for. */
static int is_without_index(const struct pl_audit_search *search)
{
	return (search->text[0] != '\0' || search->action[0] != '\0' ||
		search->source[0] != '\0') &&
	       page_of(search) == PL_SQL_AUDIT_PAGE;
}

/* When the last of so many records was made, below another one; 0: there are fewer, or those that
 * are wanted end before. 0, or -1. */
static int go_back(struct pl_store *store, const struct pl_audit_search *search, int64_t below_at,
		   int64_t below_id, int64_t *at_r, struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_AUDIT_BACK,
					PL_PARAMS(PL_INT("below_at", or_last(below_at)),
						  PL_INT("below_id", or_last(below_id)),
						  PL_INT("records", search->records)));
	const int ret = pl_step(stmt, err);

	*at_r = 0;
	if (ret != 1)
		return ret;
	*at_r = pl_col_int(stmt, "at");
	if (*at_r <= search->since)
		*at_r = 0;
	return pl_row_end(stmt, err) < 0 ? -1 : 0;
}

int pl_audit_search_narrow(struct pl_store *store, struct pl_audit_search *search,
			   struct pl_audit_reach *reach_r, struct pl_error *err)
{
	int64_t below_at = search->below_at, below_id = search->below_id, newest;

	*reach_r = (struct pl_audit_reach){ .more = 0 };
	if (search->records == 0 || !is_without_index(search))
		return 0;
	/* Of the time until which they are wanted, none is: ids begin with 1. */
	if (search->until != 0 && or_last(below_at) >= search->until) {
		below_at = search->until;
		below_id = 1;
	}
	if (go_back(store, search, below_at, below_id, &reach_r->more, err) < 0)
		return pl_error_prefix(err, "audit");
	/* What is too much below a place is so from the newest on. */
	newest = reach_r->more;
	if (newest == 0 && search->below_at != 0 &&
	    go_back(store, search, search->until, search->until != 0, &newest, err) < 0)
		return pl_error_prefix(err, "audit");
	reach_r->is_part = newest != 0;
	if (reach_r->more != 0)
		search->since = reach_r->more;
	return 0;
}

int pl_audit_search(struct pl_store *store, const struct pl_audit_search *search,
		    int (*each)(const struct pl_audit_record *record, void *context), void *context,
		    struct pl_error *err)
{
	const struct patterns patterns = patterns_of(search);
	struct pl_stmt *stmt = pl_query(store, page_of(search),
					PL_PARAMS(FOUND_PARAMS(search, &patterns),
						  PL_INT("below_at", or_last(search->below_at)),
						  PL_INT("below_id", or_last(search->below_id)),
						  PL_INT("limit", search->limit)));

	return pl_audit_read_all(stmt, each, context, err);
}

int64_t pl_audit_search_total(struct pl_store *store, const struct pl_audit_search *search,
			      struct pl_error *err)
{
	const struct patterns patterns = patterns_of(search);
	struct pl_stmt *stmt =
		is_time_only(search) ? pl_query(store, PL_SQL_AUDIT_TOTAL_TIME,
						PL_PARAMS(PL_INT("since", search->since),
							  PL_INT("until", or_last(search->until))))
				     : pl_query(store, total_of(search),
						PL_PARAMS(FOUND_PARAMS(search, &patterns)));
	int64_t total;

	if (pl_step(stmt, err) != 1)
		return pl_error_prefix(err, "audit");
	total = pl_col_int(stmt, "total");
	return pl_row_end(stmt, err) < 0 ? -1 : total;
}
