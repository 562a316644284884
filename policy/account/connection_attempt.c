/* connection_attempt.c - see connection_attempt.h. */
#include "policy/account/connection_attempt.h"

#include <stdlib.h>
#include <string.h>

#include "policy/base/monotonic.h"
#include "policy/base/utf8.h"

/* -- the tests that are running -- */

static int read_test(struct pl_stmt *stmt, struct pl_running_test *test_r, struct pl_error *err)
{
	const char *ip;

	memset(test_r, 0, sizeof(*test_r));
	test_r->member_id = pl_col_int(stmt, "member_id");
	test_r->started_at = pl_col_int(stmt, "started_at");
	pl_col_copy(stmt, "local", test_r->address.local, sizeof(test_r->address.local));
	pl_col_copy(stmt, "domain", test_r->address.domain, sizeof(test_r->address.domain));
	ip = pl_col_text(stmt, "ip");
	/* From an unknown address no network is known either. */
	if (ip == NULL || pl_ip_parse(ip, &test_r->ip, NULL) < 0)
		test_r->ip.known = 0;
	return pl_row_ok(stmt, err);
}

int pl_running_tests_read(struct pl_store *store, int64_t now, struct pl_running_tests *running_r,
			  struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_CONNECTION_TEST_RUNNING,
					PL_PARAMS(PL_INT("now", now),
						  PL_INT("enough", PL_CONNECTION_TEST_ATTEMPTS),
						  PL_INT("limit", PL_CONNECTION_TESTS)));
	int ret;

	*running_r = (struct pl_running_tests){ 0 };
	while ((ret = pl_step(stmt, err)) == 1) {
		/* Most of the time there is none. */
		if (running_r->test == NULL)
			running_r->test = calloc(PL_CONNECTION_TESTS, sizeof(*running_r->test));
		if (running_r->test == NULL) {
			ret = pl_error_set(err, PL_ERR_RETRY, "connection tests: out of memory");
			break;
		}
		if (read_test(stmt, &running_r->test[running_r->count++], err) < 0) {
			ret = -1;
			break;
		}
	}
	if (ret == 0)
		return 0;
	pl_reset(stmt);
	pl_running_tests_free(running_r);
	return -1;
}

void pl_running_tests_free(struct pl_running_tests *running)
{
	free(running->test);
	*running = (struct pl_running_tests){ 0 };
}

/* -- whose an attempt is -- */

static int is_account(const struct pl_running_test *test,
		      const struct pl_connection_attempt *attempt)
{
	return attempt->address.local[0] != '\0' &&
	       strcmp(attempt->address.local, test->address.local) == 0 &&
	       strcmp(attempt->address.domain, test->address.domain) == 0;
}

static int may_be_device(const struct pl_running_test *test, const struct pl_address *typed,
			 const struct pl_connection_attempt *attempt)
{
	return strcmp(typed->local, test->address.local) == 0 &&
	       pl_ip_is_near(&test->ip, &attempt->ip);
}

const struct pl_running_test *pl_running_tests_find(const struct pl_running_tests *running,
						    const struct pl_connection_attempt *attempt)
{
	struct pl_address typed = { "", "" };

	/* Any domain will do to learn the local part of a name that has none. */
	if (attempt->is_nobody &&
	    pl_address_parse(attempt->name, strlen(attempt->name), "invalid", &typed, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < running->count; i++) {
		const struct pl_running_test *test = &running->test[i];

		if (attempt->is_nobody ? may_be_device(test, &typed, attempt)
				       : is_account(test, attempt))
			return test;
	}
	return NULL;
}

/* -- writing -- */

/* 1 when another member has the local part, 0 or -1. */
static int has_namesake(const struct pl_work *work, const struct pl_running_test *test)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_MEMBER_NAMESAKES,
					PL_PARAMS(PL_TEXT("local", test->address.local)));
	int64_t members;

	if (pl_step(stmt, work->err) != 1)
		return -1;
	members = pl_col_int(stmt, "members");
	return pl_row_end(stmt, work->err) < 0 ? -1 : members > 1;
}

/* What a database and a page can have, whatever was sent. */
static void clean(char *text)
{
	const int valid = pl_is_utf8(text);

	for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
		if (*c < ' ' || *c == 0x7f || (!valid && *c > 0x7f))
			*c = '?';
	}
}

static int insert(const struct pl_work *work, const struct pl_running_test *test, int64_t at,
		  const struct pl_connection_attempt *attempt)
{
	char ip[PL_IP_TEXT], name[PL_ATTEMPT_NAME + 1], mechanism[PL_ATTEMPT_MECHANISM + 1];

	memcpy(name, attempt->name, sizeof(name));
	memcpy(mechanism, attempt->mechanism, sizeof(mechanism));
	clean(name);
	clean(mechanism);
	return pl_exec(work->store, PL_SQL_CONNECTION_ATTEMPT_INSERT,
		       PL_PARAMS(PL_INT("member_id", test->member_id), PL_INT("at", at),
				 PL_TEXT("service", pl_setting_info(attempt->service)->name),
				 PL_INT("port", attempt->port), PL_TEXT("tls", attempt->tls),
				 PL_TEXT("mechanism", mechanism), PL_TEXT("name", name),
				 PL_TEXT("ip", pl_ip_format(&attempt->ip, ip)),
				 PL_TEXT("rule", attempt->rule),
				 PL_INT("allowed", attempt->allowed)),
		       work->err);
}

int pl_connection_attempt_add(const struct pl_work *work, const struct pl_running_test *test,
			      const struct pl_connection_attempt *attempt)
{
	const int64_t at = work->now - (pl_monotonic_ms() - attempt->ms) / 1000;
	int64_t counted;
	int namesake = attempt->is_nobody ? has_namesake(work, test) : 0;

	if (namesake != 0 || at < test->started_at)
		return namesake < 0 ? -1 : 0;
	counted = pl_exec_count(work->store, PL_SQL_CONNECTION_TEST_COUNT_UP,
				PL_PARAMS(PL_INT("member_id", test->member_id),
					  PL_INT("now", work->now),
					  PL_INT("enough", PL_CONNECTION_TEST_ATTEMPTS)),
				work->err);
	if (counted < 1)
		return counted < 0 ? -1 : 0;
	return insert(work, test, at, attempt);
}
