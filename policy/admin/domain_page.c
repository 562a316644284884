/* domain_page.c - see domain_page.h. */
#include "policy/admin/domain_page.h"

#include <string.h>

#include "policy/account/settings_row.h"

#define PATTERN_MAX (2 * PL_DOMAIN_MAX + 3)

/* What LIKE takes for the name, or for a name with it in it. What is too long matches no name. */
static void make_pattern(const char *part, int is_part, char pattern_r[PATTERN_MAX])
{
	size_t used = 0;

	if (is_part)
		pattern_r[used++] = '%';
	for (; *part != '\0' && used + 4 < PATTERN_MAX; part++) {
		const int is_capital = *part >= 'A' && *part <= 'Z';

		if (strchr("%_\\", *part) != NULL)
			pattern_r[used++] = '\\';
		pattern_r[used++] = (char)(is_capital ? *part + ('a' - 'A') : *part);
	}
	if (is_part)
		pattern_r[used++] = '%';
	pattern_r[used] = '\0';
}

static int read_summary(struct pl_stmt *stmt, struct pl_domain_summary *summary_r,
			struct pl_error *err)
{
	struct pl_domain *domain = &summary_r->domain;

	memset(summary_r, 0, sizeof(*summary_r));
	domain->id = pl_col_int(stmt, "id");
	pl_col_copy(stmt, "name", domain->name, sizeof(domain->name));
	domain->known = pl_col_int(stmt, "known") != 0;
	domain->active = pl_col_int(stmt, "active") != 0;
	domain->created_at = pl_col_int(stmt, "created_at");
	domain->grace = pl_col_grace(stmt, "grace_days");
	domain->members = pl_col_int(stmt, "members");
	domain->aliases = pl_col_int(stmt, "aliases");
	domain->alias_id = pl_col_int(stmt, "alias_id");
	pl_col_copy(stmt, "alias_of", domain->alias_of, sizeof(domain->alias_of));
	summary_r->with_factor = pl_col_int(stmt, "with_factor");
	summary_r->changed_at = pl_col_int(stmt, "changed_at");
	pl_col_copy(stmt, "changed_by", summary_r->changed_by, sizeof(summary_r->changed_by));
	if (pl_col_settings(stmt, "settings", &domain->settings, err) < 0)
		return pl_error_prefix(err, "domain %s", domain->name);
	return pl_row_ok(stmt, err);
}

static struct pl_stmt *query(struct pl_store *store, const struct pl_domain_page *page,
			     const char *pattern)
{
	return pl_query(store, PL_SQL_DOMAIN_PAGE,
			PL_PARAMS(PL_INT("scope", page->scope), PL_TEXT("pattern", pattern),
				  PL_TEXT("after", page->after), PL_INT("limit", page->limit)));
}

int pl_domain_page(struct pl_store *store, const struct pl_domain_page *page,
		   int (*each)(const struct pl_domain_summary *summary, void *context),
		   void *context, struct pl_error *err)
{
	char pattern[PATTERN_MAX];
	struct pl_domain_summary summary;
	struct pl_stmt *stmt;
	int ret;

	make_pattern(page->part, 1, pattern);
	stmt = query(store, page, pattern);
	while ((ret = pl_step(stmt, err)) == 1) {
		ret = read_summary(stmt, &summary, err);
		if (ret < 0 || each(&summary, context) != 0) {
			pl_reset(stmt);
			return ret;
		}
	}
	return ret;
}

int pl_domain_page_total(struct pl_store *store, const struct pl_domain_page *page,
			 int64_t *total_r, struct pl_error *err)
{
	char pattern[PATTERN_MAX];
	struct pl_stmt *stmt;

	make_pattern(page->part, 1, pattern);
	stmt = pl_query(store, PL_SQL_DOMAIN_PAGE_TOTAL,
			PL_PARAMS(PL_INT("scope", page->scope), PL_TEXT("pattern", pattern)));
	if (pl_step(stmt, err) != 1)
		return -1;
	*total_r = pl_col_int(stmt, "total");
	return pl_row_end(stmt, err) < 0 ? -1 : 0;
}

int pl_domain_summary(struct pl_store *store, const char *name, struct pl_domain_summary *summary_r,
		      struct pl_error *err)
{
	const struct pl_domain_page page = { .after = "", .limit = 1 };
	char pattern[PATTERN_MAX];
	struct pl_stmt *stmt;
	int ret;

	make_pattern(name, 0, pattern);
	stmt = query(store, &page, pattern);
	ret = pl_step(stmt, err);
	if (ret != 1)
		return ret;
	ret = read_summary(stmt, summary_r, err);
	pl_reset(stmt);
	return ret < 0 ? -1 : 1;
}
