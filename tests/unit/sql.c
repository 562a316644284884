/* sql.c - see sql.h. */
#include "tests/unit/sql.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef HAVE_LIBPQ
#include <libpq-fe.h>
#endif

static const char *const tables[] = { "domain",  "member", "app_password",
				      "session", "token",  "audit" };

int is_postgresql(const char *db)
{
	return strncmp(db, "postgresql:", 11) == 0;
}

static void put_value(FILE *out, int index, const char *text)
{
	fprintf(out, "%s%s", index == 0 ? "" : "|", text == NULL ? "NULL" : text);
}

static void sqlite_rows(const char *db, const char *sql, FILE *out)
{
	sqlite3 *handle;
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_open_v2(db, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
					 NULL),
			 SQLITE_OK);
	sqlite3_busy_timeout(handle, 60000);
	while (*sql != '\0') {
		int code = sqlite3_prepare_v2(handle, sql, -1, &stmt, &sql);

		while (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
			for (int i = 0; i < sqlite3_column_count(stmt); i++)
				put_value(out, i, (const char *)sqlite3_column_text(stmt, i));
			fputc('\n', out);
			code = SQLITE_OK;
		}
		if (stmt != NULL && code != SQLITE_DONE)
			fail_msg("%s", sqlite3_errmsg(handle));
		sqlite3_finalize(stmt);
	}
	sqlite3_close(handle);
}

#ifdef HAVE_LIBPQ
/* To connect takes longer than most statements, so that each process does it once for a database. */
static PGconn *connection_to(const char *db)
{
	static PGconn *conn;
	static pid_t process;
	static char connected[256];

	if (conn != NULL && process == getpid() && strcmp(connected, db) == 0 &&
	    PQstatus(conn) == CONNECTION_OK)
		return conn;
	if (conn != NULL && process == getpid())
		PQfinish(conn);
	conn = PQconnectdb(db);
	process = getpid();
	snprintf(connected, sizeof(connected), "%s", db);
	return conn;
}

static void postgresql_rows(const char *db, const char *sql, FILE *out)
{
	PGconn *conn = connection_to(db);
	PGresult *result;

	/* The statements before may have set something, too. */
	PQclear(PQexec(conn, "DISCARD ALL"));
	PQclear(PQexec(conn, "SET client_min_messages = warning; SET search_path = postlatch"));
	result = PQexec(conn, sql);
	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	for (int row = 0; row < PQntuples(result); row++) {
		for (int i = 0; i < PQnfields(result); i++)
			put_value(out, i,
				  PQgetisnull(result, row, i) ? NULL : PQgetvalue(result, row, i));
		fputc('\n', out);
	}
	PQclear(result);
}

static void run_in(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	PQclear(result);
}

void *sql_begin(const char *db, const char *sql)
{
	PGconn *conn = PQconnectdb(db);

	run_in(conn, "SET search_path = postlatch; BEGIN");
	run_in(conn, sql);
	return conn;
}

void sql_commit(void *transaction)
{
	run_in(transaction, "COMMIT");
	PQfinish(transaction);
}
#else
void *sql_begin(const char *db, const char *sql)
{
	(void)sql;
	fail_msg("%s: built without PostgreSQL", db);
	return NULL;
}

void sql_commit(void *transaction)
{
	(void)transaction;
}

static void postgresql_rows(const char *db, const char *sql, FILE *out)
{
	(void)sql;
	(void)out;
	fail_msg("%s: built without PostgreSQL", db);
}
#endif

static void put_rows(const char *db, const char *sql, FILE *out)
{
	if (is_postgresql(db))
		postgresql_rows(db, sql, out);
	else
		sqlite_rows(db, sql, out);
}

/* All rows as lines; the caller frees them. */
static char *rows(const char *db, const char *sql)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	put_rows(db, sql, out);
	fclose(out);
	return text;
}

void sql_run(const char *db, const char *sql)
{
	free(rows(db, sql));
}

void sql_text(const char *db, const char *sql, char *buf, size_t size)
{
	char *text = rows(db, sql), *end = strrchr(text, '\n');

	if (end == NULL)
		fail_msg("%s: no row", sql);
	*end = '\0';
	snprintf(buf, size, "%s", text);
	free(text);
}

int64_t sql_int(const char *db, const char *sql)
{
	char text[64];

	sql_text(db, sql, text, sizeof(text));
	return strtoll(text, NULL, 10);
}

char *sql_everything(const char *db)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < COUNT(tables); i++) {
		char sql[64];

		snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY 1, 2", tables[i]);
		fprintf(out, "%s\n", tables[i]);
		put_rows(db, sql, out);
	}
	fclose(out);
	return text;
}

int sql_has_column(const char *db, const char *table, const char *column)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 is_postgresql(db)
			 ? "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = "
			   "'postlatch' "
			   "AND table_name = '%s' AND column_name = '%s'"
			 : "SELECT COUNT(*) FROM pragma_table_info('%s') WHERE name = '%s'",
		 table, column);
	return sql_int(db, sql) == 1;
}

/* Raw bytes are written in hexadecimal, so the text is looked for like that, too. */
int sql_holds(const char *db, const char *text)
{
	char *all =
		rows(db, "SET xmlbinary = hex; SELECT schema_to_xml('postlatch', true, false, '')");
	char hex[512] = "";
	int found;

	assert_true(strlen(text) < sizeof(hex) / 2);
	assert_non_null(strstr(all, "schema_history"));
	for (size_t i = 0; text[i] != '\0'; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)text[i]);
	found = strstr(all, text) != NULL || strcasestr(all, hex) != NULL;
	free(all);
	return found;
}
