/* login_count.c - see login_count.h.
 *
 * The rows of a tally are a hash table with open addressing. The strings of a row are compared as
 * addresses, as a string of a program mostly has one: where it has two, they are two rows, which
 * the database adds up.
 */
#include "policy/account/login_count.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MOST (PL_LOGIN_COUNTS / 4 * 3) /* so that a free place is soon found */

const char *pl_login_outcome_name(enum pl_login_outcome outcome)
{
	switch (outcome) {
	case PL_LOGIN_ALLOWED:
		return "allowed";
	case PL_LOGIN_REFUSED:
		return "refused";
	case PL_LOGIN_PENDING:
		return "pending";
	}
	return "";
}

int64_t pl_hour_of(int64_t at)
{
	return at - at % PL_HOUR_SECONDS;
}

struct pl_login_count pl_login_count_of(const struct pl_login_record *record)
{
	return (struct pl_login_count){
		.hour = pl_hour_of(record->at),
		.domain_id = record->domain_id,
		.service = pl_setting_info(record->service)->name,
		.channel = pl_channel_name(record->channel),
		.credential = pl_login_credential_name(record->credential),
		.rule = record->rule,
		.outcome = record->refused ? PL_LOGIN_REFUSED : PL_LOGIN_ALLOWED,
		.count = record->times,
	};
}

