/* store_postgresql_connect.c - from the connection string to a session that is ready. */
#include "policy/store/store_postgresql.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/monotonic.h"

#define SCHEME "postgresql://"
#define IDLE_MS 10000  /* that a transaction may go without a statement */
#define OPTIONS_MAX 96 /* libpq knows about forty */
/* libpq of Debian 12 cannot be told to use the system's authorities by a word. */
#define SYSTEM_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

/* What holds where the connection string is silent. A server that is gone must be
 * noticed within seconds, and so must one that has stopped to answer. */
static const struct {
	const char *name, *value;
} defaults[] = {
	{ "target_session_attrs", "read-write" },
	{ "connect_timeout", "2" },
	{ "keepalives_idle", "10" },
	{ "keepalives_interval", "5" },
	{ "keepalives_count", "3" },
	{ "tcp_user_timeout", "5000" },
	{ "gssencmode", "disable" },
	{ "client_encoding", "UTF8" },
};

struct parameters {
	PQconninfoOption *given; /* as the string has them */
	const char *names[OPTIONS_MAX], *values[OPTIONS_MAX];
	size_t count;
};

int pl_postgresql_statement_ms(enum pl_role role)
{
	switch (role) {
	case PL_ROLE_LOGIN:
	case PL_ROLE_MILTER:
		return 1000;
	case PL_ROLE_USE:
	case PL_ROLE_PORTAL:
	case PL_ROLE_CONSOLE:
	case PL_ROLE_SENDER:
		return 5000;
	case PL_ROLE_COMMAND:
		return 60000;
	}
	return 1000;
}

static PQconninfoOption *parse(const char *location)
{
	size_t size = strlen(SCHEME) + strlen(location) + 1;
	char *uri = malloc(size);
	PQconninfoOption *given;

	if (uri == NULL)
		return NULL;
	snprintf(uri, size, "%s%s", SCHEME, location);
	given = PQconninfoParse(uri, NULL);
	free(uri);
	return given;
}

/* An empty value is none for libpq, too: "?hostaddr=" names no address. */
static const char *given_value(PQconninfoOption *given, const char *name)
{
	for (; given != NULL && given->keyword != NULL; given++) {
		if (strcmp(given->keyword, name) == 0)
			return given->val != NULL && given->val[0] != '\0' ? given->val : NULL;
	}
	return NULL;
}

static void add(struct parameters *p, const char *name, const char *value)
{
	if (p->count + 1 < OPTIONS_MAX) {
		p->names[p->count] = name;
		p->values[p->count++] = value;
	}
}

static void add_default(struct parameters *p, const char *name, const char *value)
{
	if (given_value(p->given, name) == NULL)
		add(p, name, value);
}

static int is_local(const char *host, size_t len)
{
	return len == 0 || host[0] == '/' || host[0] == '@' || strncmp(host, "127.", 4) == 0 ||
	       (len == 3 && strncmp(host, "::1", 3) == 0) ||
	       (len == 9 && strncmp(host, "localhost", 9) == 0);
}

/* Whether no host of the list is another machine. */
static int all_local(PQconninfoOption *given)
{
	const char *hosts = given_value(given, "hostaddr");

	if (hosts == NULL)
		hosts = given_value(given, "host");
	/* Which host a service of pg_service.conf names is not seen here. */
	if (hosts == NULL && given_value(given, "service") != NULL)
		return 0;
	while (hosts != NULL && *hosts != '\0') {
		size_t len = strcspn(hosts, ",");

		if (!is_local(hosts, len))
			return 0;
		hosts += len + (hosts[len] == ',');
	}
	return 1;
}

/* Over the network the server must prove its name. */
static void add_tls(struct parameters *p)
{
	if (given_value(p->given, "sslmode") != NULL || all_local(p->given))
		return;
	add(p, "sslmode", "verify-full");
	add_default(p, "sslrootcert", SYSTEM_AUTHORITIES);
}

/* A password with '@' or '/' in it is cut there, and its rest taken for a name, which
 * would be shown. (An abstract socket begins with '@'.) */
static int looks_like_password(PQconninfoOption *given)
{
	static const char *const names[] = { "host", "hostaddr", "port", "dbname" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = given_value(given, names[i]);

		if (value != NULL && *value != '\0' && strchr(value + 1, '@') != NULL)
			return 1;
	}
	return 0;
}

