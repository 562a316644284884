/* store_postgresql_copy.c - many rows into a table, by COPY in its text format.
 *
 * Rows go out as they are read, a chunk at a time, and no chunk is begun before the one
 * before is on its way: memory stays bounded however large the table is.
 */
#include "policy/store/store_postgresql.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/monotonic.h"

#define CHUNK (64 * 1024) /* bytes that go out together */
#define INT_TEXT 24
#define SQL_MAX 2048

/* Text on its way to the server. */
struct chunk {
	char *text;
	size_t len, room;
};

/* -- one row as COPY reads it: columns divided by tabs, the row ended by a newline -- */

/* Makes room for more bytes; NULL when there is no memory. */
static char *reserve(struct chunk *chunk, size_t more)
{
	size_t room = chunk->room > 0 ? chunk->room : CHUNK;
	char *text;

	while (room - chunk->len < more)
		room *= 2;
	if (room == chunk->room)
		return chunk->text + chunk->len;
	text = realloc(chunk->text, room);
	if (text == NULL)
		return NULL;
	chunk->text = text;
	chunk->room = room;
	return text + chunk->len;
}

/* Whatever divides columns and rows, and the backslash itself, stands behind a backslash. */
static char *put_text(char *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const char c = text[i];

		if (c == '\\' || c == '\t' || c == '\n' || c == '\r')
			*out++ = '\\';
		*out++ = c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c;
	}
	return out;
}

/* bytea's own format, \x and digits, whose backslash COPY wants doubled. */
static char *put_bytes(char *out, const unsigned char *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	out = stpcpy(out, "\\\\x");
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	return out;
}

/* One column and the byte that ends it. -1: out of memory. */
static int put_field(struct chunk *chunk, const struct pl_field *field, char end)
{
	/* Text and bytes at most double; the longest of the others is a number. */
	char *out = reserve(chunk, 2 * field->len + INT_TEXT);

	if (out == NULL)
		return -1;
	switch (field->kind) {
	case PL_KIND_NULL:
		out = stpcpy(out, "\\N");
		break;
	case PL_KIND_INT:
		out += snprintf(out, INT_TEXT, "%lld", (long long)field->number);
		break;
	case PL_KIND_TEXT:
		out = put_text(out, field->data, field->len);
		break;
	case PL_KIND_BLOB:
		out = put_bytes(out, field->data, field->len);
		break;
	}
	*out++ = end;
	chunk->len = (size_t)(out - chunk->text);
	return 0;
}

/* -- the connection, which does not block -- */

static int lost(struct pl_postgresql *db, struct pl_error *err)
{
	db->lost = 1;
	return pl_postgresql_failed(db->conn, NULL, err);
}

/* Waits until libpq has sent everything. What the server sends meanwhile is read, because
 * otherwise it would stop reading. */
static int flush(struct pl_postgresql *db, struct pl_error *err)
{
	const int64_t deadline = pl_monotonic_ms() + PL_POSTGRESQL_LONG_MS;
	int unsent;

	while ((unsent = PQflush(db->conn)) == 1) {
		struct pollfd fd = { .fd = PQsocket(db->conn), .events = POLLIN | POLLOUT };
		const int64_t left = deadline - pl_monotonic_ms();
		int ready = left <= 0 ? 0 : poll(&fd, 1, (int)left);

		if (ready == 0) {
			db->lost = 1;
			return pl_error_set(err, PL_ERR_RETRY, "the server does not answer");
		}
		if (ready < 0 && errno != EINTR)
			return lost(db, err);
		if (ready > 0 && (fd.revents & ~POLLOUT) != 0 && PQconsumeInput(db->conn) == 0)
			return lost(db, err);
	}
	return unsent < 0 ? lost(db, err) : 0;
}

static int send_chunk(struct pl_postgresql *db, struct chunk *chunk, struct pl_error *err)
{
	if (PQputCopyData(db->conn, chunk->text, (int)chunk->len) != 1)
		return lost(db, err);
	chunk->len = 0;
	return flush(db, err);
}

static int send_rows(struct pl_postgresql *db, const struct pl_row_source *source,
		     struct chunk *chunk, struct pl_error *err)
{
	struct pl_field row[PL_COLUMNS_MAX];
	int ret;

	while ((ret = source->next(source->context, row, err)) == 1) {
		for (int i = 0; i < source->column_count; i++) {
			const char end = i + 1 < source->column_count ? '\t' : '\n';

			if (put_field(chunk, &row[i], end) < 0)
				return pl_error_set(err, PL_ERR_RETRY, "out of memory");
		}
		if (chunk->len >= CHUNK && send_chunk(db, chunk, err) < 0)
			return -1;
	}
	return ret == 0 && chunk->len > 0 ? send_chunk(db, chunk, err) : ret;
}

/* The server's answer to COPY is that it waits for rows. */
static int begin_copy(struct pl_postgresql *db, const struct pl_row_source *source,
		      struct pl_error *err)
{
	char sql[SQL_MAX];
	PGresult *result;
	int ret;

	snprintf(sql, sizeof(sql), "COPY %s (%s) FROM STDIN", source->table, source->columns);
	if (!PQsendQuery(db->conn, sql))
		return lost(db, err);
	if (pl_postgresql_wait(db, db->wait_ms, err) < 0)
		return -1;
	result = PQgetResult(db->conn);
	if (PQresultStatus(result) == PGRES_COPY_IN) {
		PQclear(result);
		return 0;
	}
	ret = pl_postgresql_failed(db->conn, result, err);
	PQclear(result);
	/* Nothing follows but the word that nothing follows. */
	if (pl_postgresql_wait(db, db->wait_ms, NULL) == 0)
		PQclear(PQgetResult(db->conn));
	return ret;
}

/* Ends the rows; reason is why there are no more, NULL when these are all. */
static int end_copy(struct pl_postgresql *db, const char *reason, struct pl_error *err)
{
	PGresult *result;

	if (PQputCopyEnd(db->conn, reason) != 1)
		return lost(db, err);
	result = pl_postgresql_answer(db, 1, PL_POSTGRESQL_LONG_MS, err);
	PQclear(result);
	return result == NULL ? -1 : 0;
}

int pl_postgresql_insert_many(void *db_p, const struct pl_row_source *source, struct pl_error *err)
{
	struct pl_postgresql *db = db_p;
	struct chunk chunk = { 0 };
	int ret;

	if (pl_postgresql_is_lost(db))
		return pl_error_set(err, PL_ERR_RETRY, "the connection is lost");
	if (begin_copy(db, source, err) < 0)
		return -1;
	ret = send_rows(db, source, &chunk, err);
	if (ret == 0)
		ret = end_copy(db, NULL, err);
	else if (!pl_postgresql_is_lost(db))
		end_copy(db, "the rows could not be read", NULL); /* err says why */
	free(chunk.text);
	return ret;
}
