#include "fixture.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_1 "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

const struct pl_actor fixture_actor = { .who = "tester", .from = "192.0.2.1" };

const char *path_in(const struct fixture *fixture, const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", fixture->dir, name);
	return path;
}

void write_file(const char *path, const char *text, size_t len)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

int make_folder(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	strcpy(fixture->dir, "/tmp/postlatch-test-XXXXXX");
	if (mkdtemp(fixture->dir) == NULL)
		return -1;
	snprintf(fixture->db, sizeof(fixture->db), "%s/test.db", fixture->dir);
	snprintf(fixture->uri, sizeof(fixture->uri), "sqlite:%s", fixture->db);
	fixture->policy = policy_of("");
	write_file(path_in(fixture, "verify.key"), KEY_1, strlen(KEY_1));
	chmod(path_in(fixture, "verify.key"), 0600);
	return pl_keys_load(path_in(fixture, "verify.key"), &fixture->keys, &fixture->err);
}

int make_database(void **state)
{
	struct fixture *fixture;

	if (make_folder(state) < 0)
		return -1;
	fixture = *state;
	assert_ok(fixture, pl_schema_create(fixture->uri, &fixture->err));
	reopen(fixture, PL_ROLE_COMMAND);
	return 0;
}

int remove_all(void **state)
{
	struct fixture *fixture = *state;
	char command[128];

	pl_store_close(&fixture->store);
	pl_keys_free(&fixture->keys);
	pl_policy_unref(&fixture->policy);
	snprintf(command, sizeof(command), "rm -rf %s", fixture->dir);
	free(fixture);
	return system(command);
}

void reopen(struct fixture *fixture, enum pl_role role)
{
	pl_store_close(&fixture->store);
	assert_ok(fixture, pl_store_open(fixture->uri, role, &fixture->store, &fixture->err));
}

struct pl_address address_of(const char *text)
{
	struct pl_address address;

	assert_int_equal(pl_address_parse(text, strlen(text), NULL, &address, NULL), 0);
	return address;
}

struct pl_policy *policy_of(const char *text)
{
	struct pl_policy *policy;
	struct pl_error err = { 0 };

	if (pl_policy_parse(text, strlen(text), "policy.conf", &policy, &err) < 0)
		fail_msg("%s", err.msg);
	return policy;
}

struct pl_change change_of(const char *words, enum pl_layer_bit where)
{
	struct pl_change change = { 0 };
	char copy[256], *rest = copy;
	const char *word;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, " ")) != NULL) {
		if (*word != '\0')
			assert_int_equal(pl_change_parse(word, where, &change, NULL), 0);
	}
	return change;
}

void add_domain(struct fixture *fixture, const char *name, const char *settings)
{
	const struct pl_change change = change_of(settings, PL_AT_DOMAIN);

	assert_ok(fixture, pl_domain_add(fixture->store, &fixture_actor, name, &change, NULL, &fixture->err));
}

void add_member(struct fixture *fixture, const char *address, const char *settings)
{
	const struct pl_change change = change_of(settings, PL_AT_MEMBER);
	const struct pl_address parsed = address_of(address);

	assert_ok(fixture, pl_member_add(fixture->store, &fixture_actor, &parsed, &change, &fixture->err));
}

struct pl_account account_of(struct fixture *fixture, const char *address)
{
	const struct pl_address parsed = address_of(address);
	struct pl_account account;

	assert_ok(fixture, pl_account_get(fixture->store, &parsed, &account, &fixture->err));
	return account;
}

static sqlite3 *sql_open(const char *db)
{
	sqlite3 *handle;

	assert_int_equal(sqlite3_open_v2(db, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
			 SQLITE_OK);
	sqlite3_busy_timeout(handle, 60000);
	return handle;
}

void sql_run(const char *db, const char *sql)
{
	sqlite3 *handle = sql_open(db);
	char *why = NULL;

	if (sqlite3_exec(handle, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(handle);
}

void sql_text(const char *db, const char *sql, char *buf, size_t size)
{
	sqlite3 *handle = sql_open(db);
	sqlite3_stmt *stmt;
	const unsigned char *text;

	if (sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
	text = sqlite3_column_text(stmt, 0);
	snprintf(buf, size, "%s", text == NULL ? "NULL" : (const char *)text);
	sqlite3_finalize(stmt);
	sqlite3_close(handle);
}

int64_t sql_int(const char *db, const char *sql)
{
	char text[64];

	sql_text(db, sql, text, sizeof(text));
	return strtoll(text, NULL, 10);
}

static void dump_table(sqlite3 *handle, const char *table, FILE *out)
{
	sqlite3_stmt *stmt;
	char sql[64];

	snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY 1, 2", table);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		fprintf(out, "%s", table);
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			const unsigned char *text = sqlite3_column_text(stmt, i);

			fprintf(out, "|%s", text == NULL ? "NULL" : (const char *)text);
		}
		fputc('\n', out);
	}
	sqlite3_finalize(stmt);
}

char *sql_everything(const char *db)
{
	static const char *const tables[] = { "domain", "member", "app_password", "session", "token", "audit" };
	sqlite3 *handle = sql_open(db);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < COUNT(tables); i++)
		dump_table(handle, tables[i], out);
	fclose(out);
	sqlite3_close(handle);
	return text;
}

int file_holds(const char *path, const char *text)
{
	FILE *in = fopen(path, "r");
	struct stat st;
	char *data;
	int found;

	if (in == NULL)
		return 0;
	assert_int_equal(fstat(fileno(in), &st), 0);
	data = malloc((size_t)st.st_size + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, (size_t)st.st_size, in), st.st_size);
	fclose(in);
	found = memmem(data, (size_t)st.st_size, text, strlen(text)) != NULL;
	free(data);
	return found;
}

int database_holds(const struct fixture *fixture, const char *text)
{
	return file_holds(fixture->db, text) || file_holds(path_in(fixture, "test.db-wal"), text);
}