static int read_parameters(const char *location, struct parameters *p, struct pl_error *err)
{
	p->count = 0;
	p->given = parse(location);
	/* libpq's own words may quote the part that holds the password. */
	if (p->given == NULL)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "the connection string is none: it must be "
				    "postgresql://USER@HOST,HOST/NAME?WORD=VALUE");
	if (looks_like_password(p->given)) {
		PQconninfoFree(p->given);
		return pl_error_set(err, PL_ERR_CONFIG,
				    "the connection string has an @ too many: in a password write "
				    "%%40 for @, %%2F for / and %%3A for :");
	}
	for (PQconninfoOption *o = p->given; o->keyword != NULL; o++) {
		if (o->val != NULL)
			add(p, o->keyword, o->val);
	}
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		add_default(p, defaults[i].name, defaults[i].value);
	add_default(p, "fallback_application_name", "postlatch");
	add_tls(p);
	p->names[p->count] = NULL;
	p->values[p->count] = NULL;
	return 0;
}

void pl_postgresql_describe(const char *location, char *buf, size_t size)
{
	PQconninfoOption *given = parse(location);
	const char *host = given_value(given, "host"), *name = given_value(given, "dbname");

	if (host == NULL)
		host = given_value(given, "hostaddr");
	if (given == NULL || looks_like_password(given))
		snprintf(buf, size, "?");
	else
		snprintf(buf, size, "%s/%s", host == NULL ? "" : host, name == NULL ? "" : name);
	PQconninfoFree(given);
}

/* One line of what libpq says; it is never about a password, but in several lines. */
static void copy_line(const char *text, char *line, size_t size)
{
	size_t len;

	snprintf(line, size, "%s", text == NULL ? "" : text);
	for (char *c = line; *c != '\0'; c++) {
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	}
	for (len = strlen(line); len > 0 && line[len - 1] == ' '; len--)
		line[len - 1] = '\0';
}

/* The classes of SQLSTATE that may heal: connection, resources, transaction
 * rollback, being stopped, system error, damage, lock and read-only server. */
static enum pl_errc code_of(const char *state)
{
	static const char *const healing[] = { "08", "53",    "40",    "57",   "58",
					       "XX", "55P03", "25006", "42501" };

	if (state == NULL)
		return PL_ERR_RETRY; /* libpq's own: the connection */
	if (strncmp(state, "23", 2) == 0)
		return PL_ERR_CONFLICT;
	for (size_t i = 0; i < sizeof(healing) / sizeof(healing[0]); i++) {
		if (strncmp(state, healing[i], strlen(healing[i])) == 0)
			return PL_ERR_RETRY;
	}
	return PL_ERR_INTERNAL;
}

int pl_postgresql_failed(PGconn *conn, const PGresult *result, struct pl_error *err)
{
	const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *words =
		result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const enum pl_errc code = code_of(state);
	char line[300];

	copy_line(words != NULL ? words : PQerrorMessage(conn), line, sizeof(line));
	if (code == PL_ERR_CONFLICT)
		return pl_error_set(err, code, "it already exists (%s)", line);
	if (state != NULL && strcmp(state, "55P03") == 0)
		return pl_error_set(err, code, "the database is locked by another program (%s)",
				    line);
	return pl_error_set(err, code, "%s", line[0] == '\0' ? "the connection is lost" : line);
}

/* Waits until libpq has something to read, or room for what it has to send. */
static int wait_for_server(PGconn *conn, int64_t deadline, struct pl_error *err)
{
	struct pollfd fd = { .fd = PQsocket(conn), .events = POLLIN };
	int unsent = PQflush(conn), ret;

	if (unsent < 0)
		return pl_postgresql_failed(conn, NULL, err);
	if (unsent == 1)
		fd.events |= POLLOUT;
	do {
		int64_t left = deadline - pl_monotonic_ms();

		ret = left <= 0 ? 0 : poll(&fd, 1, (int)left);
	} while (ret < 0 && errno == EINTR);
	if (ret == 0)
		return pl_error_set(err, PL_ERR_RETRY, "the server does not answer");
	if ((fd.revents & ~POLLOUT) != 0 && PQconsumeInput(conn) == 0)
		return pl_postgresql_failed(conn, NULL, err);
	return 0;
}

static int wait_until(PGconn *conn, int64_t deadline, struct pl_error *err)
{
	while (PQisBusy(conn)) {
		if (wait_for_server(conn, deadline, err) < 0)
			return -1;
	}
	return 0;
}

int pl_postgresql_is_lost(const struct pl_postgresql *db)
{
	return db->lost || PQstatus(db->conn) != CONNECTION_OK;
}

