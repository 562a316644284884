/* scope_preview.c - see scope_preview.h. */
#include "policy/account/scope_preview.h"

#include <stdlib.h>
#include <string.h>

#include "policy/account/outcome.h"
#include "policy/account/scope_reach.h"

/* Whose uses stand where. */
struct use {
	int64_t member_id;
	struct pl_recent_use recent;
};

struct uses {
	struct use *use; /* sorted by member */
	size_t count, room;
};

static int keep_use(struct uses *uses, const struct use *use)
{
	if (uses->count == uses->room) {
		size_t room = uses->room == 0 ? 256 : uses->room * 2;
		struct use *grown = realloc(uses->use, room * sizeof(*grown));

		if (grown == NULL)
			return -1;
		uses->use = grown;
		uses->room = room;
	}
	uses->use[uses->count++] = *use;
	return 0;
}

/* The caller frees them, in any case. */
static int read_uses(const struct pl_work *work, int64_t domain_id, struct uses *uses_r)
{
	const int64_t since = pl_outcome_used_from(work->now) * PL_DAY_SECONDS;
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_LAST_USE_DOMAIN,
			 PL_PARAMS(PL_INT("domain_id", domain_id), PL_INT("since", since)));
	int ret;

	while ((ret = pl_step(stmt, work->err)) == 1) {
		const char *service = pl_col_text(stmt, "service");
		struct use use = { .member_id = pl_col_int(stmt, "member_id") };

		use.recent.credential =
			pl_login_credential_by_name(pl_col_text(stmt, "credential"));
		pl_recent_use_from(&use.recent, pl_col_text(stmt, "ip"));
		/* A service that nobody knows any more is not lost. */
		if (service == NULL || !pl_setting_by_name(service, &use.recent.service))
			continue;
		if (keep_use(uses_r, &use) < 0) {
			pl_reset(stmt);
			return pl_error_set(work->err, PL_ERR_RETRY, "out of memory");
		}
	}
	return ret;
}

static int compare_uses(const void *a, const void *b)
{
	const int64_t one = ((const struct use *)a)->member_id;
	const int64_t other = ((const struct use *)b)->member_id;

	return one < other ? -1 : one > other;
}

/* The first of the member's, and how many there are. */
static const struct use *uses_of(const struct uses *uses, int64_t member_id, size_t *count_r)
{
	const struct use key = { .member_id = member_id };
	const struct use *first, *end;

	*count_r = 0;
	if (uses->count == 0)
		return NULL;
	first = bsearch(&key, uses->use, uses->count, sizeof(key), compare_uses);
	end = uses->use + uses->count;
	if (first == NULL)
		return NULL;
	while (first > uses->use && first[-1].member_id == member_id)
		first--;
	while (first + *count_r < end && first[*count_r].member_id == member_id)
		++*count_r;
	return first;
}

struct preview_walk {
	const struct pl_scope_change *change;
	const struct uses *uses;
	struct pl_scope_preview *preview;
};

static void count_uses(const struct pl_outcome_side *before, const struct pl_outcome_side *after,
		       const struct use *use, size_t count, struct pl_scope_outcome *outcome)
{
	unsigned int lost = 0;
	int password = 0;

	for (size_t i = 0; i < count; i++) {
		int is_password;

		lost |= pl_outcome_lost(before, after, &use[i].recent, 1, &is_password);
		password |= is_password;
	}
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++)
		outcome->loses[i] += (lost >> i) & 1;
	outcome->losing += lost != 0;
	outcome->client_password += password;
}

static void begin_side(struct pl_outcome_side *side_r, const struct pl_member *member,
		       const struct pl_domain *domain, const struct preview_walk *walk)
{
	const struct pl_account account = { .member = *member, .domain = *domain };

	pl_outcome_side_begin(side_r, &account, walk->change->policy, walk->preview->day);
}

static int walk_member(const struct pl_member *member, void *context)
{
	const struct preview_walk *walk = context;
	const struct pl_scope_change *change = walk->change;
	size_t count;
	const struct use *use = uses_of(walk->uses, member->id, &count);
	struct pl_outcome_side before, after;

	begin_side(&before, member, &change->before, walk);
	for (unsigned int i = 0; i <= PL_SCOPE_ALL; i++) {
		struct pl_scope_outcome *outcome = &walk->preview->outcome[i];
		struct pl_member changed;

		pl_scope_reach(change, (enum pl_scope)i, member, &changed, &outcome->result);
		begin_side(&after, &changed, &change->after, walk);
		count_uses(&before, &after, use, count, outcome);
		outcome->must_register += pl_outcome_must_register(&before, &after);
	}
	return 0;
}

int pl_domain_preview(const struct pl_work *work, const struct pl_policy *policy, const char *name,
		      const struct pl_change *change, struct pl_scope_preview *preview_r)
{
	const struct pl_member_filter filter = { .domain = name };
	struct pl_scope_change scope;
	struct uses uses = { .use = NULL };
	struct preview_walk walk = { &scope, &uses, preview_r };
	int ret;

	memset(preview_r, 0, sizeof(*preview_r));
	if (pl_scope_begin(work, policy, name, change, &scope) < 0)
		return -1;
	preview_r->day = pl_outcome_day(change, work->now);
	ret = read_uses(work, scope.before.id, &uses);
	if (ret == 0)
		ret = pl_member_list(work->store, &filter, walk_member, &walk, work->err);
	free(uses.use);
	return ret < 0 ? pl_error_prefix(work->err, "domain %s", name) : 0;
}
