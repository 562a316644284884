/* search.c - see search.h. */
#include "policy/forward/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/forward/rows.h"

#define PATTERN_MAX (2 * PL_ADDRESS_MAX + 3)

int pl_forward_reach_by_name(const char *name, enum pl_forward_reach *reach_r)
{
	*reach_r =
		strcmp(name, "domain") == 0 ? PL_FORWARD_OUTSIDE_DOMAIN : PL_FORWARD_OUTSIDE_SERVER;
	return *reach_r == PL_FORWARD_OUTSIDE_DOMAIN || strcmp(name, "server") == 0;
}

/* "%part%", in which nothing of the part is a pattern; '' for any. */
static void write_pattern(const char *part, char pattern_r[PATTERN_MAX])
{
	size_t used = 0;

	pattern_r[0] = '\0';
	if (part[0] == '\0')
		return;
	pattern_r[used++] = '%';
	for (; *part != '\0'; part++) {
		if (strchr("%_\\", *part) != NULL)
			pattern_r[used++] = '\\';
		pattern_r[used++] = *part;
	}
	pattern_r[used++] = '%';
	pattern_r[used] = '\0';
}

/* The domains that have a section in the policy file, "/a.test//b.test/"; the database need not
 * have them. NULL: no memory. */
static char *list_sections(const struct pl_policy *policy)
{
	char *list = NULL;
	size_t len;
	FILE *out = open_memstream(&list, &len);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < policy->domain_count; i++)
		fprintf(out, "/%s/", policy->domains[i].name);
	if (fclose(out) == 0)
		return list;
	free(list);
	return NULL;
}

/* What both statements are given. */
struct wanted {
	char pattern[PATTERN_MAX];
	char a_pattern[PATTERN_MAX]; /* with A-labels; "": none */
	char *sections;
};

static int want(const struct pl_policy *policy, const struct pl_forward_search *search,
		struct wanted *wanted_r, struct pl_error *err)
{
	char a_part[PL_ADDRESS_MAX + 1];

	pl_address_fold_domain(search->text, a_part, sizeof(a_part));
	write_pattern(search->text, wanted_r->pattern);
	write_pattern(a_part, wanted_r->a_pattern);
	wanted_r->sections = list_sections(policy);
	return wanted_r->sections == NULL ? pl_error_set(err, PL_ERR_RETRY, "out of memory") : 0;
}

/* clang-format off */
#define FOUND_PARAMS(search, wanted)                                                     \
	PL_INT("scope", (search)->scope), PL_INT("only", (search)->domain_id),           \
	PL_INT("reach", (search)->reach), PL_TEXT("text", (wanted)->pattern),            \
	PL_TEXT("a_text", (wanted)->a_pattern), PL_TEXT("sections", (wanted)->sections)
/* clang-format on */

int pl_forward_search(struct pl_store *store, const struct pl_policy *policy,
		      const struct pl_forward_search *search, const struct pl_address *after,
		      int limit, int (*each)(const struct pl_forward *forward, void *context),
		      void *context, struct pl_error *err)
{
	static const struct pl_address first = { .local = "" };
	struct wanted wanted;
	int ret;

	if (after == NULL)
		after = &first;
	if (want(policy, search, &wanted, err) < 0)
		return -1;
	ret = pl_forward_read_all(pl_query(store, PL_SQL_FORWARD_PAGE,
					   PL_PARAMS(FOUND_PARAMS(search, &wanted),
						     PL_TEXT("after_domain", after->domain),
						     PL_TEXT("after_local", after->local),
						     PL_INT("limit", limit))),
				  policy, each, context, err);
	free(wanted.sections);
	return ret;
}

int64_t pl_forward_search_count(struct pl_store *store, const struct pl_policy *policy,
				const struct pl_forward_search *search, struct pl_error *err)
{
	struct pl_stmt *stmt;
	struct wanted wanted;
	int64_t count;
	int ret;

	if (want(policy, search, &wanted, err) < 0)
		return -1;
	stmt = pl_query(store, PL_SQL_FORWARD_COUNT, PL_PARAMS(FOUND_PARAMS(search, &wanted)));
	ret = pl_step(stmt, err);
	free(wanted.sections);
	if (ret != 1)
		return -1;
	count = pl_col_int(stmt, "count");
	return pl_row_end(stmt, err) < 0 ? -1 : count;
}