int pl_postgresql_wait(struct pl_postgresql *db, int wait_ms, struct pl_error *err)
{
	const int64_t begun = pl_monotonic_ms();
	int ret = wait_until(db->conn, begun + pl_budget_limit(db->budget, wait_ms), err);

	pl_budget_spend(db->budget, begun);
	if (ret < 0)
		db->lost = 1;
	return ret;
}

/* The whole answer; NULL and err when the connection is of no more use. */
static PGresult *result_of(PGconn *conn, int wait_ms, struct pl_error *err)
{
	const int64_t deadline = pl_monotonic_ms() + wait_ms;
	PGresult *kept = NULL, *next;

	/* Of several statements in one string, the fault or else the last. */
	for (;;) {
		if (wait_until(conn, deadline, err) < 0) {
			PQclear(kept);
			return NULL;
		}
		next = PQgetResult(conn);
		if (next == NULL)
			break;
		if (kept != NULL && PQresultStatus(kept) == PGRES_FATAL_ERROR) {
			PQclear(next);
			continue;
		}
		PQclear(kept);
		kept = next;
	}
	if (kept == NULL)
		pl_postgresql_failed(conn, NULL, err);
	return kept;
}

PGresult *pl_postgresql_answer(struct pl_postgresql *db, int is_sent, int wait_ms,
			       struct pl_error *err)
{
	const int64_t begun = pl_monotonic_ms();
	PGresult *result;

	if (!is_sent) {
		pl_postgresql_failed(db->conn, NULL, err);
		return NULL;
	}
	result = result_of(db->conn, pl_budget_limit(db->budget, wait_ms), err);
	pl_budget_spend(db->budget, begun);
	if (result == NULL) {
		db->lost = 1;
		return NULL;
	}
	if (PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK)
		return result;
	pl_postgresql_failed(db->conn, result, err);
	PQclear(result);
	return NULL;
}

static void no_notice(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

/* Reading roles may not write even if a statement of theirs tried to. Only our own
 * schema is searched, and temporary tables last, so that nothing of the same name
 * elsewhere is ever taken for ours. The server must notice as fast as we do that the
 * other end is gone or stands still: the lock of all writers may be in its hands. Compiling a
 * statement takes longer than any of ours that is run often. Set
 * here and not in the connection string, which a pooler between may not pass on. */
static int settle(PGconn *conn, enum pl_role role, struct pl_error *err)
{
	const int is_reader = role == PL_ROLE_LOGIN || role == PL_ROLE_MILTER;
	const char *encoding = PQparameterStatus(conn, "server_encoding");
	char sql[512];
	PGresult *result;
	int ret = 0;

	if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "its encoding must be UTF8: create it anew with "
				    "ENCODING 'UTF8' TEMPLATE template0");
	snprintf(sql, sizeof(sql),
		 "SET search_path = postlatch, pg_temp; SET lock_timeout = %d; "
		 "SET statement_timeout = %d; SET default_transaction_read_only = %s; "
		 "SET idle_in_transaction_session_timeout = %d; SET tcp_keepalives_idle = 10; "
		 "SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET "
		 "tcp_user_timeout = 5000; SET jit = off",
		 PL_STORE_WAIT, pl_postgresql_statement_ms(role), is_reader ? "on" : "off",
		 IDLE_MS);
	if (PQsendQuery(conn, sql) == 0)
		return pl_postgresql_failed(conn, NULL, err);
	result = result_of(conn, PL_STORE_WAIT, err);
	if (result == NULL)
		return -1;
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		ret = pl_postgresql_failed(conn, result, err);
	PQclear(result);
	return ret;
}

int pl_postgresql_connect(const char *location, enum pl_role role, PGconn **conn_r,
			  struct pl_error *err)
{
	struct parameters p;
	PGconn *conn;
	int ret = 0;

	*conn_r = NULL;
	if (read_parameters(location, &p, err) < 0)
		return -1;
	conn = PQconnectdbParams(p.names, p.values, 0);
	PQconninfoFree(p.given);
	if (conn == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	PQsetNoticeReceiver(conn, no_notice, NULL);
	if (PQstatus(conn) != CONNECTION_OK)
		ret = pl_postgresql_failed(conn, NULL, err);
	else if (PQsetnonblocking(conn, 1) < 0)
		ret = pl_error_set(err, PL_ERR_RETRY, "out of memory");
	else
		ret = settle(conn, role, err);
	if (ret < 0) {
		PQfinish(conn);
		return -1;
	}
	*conn_r = conn;
	return 0;
}
