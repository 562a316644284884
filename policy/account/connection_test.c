/* connection_test.c - see connection_test.h. */
#include "policy/account/connection_test.h"

#include "policy/account/audit.h"

/* 1, 0 or -1. */
static int is_running(const struct pl_work *work, int64_t member_id)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_CONNECTION_TEST_GET,
					PL_PARAMS(PL_INT("member_id", member_id)));
	int ret = pl_step(stmt, work->err), runs;

	if (ret != 1)
		return ret;
	runs = pl_col_int(stmt, "ends_at") > work->now;
	return pl_row_end(stmt, work->err) < 0 ? -1 : runs;
}

static int check_room(const struct pl_work *work)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_CONNECTION_TEST_COUNT,
					PL_PARAMS(PL_INT("now", work->now)));
	int64_t running;

	if (pl_step(stmt, work->err) != 1)
		return -1;
	running = pl_col_int(stmt, "running");
	if (pl_row_end(stmt, work->err) < 0)
		return -1;
	return running < PL_CONNECTION_TESTS
		       ? 0
		       : pl_error_set(work->err, PL_ERR_CONFLICT,
				      "connection test: %d members have one running; try again in "
				      "some minutes",
				      PL_CONNECTION_TESTS);
}

/* Who starts and stops them again and again fills nothing. */
static int record_start(const struct pl_work *work, const struct pl_account *account)
{
	char address[PL_ADDRESS_MAX + 1];
	int64_t records;
	struct pl_stmt *stmt;

	pl_address_format(&account->member.address, address);
	stmt = pl_query(work->store, PL_SQL_CONNECTION_TEST_RECORDS,
			PL_PARAMS(PL_TEXT("object", address),
				  PL_INT("since", work->now - PL_CONNECTION_TEST_DAY)));
	if (pl_step(stmt, work->err) != 1)
		return -1;
	records = pl_col_int(stmt, "records");
	if (pl_row_end(stmt, work->err) < 0)
		return -1;
	return records >= PL_CONNECTION_TEST_RECORDS
		       ? 0
		       : pl_audit_add(work, "connection-test.start", address, "", "");
}

int pl_connection_test_start(const struct pl_work *work, const struct pl_account *account,
			     const char *ip)
{
	const int64_t member_id = account->member.id;
	int running = is_running(work, member_id);

	if (running != 0)
		return running < 0 ? -1 : 0;
	if (check_room(work) < 0 ||
	    pl_exec(work->store, PL_SQL_CONNECTION_TEST_DELETE,
		    PL_PARAMS(PL_INT("member_id", member_id)), work->err) < 0 ||
	    pl_exec(work->store, PL_SQL_CONNECTION_TEST_INSERT,
		    PL_PARAMS(PL_INT("member_id", member_id), PL_INT("started_at", work->now),
			      PL_INT("ends_at", work->now + PL_CONNECTION_TEST_SECONDS),
			      PL_TEXT("ip", ip)),
		    work->err) < 0)
		return -1;
	return record_start(work, account) < 0 ? -1 : 1;
}

int pl_connection_test_stop(const struct pl_work *work, int64_t member_id)
{
	return pl_exec(work->store, PL_SQL_CONNECTION_TEST_END,
		       PL_PARAMS(PL_INT("member_id", member_id), PL_INT("now", work->now)),
		       work->err);
}

static void read_row(struct pl_stmt *stmt, struct pl_connection_row *row_r)
{
	*row_r = (struct pl_connection_row){
		.id = pl_col_int(stmt, "id"),
		.at = pl_col_int(stmt, "at"),
		.service = pl_col_text(stmt, "service"),
		.port = pl_col_int(stmt, "port"),
		.tls = pl_col_text(stmt, "tls"),
		.mechanism = pl_col_text(stmt, "mechanism"),
		.name = pl_col_text(stmt, "name"),
		.ip = pl_col_text(stmt, "ip"),
		.rule = pl_col_text(stmt, "rule"),
		.allowed = (int)pl_col_int(stmt, "allowed"),
	};
}

int pl_connection_test_read(const struct pl_work *work, int64_t member_id, int64_t since,
			    struct pl_connection_test *test_r,
			    void (*each)(const struct pl_connection_row *row, void *context),
			    void *context)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_CONNECTION_TEST_READ,
			 PL_PARAMS(PL_INT("member_id", member_id), PL_INT("since", since)));
	struct pl_connection_row row;
	int ret;

	*test_r = (struct pl_connection_test){ 0 };
	while ((ret = pl_step(stmt, work->err)) == 1) {
		test_r->started_at = pl_col_int(stmt, "started_at");
		test_r->ends_at = pl_col_int(stmt, "ends_at");
		test_r->attempts = pl_col_int(stmt, "attempts");
		if (!pl_col_is_null(stmt, "id")) {
			read_row(stmt, &row);
			each(&row, context);
		}
		if (pl_row_ok(stmt, work->err) < 0)
			return -1;
	}
	return ret;
}
