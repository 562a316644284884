/* job_preview.c - see job_preview.h.
 *
 * All members are read once, by which they are found alike or not (job_preview_group.c). What they
 * have used lately is another table: it is read only for a job that can take something away, and
 * then for the services that it can take.
 */
#include "policy/admin/job_preview.h"

#include <stdlib.h>
#include <string.h>

#include "policy/admin/job_members.h"
#include "policy/admin/job_preview_group.h"
#include "policy/admin/member_matches.h"

#define PORTION 50000   /* ids that are looked at with one statement */
#define NEVER (1 << 30) /* a day that nobody has seen */

/* One way through all members, for something that is counted. */
struct pass {
	struct pl_preview *preview;
	struct pl_job_preview *result;
	int64_t seen_from; /* a day: others are not looked at */
	int64_t used_from; /* a day, for the column used */
	int any_use;
	const char *first_service, *last_service;
	enum pl_sql plain, named, ids; /* statements */
	int (*row)(struct pass *pass, struct pl_preview_group *group, struct pl_stmt *stmt);
	int64_t member_id; /* of the last row that has one */
	int is_lost;       /* whether that member is counted */
};

/* ---- statements ---- */

static void add_columns(struct pl_matches *matches, const struct pass *pass)
{
	const struct pl_preview *preview = pass->preview;

	pl_matches_int(matches, "own_id", preview->administrator->member_id);
	pl_matches_int(matches, "seen_from", pass->seen_from);
	pl_matches_int(matches, "used_from", pass->used_from);
	pl_matches_int(matches, "any_use", pass->any_use);
	pl_matches_text(matches, "first_service", pass->first_service);
	pl_matches_text(matches, "last_service", pass->last_service);
}

static int read_rows(struct pass *pass, struct pl_stmt *stmt)
{
	const struct pl_work *work = pass->preview->work;
	int ret;

	while ((ret = pl_step(stmt, work->err)) == 1) {
		struct pl_preview_group *group = pl_preview_group_of(pass->preview, stmt);

		if (group == NULL)
			ret = pl_error_set(work->err, PL_ERR_RETRY, "out of memory");
		else if (pass->row(pass, group, stmt) < 0 || pl_row_ok(stmt, work->err) < 0)
			ret = -1;
		if (ret < 0) {
			pl_reset(stmt);
			return -1;
		}
	}
	return ret;
}

static int read_range(int64_t first, int64_t last, void *context)
{
	struct pass *pass = context;
	const struct pl_member_search *search = pass->preview->search;
	const int is_plain = pass->plain != pass->named && pl_member_search_is_plain(search);
	struct pl_matches matches = { .count = 0 };

	if (!is_plain)
		pl_matches_fill(&matches, search);
	add_columns(&matches, pass);
	pl_matches_int(&matches, "first", first);
	pl_matches_int(&matches, "last", last);
	pl_matches_int(&matches, "scope", search->scope);
	pl_matches_int(&matches, "only", pl_member_search_only(search));
	return read_rows(pass, pl_query(search->store, is_plain ? pass->plain : pass->named,
					matches.params));
}

static int read_named(const struct pl_param ids[PL_JOB_IDS], void *context)
{
	struct pass *pass = context;
	const struct pl_member_search *search = pass->preview->search;
	struct pl_matches matches = { .count = 0 };

	add_columns(&matches, pass);
	for (size_t i = 0; i < PL_JOB_IDS; i++)
		matches.params[matches.count++] = ids[i];
	matches.params[matches.count].type = PL_PARAM_END;
	return read_rows(pass, pl_query(search->store, pass->ids, matches.params));
}

/* ---- members ---- */

/* The first id behind that one, or 0. */
static int next_member(const struct pl_work *work, int64_t after, int64_t *id_r)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_JOB_NEXT_MEMBER, PL_PARAMS(PL_INT("after", after)));

	if (pl_step(stmt, work->err) != 1)
		return -1;
	*id_r = pl_col_int(stmt, "id");
	return pl_row_end(stmt, work->err) < 0 ? -1 : 0;
}

static int read_all(struct pass *pass)
{
	int64_t id = 0;
	int ret = 0;

	while (ret == 0) {
		ret = next_member(pass->preview->work, id, &id);
		if (ret < 0 || id == 0)
			break;
		ret = read_range(id - 1, id - 1 + PORTION, pass);
		id += PORTION - 1;
	}
	return ret;
}

