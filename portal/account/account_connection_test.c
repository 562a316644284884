/* account_connection_test.c - a member watches how a device signs in. */
#include <stdlib.h>

#include "policy/account/connection_test.h"
#include "portal/account/handlers.h"

static void add_attempt(const struct pl_connection_row *row, void *context)
{
	json_t *attempts = context;

	json_array_append_new(attempts,
			      json_pack("{s:I, s:I, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:b}", "id",
					(json_int_t)row->id, "at", (json_int_t)row->at, "service",
					row->service, "port", (json_int_t)row->port, "tls",
					row->tls, "mechanism", row->mechanism, "name", row->name,
					"ip", row->ip, "rule", row->rule, "allowed", row->allowed));
}

/* Pages ask each second, so this is one statement. */
static int answer(struct request *request, struct response *response, int64_t since)
{
	json_t *attempts = json_array();
	struct pl_connection_test test;
	int64_t left;

	if (pl_connection_test_read(&request->work, request->session.member_id, since, &test,
				    add_attempt, attempts) < 0) {
		json_decref(attempts);
		return -1;
	}
	left = test.ends_at - request->work.now;
	return respond_json(response, 200,
			    json_pack("{s:I, s:b, s:b, s:o}", "seconds_left",
				      (json_int_t)(left > 0 ? left : 0), "tested", test.ends_at > 0,
				      "full", test.attempts >= PL_CONNECTION_TEST_ATTEMPTS,
				      "attempts", attempts));
}

int get_connection_test(struct request *request, struct response *response, struct pl_error *err)
{
	const char *since = request_query(request, "since");

	(void)err;
	return answer(request, response, since == NULL ? 0 : strtoll(since, NULL, 10));
}

int post_connection_test(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_account *account;
	int started = -1;

	if (request_begin_write(request, err) == 0 && request_account(request, &account, err) == 0)
		started = pl_connection_test_start(&request->work, account, request->ip_text);
	if (started < 0 && err->code == PL_ERR_CONFLICT) {
		pl_store_rollback(request->work.store);
		return respond_error(response, 429, "too-many-tests");
	}
	if (started < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	return answer(request, response, 0);
}

int post_connection_test_stop(struct request *request, struct response *response,
			      struct pl_error *err)
{
	if (request_begin_write(request, err) < 0 ||
	    pl_connection_test_stop(&request->work, request->session.member_id) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	return answer(request, response, 0);
}