static size_t hash_of(const struct pl_login_count *count)
{
	const uint64_t parts[] = {
		(uint64_t)count->hour,     (uint64_t)count->domain_id,   (uintptr_t)count->service,
		(uintptr_t)count->channel, (uintptr_t)count->credential, (uintptr_t)count->rule,
		(uint64_t)count->outcome,
	};
	uint64_t hash = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		hash = (hash ^ parts[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return (size_t)hash;
}

static int is_same(const struct pl_login_count *a, const struct pl_login_count *b)
{
	return a->hour == b->hour && a->domain_id == b->domain_id && a->service == b->service &&
	       a->channel == b->channel && a->credential == b->credential && a->rule == b->rule &&
	       a->outcome == b->outcome;
}

static int add(struct pl_login_tally *tally, const struct pl_login_count *count)
{
	struct pl_login_count *place;

	for (size_t i = hash_of(count);; i++) {
		place = &tally->count[i % PL_LOGIN_COUNTS];
		if (place->count == 0)
			break;
		if (is_same(place, count)) {
			place->count += count->count;
			return 1;
		}
	}
	if (tally->rows >= ROWS_MOST)
		return 0;
	tally->rows++;
	*place = *count;
	return 1;
}

int pl_login_tally_add(struct pl_login_tally *tally, const struct pl_login_count *count,
		       const struct pl_ip *ip)
{
	struct pl_guess_count guess = { .domain_id = count->domain_id, .count = count->count };

	if (ip != NULL && count->outcome == PL_LOGIN_REFUSED && pl_is_guess(count->rule)) {
		guess.day = count->hour - count->hour % PL_DAY_SECONDS;
		pl_ip_format_origin(ip, guess.origin);
		pl_guess_count_add(tally->guess, &tally->guess_rows, &guess);
	}
	return add(tally, count);
}

int pl_login_tally_merge(struct pl_login_tally *tally, const struct pl_login_tally *other)
{
	int fits = 1;

	for (size_t i = 0; i < PL_LOGIN_COUNTS; i++) {
		if (other->count[i].count != 0)
			fits &= add(tally, &other->count[i]);
	}
	for (size_t i = 0; i < other->guess_rows; i++)
		pl_guess_count_add(tally->guess, &tally->guess_rows, &other->guess[i]);
	return fits;
}

static int compare_texts(const struct pl_login_count *a, const struct pl_login_count *b)
{
	int ret = strcmp(a->service, b->service);

	if (ret == 0)
		ret = strcmp(a->channel, b->channel);
	if (ret == 0)
		ret = strcmp(a->credential, b->credential);
	if (ret == 0)
		ret = strcmp(a->rule, b->rule);
	return ret;
}

static int compare(const void *a, const void *b)
{
	const struct pl_login_count *one = *(const struct pl_login_count *const *)a;
	const struct pl_login_count *other = *(const struct pl_login_count *const *)b;

	if (one->hour != other->hour)
		return one->hour < other->hour ? -1 : 1;
	if (one->domain_id != other->domain_id)
		return one->domain_id < other->domain_id ? -1 : 1;
	if (one->outcome != other->outcome)
		return one->outcome < other->outcome ? -1 : 1;
	return compare_texts(one, other);
}

static int write_row(const struct pl_work *work, const struct pl_login_count *count)
{
	return pl_exec(work->store, PL_SQL_LOGIN_COUNT_ADD,
		       PL_PARAMS(PL_INT("hour", count->hour), PL_INT("domain_id", count->domain_id),
				 PL_TEXT("service", count->service),
				 PL_TEXT("channel", count->channel),
				 PL_TEXT("credential", count->credential),
				 PL_TEXT("rule", count->rule),
				 PL_TEXT("outcome", pl_login_outcome_name(count->outcome)),
				 PL_INT("count", count->count)),
		       work->err);
}

int pl_login_tally_write(const struct pl_work *work, const struct pl_login_tally *tally)
{
	const struct pl_login_count *sorted[PL_LOGIN_COUNTS] = { NULL };
	size_t rows = 0;

	for (size_t i = 0; i < PL_LOGIN_COUNTS; i++) {
		if (tally->count[i].count != 0)
			sorted[rows++] = &tally->count[i];
	}
	qsort(sorted, rows, sizeof(sorted[0]), compare);
	for (size_t i = 0; i < rows; i++) {
		if (write_row(work, sorted[i]) < 0)
			return -1;
	}
	return pl_guess_count_write(work, tally->guess, tally->guess_rows);
}

void pl_login_tally_clear(struct pl_login_tally *tally)
{
	if (tally->rows > 0)
		memset(tally->count, 0, sizeof(tally->count));
	tally->rows = tally->guess_rows = 0;
}

int pl_login_count_domain(struct pl_store *store, const char *domain, int64_t *id_r,
			  struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_DOMAIN_ID, PL_PARAMS(PL_TEXT("domain", domain)));
	int ret = pl_step(stmt, err);

	*id_r = 0;
	if (ret != 1)
		return ret;
	*id_r = pl_col_int(stmt, "id");
	return pl_row_end(stmt, err) < 0 ? -1 : 0;
}

static enum pl_login_outcome outcome_of(const char *name)
{
	for (int outcome = PL_LOGIN_ALLOWED; outcome < PL_LOGIN_PENDING; outcome++) {
		if (strcmp(pl_login_outcome_name((enum pl_login_outcome)outcome), name) == 0)
			return (enum pl_login_outcome)outcome;
	}
	return PL_LOGIN_PENDING;
}

int pl_login_count_list(struct pl_store *store, int64_t since,
			int (*each)(const struct pl_login_count *count, void *context),
			void *context, struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_LOGIN_COUNT_SUMS, PL_PARAMS(PL_INT("since", since)));
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		const struct pl_login_count count = {
			.service = pl_col_text(stmt, "service"),
			.channel = pl_col_text(stmt, "channel"),
			.credential = pl_col_text(stmt, "credential"),
			.rule = pl_col_text(stmt, "rule"),
			.outcome = outcome_of(pl_col_text(stmt, "outcome")),
			.count = pl_col_int(stmt, "count"),
		};

		if (each(&count, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

/* ---- old hours ---- */

#define HOURS_AT_ONCE 240

/* The first hour of those days behind another: 1; 0 there is none, -1. */
static int find_hour(const struct pl_work *work, int64_t after, int64_t *hour_r)
{
	const int64_t today = work->now - work->now % PL_DAY_SECONDS;
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_LOGIN_COUNT_OLD_HOUR,
					PL_PARAMS(PL_INT("after", after),
						  PL_INT("before", today - (PL_COUNT_HOUR_DAYS -
									    1) * PL_DAY_SECONDS)));
	int found;

	if (pl_step(stmt, work->err) < 0)
		return -1;
	found = !pl_col_is_null(stmt, "hour");
	*hour_r = pl_col_int(stmt, "hour");
	return pl_row_end(stmt, work->err) < 0 ? -1 : found;
}

/* The same of those that do not begin a day. One after the other: rows of days that have been added
 * up may be millions. */
static int find_old_hour(const struct pl_work *work, int64_t after, int64_t *hour_r)
{
	int ret;

	do
		ret = find_hour(work, after, &after);
	while (ret == 1 && after % PL_DAY_SECONDS == 0);
	*hour_r = after;
	return ret;
}

static int add_to_day_commit(const struct pl_work *work, int64_t hour)
{
	const struct pl_param params[] = { PL_INT("hour", hour), { .type = PL_PARAM_END } };
	int ret = pl_store_begin_write(work->store, work->err);

	if (ret < 0)
		return -1;
	ret = pl_exec(work->store, PL_SQL_LOGIN_COUNT_TO_DAY, params, work->err);
	if (ret == 0)
		ret = pl_exec(work->store, PL_SQL_LOGIN_COUNT_HOUR_DELETE, params, work->err);
	return pl_store_finish(work->store, ret, work->err);
}

int pl_login_count_add_up_commit(const struct pl_work *work)
{
	int64_t hour = 0;
	int ret = 1;

	for (int i = 0; ret == 1 && i < HOURS_AT_ONCE; i++) {
		ret = find_old_hour(work, hour, &hour);
		if (ret == 1 && add_to_day_commit(work, hour) < 0)
			ret = -1;
	}
	return ret < 0 ? -1 : 0;
}