static int compare_ids(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Once, whoever is named twice. */
static int read_list(struct pass *pass, const struct pl_account *members, size_t count)
{
	const struct pl_job_ids_handler handler = { read_range, read_named, pass };
	int64_t ids[PL_JOB_MEMBERS] = { 0 };
	size_t used = 0;

	for (size_t i = 0; i < count && i < PL_JOB_MEMBERS; i++)
		ids[i] = members[i].member.id;
	qsort(ids, count, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < count; i++) {
		if (used == 0 || ids[used - 1] != ids[i])
			ids[used++] = ids[i];
	}
	return pl_job_each_of(ids, used, &handler);
}

static int read_members(struct pass *pass, const struct pl_account *members, size_t count)
{
	if (pass->preview->search->domain_count == 0)
		return 0;
	return count == 0 ? read_all(pass) : read_list(pass, members, count);
}

/* ---- what is counted ---- */

static int count_outcome(struct pass *pass, struct pl_preview_group *group, struct pl_stmt *stmt)
{
	struct pl_job_preview *result = pass->result;

	(void)stmt;
	result->matching += group->outcome != PL_PREVIEW_NOT_MATCHING;
	switch (group->outcome) {
	case PL_PREVIEW_NOT_MATCHING:
		break;
	case PL_PREVIEW_CHANGED:
		result->changed++;
		result->must_register += group->must_register;
		break;
	case PL_PREVIEW_SAME:
		result->same++;
		break;
	case PL_PREVIEW_ADMINISTRATOR:
		result->administrators++;
		break;
	case PL_PREVIEW_OWN_ACCOUNT:
		result->own_account++;
		break;
	case PL_PREVIEW_FORBIDDEN:
		result->forbidden++;
		break;
	}
	return 0;
}

static int count_loss(struct pass *pass, struct pl_preview_group *group, struct pl_stmt *stmt)
{
	pass->result->lose_service +=
		group->lost != 0 && (pl_col_int(stmt, "used") & group->lost) != 0;
	return 0;
}

/* A sign-in to webmail, of which the last one of each member comes first. */
static int count_network(struct pass *pass, struct pl_preview_group *group, struct pl_stmt *stmt)
{
	const int64_t since = pass->used_from * PL_DAY_SECONDS, id = pl_col_int(stmt, "id");
	const int is_last = id != pass->member_id;
	struct pl_recent_use use = { .service = PL_SETTING_WEBMAIL,
				     .credential = PL_LOGIN_BY_WEBMAIL };
	struct pl_outcome_side was, will_be;
	const char *ip = pl_col_text(stmt, "ip");
	int password;

	if (is_last)
		pass->is_lost = (pl_col_int(stmt, "used") & group->lost) != 0;
	pass->member_id = id;
	if (group->outcome != PL_PREVIEW_CHANGED || !group->is_readable || ip == NULL ||
	    pl_ip_parse(ip, &use.ip, NULL) < 0)
		return 0;
	pl_preview_sides(pass->preview, group, &was, &will_be);
	if (pl_outcome_lost(&was, &will_be, &use, 1, &password) == 0)
		return 0;
	pass->result->outside_networks += is_last;
	if (!pass->is_lost && pl_col_int(stmt, "used_at") >= since) {
		pass->result->lose_service++;
		pass->is_lost = 1;
	}
	return 0;
}

/* ---- the whole ---- */

/* In the order of their names, in which the database compares them. */
static const struct {
	const char *name;
	unsigned int place; /* in job_preview_group.c */
} services[] = { { "imap", 1 }, { "pop3", 2 }, { "sieve", 4 }, { "smtp", 3 }, { "webmail", 0 } };

/* Of which services the uses have to be read. */
static void limit_services(struct pass *pass, int64_t lost)
{
	const int64_t ways = (INT64_C(1) << PL_PREVIEW_CREDENTIALS) - 1;

	pass->first_service = pass->last_service = "";
	for (size_t i = 0; i < PL_PREVIEW_SERVICES; i++) {
		if ((lost >> (services[i].place * PL_PREVIEW_CREDENTIALS) & ways) == 0)
			continue;
		if (pass->first_service[0] == '\0')
			pass->first_service = services[i].name;
		pass->last_service = services[i].name;
	}
}

static int count_all(struct pl_preview *preview, const struct pl_account *members, size_t count,
		     struct pl_job_preview *result)
{
	const int has_networks =
		(preview->change.settings & 1u << PL_SETTING_WEBMAIL_ALLOWED_NETWORKS) != 0;
	struct pass pass = {
		.preview = preview,
		.result = result,
		.used_from = NEVER,
		.first_service = "",
		.last_service = "",
		.plain = PL_SQL_JOB_PREVIEW_RANGE,
		.named = PL_SQL_JOB_PREVIEW_NAMED,
		.ids = PL_SQL_JOB_PREVIEW_IDS,
		.row = count_outcome,
	};
	int ret = read_members(&pass, members, count);
	int64_t lost;

	if (ret < 0)
		return -1;
	lost = pl_preview_groups_lose(preview, &pass.any_use);
	limit_services(&pass, lost);
	pass.used_from = pass.seen_from = pl_outcome_used_from(preview->work->now);
	pass.row = count_loss;
	if (lost != 0)
		ret = read_members(&pass, members, count);
	if (ret < 0 || !has_networks || preview->job->action != PL_JOB_CHANGE)
		return ret;
	pass.seen_from = 0;
	pass.plain = pass.named = PL_SQL_JOB_PREVIEW_WEBMAIL;
	pass.ids = PL_SQL_JOB_PREVIEW_WEBMAIL_IDS;
	pass.row = count_network;
	return read_members(&pass, members, count);
}

int pl_job_preview(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_administrator *administrator, const struct pl_job *job,
		   const struct pl_account *members, size_t count, struct pl_job_preview *preview_r)
{
	struct pl_preview preview = {
		.work = work, .policy = policy, .administrator = administrator, .job = job
	};
	int ret;

	memset(preview_r, 0, sizeof(*preview_r));
	if (pl_job_parse_change(job->change, &preview.change, work->err) < 0)
		return -1;
	preview.day = pl_outcome_day(&preview.change, work->now);
	ret = pl_job_search_open(work, policy, pl_administrator_scope(administrator),
				 count == 0 ? job->filter : "", &preview.search);
	if (ret == 0)
		ret = pl_preview_groups_open(&preview);
	if (ret == 0)
		ret = count_all(&preview, members, count, preview_r);
	pl_preview_groups_close(&preview);
	pl_member_search_close(&preview.search);
	return ret;
}
