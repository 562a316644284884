/* store_postgresql_pipeline.c - libpq's pipeline mode; see backend.h.
 *
 * The statements of a batch share one synchronization point: the server works on them
 * without a word in between and answers them together. If one fails, those behind it in its
 * batch are not run, and fail with it.
 */
#include "policy/store/store_postgresql.h"

#include <libpq-fe.h>

static int begin(void *db_p, struct pl_error *err)
{
	struct pl_postgresql *db = db_p;

	db->is_pipeline = 1;
	return PQenterPipelineMode(db->conn) == 1 ? 0 : pl_postgresql_failed(db->conn, NULL, err);
}

static int fd(void *db)
{
	return PQsocket(((struct pl_postgresql *)db)->conn);
}

static int send_stmt(void *db_p, void *stmt, struct pl_error *err)
{
	struct pl_postgresql *db = db_p;

	return pl_postgresql_send(db, stmt) == 1 ? 0 : pl_postgresql_failed(db->conn, NULL, err);
}

static int end_batch(void *db_p, struct pl_error *err)
{
	struct pl_postgresql *db = db_p;

	return PQpipelineSync(db->conn) == 1 ? 0 : pl_postgresql_failed(db->conn, NULL, err);
}

static int flush(void *db_p, struct pl_error *err)
{
	struct pl_postgresql *db = db_p;
	const int ret = PQflush(db->conn);

	return ret < 0 ? pl_postgresql_failed(db->conn, NULL, err) : ret;
}

static int read_input(void *db_p, struct pl_error *err)
{
	struct pl_postgresql *db = db_p;

	return PQconsumeInput(db->conn) == 1 && PQstatus(db->conn) == CONNECTION_OK
		       ? 0
		       : pl_postgresql_failed(db->conn, NULL, err);
}

/* An answer ends in NULL, and a batch in PGRES_PIPELINE_SYNC; neither is one. */
static PGresult *next_answer(PGconn *conn)
{
	int ends = 0;

	while (!PQisBusy(conn) && ends < 2) {
		PGresult *result = PQgetResult(conn);

		if (result != NULL && PQresultStatus(result) != PGRES_PIPELINE_SYNC)
			return result;
		ends = result == NULL ? ends + 1 : 0;
		PQclear(result);
	}
	return NULL;
}

static int answer(void *db_p, void *stmt, struct pl_error *err)
{
	struct pl_postgresql *db = db_p;
	PGresult *result = next_answer(db->conn);

	if (result == NULL)
		return 0;
	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		pl_postgresql_take_rows(stmt, result);
		return 1;
	}
	if (PQresultStatus(result) == PGRES_PIPELINE_ABORTED)
		pl_error_set(err, PL_ERR_RETRY, "a statement before this one has failed");
	else
		pl_postgresql_failed(db->conn, result, err);
	PQclear(result);
	return 2;
}

const struct pl_pipeline_backend pl_postgresql_pipeline = {
	.begin = begin,
	.fd = fd,
	.send = send_stmt,
	.end_batch = end_batch,
	.flush = flush,
	.read = read_input,
	.answer = answer,
};
