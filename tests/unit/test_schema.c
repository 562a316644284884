/* test_schema.c - making, migrating, copying and checking a database. */
#include "fixture.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "totp.h"

/* Loads a dump that is kept with the tests. */
static void load_dump(struct fixture *fixture, const char *path)
{
	static char dump[65536];
	FILE *in = fopen(path, "r");
	size_t len;

	assert_non_null(in);
	len = fread(dump, 1, sizeof(dump) - 1, in);
	assert_true(feof(in) != 0 && len > 0);
	fclose(in);
	dump[len] = '\0';
	sql_run(fixture->db, dump);
}

static void load_version_1(struct fixture *fixture)
{
	sql_run(fixture->db, "PRAGMA journal_mode = WAL");
	load_dump(fixture, TEST_DATA "/schema-1.sql");
}

static void new_database_has_every_migration(void **state)
{
	struct fixture *fixture = *state;
	mode_t before = umask(077);
	struct stat st;
	int version = 0;

	assert_ok(fixture, pl_schema_create(fixture->uri, &fixture->err));
	umask(before);
	assert_int_equal(stat(fixture->db, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_ok(fixture, pl_schema_read_version(fixture->uri, &version, &fixture->err));
	assert_int_equal(version, pl_schema_version());
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM schema_history"), version);
	for (int i = 1; i <= version; i++) {
		char sql[96], title[128];

		snprintf(sql, sizeof(sql), "SELECT title FROM schema_history WHERE version = %d", i);
		sql_text(fixture->db, sql, title, sizeof(title));
		assert_string_equal(title, pl_schema_migration(i)->title);
	}
	assert_null(pl_schema_migration(0));
	assert_null(pl_schema_migration(version + 1));
}

static void existing_file_is_never_made_anew(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture->db, "somebody's", 10);
	assert_refused(fixture, pl_schema_create(fixture->uri, &fixture->err), PL_ERR_CONFLICT, "there already");
	assert_true(file_holds(fixture->db, "somebody's"));
}

static void newest_version_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	int from = 0, to = 0;

	assert_ok(fixture, pl_schema_migrate(fixture->uri, &from, &to, &fixture->err));
	assert_int_equal(from, pl_schema_version());
	assert_int_equal(to, pl_schema_version());
	assert_ok(fixture, pl_schema_migrate(fixture->uri, NULL, NULL, &fixture->err));
}

static void migrate_version_1(struct fixture *fixture)
{
	int from = 0, to = 0;

	load_version_1(fixture);
	assert_ok(fixture, pl_schema_migrate(fixture->uri, &from, &to, &fixture->err));
	assert_int_equal(from, 1);
	assert_int_equal(to, pl_schema_version());
	reopen(fixture, PL_ROLE_COMMAND);
}

static void version_1_keeps_members_and_settings(void **state)
{
	struct fixture *fixture = *state;
	struct pl_account account;

	migrate_version_1(fixture);
	account = account_of(fixture, "owner@example.test");
	assert_int_equal(account.member.id, 2);
	assert_int_equal(account.member.created_at, 1700000011);
	assert_string_equal(account.member.class_name, "staff");
	assert_int_equal(account.member.settings.value[PL_SETTING_POP3], PL_ON);
	assert_int_equal(account.member.settings.value[PL_SETTING_IMAP], PL_OFF);
	assert_int_equal(account.member.settings.value[PL_SETTING_USE], PL_SKIP);
	assert_int_equal(account.member.settings.value[PL_SETTING_SMTP], PL_UNSET);
	assert_int_equal(account.member.generation, 0);
	assert_int_equal(account.member.factor_registered, 0);
	assert_int_equal(account.domain.settings.value[PL_SETTING_POP3], PL_OFF);
	assert_int_equal(account.domain.settings.value[PL_SETTING_REQUIREMENT], PL_REQUIRED);
	account = account_of(fixture, "off@example.test");
	assert_int_equal(account.member.active, 0);
	account = account_of(fixture, "stranger@asleep.test");
	assert_int_equal(account.member.id, 0);
	assert_int_equal(account.domain.active, 0);
}

static void version_1_app_password_still_opens(void **state)
{
	struct fixture *fixture = *state;
	struct pl_app_password found;
	struct pl_secret folded;

	migrate_version_1(fixture);
	pl_secret_set(&folded, "abcdefghijklmnop", 16);
	assert_int_equal(pl_app_password_find(fixture->store, fixture->keys, 2, &folded, &found,
					      &fixture->err), 1);
	assert_int_equal(found.id, 4);
	assert_int_equal(found.services, 1u << PL_SETTING_SMTP);
	assert_string_equal(found.label, "office scanner");
	assert_string_equal(found.networks, "192.0.2.0/24");
	assert_int_equal(found.last_used_at, 1700000100);
	assert_string_equal(found.last_used_ip, "192.0.2.7");
}

static int note_record(const struct pl_audit_record *record, void *context)
{
	struct pl_audit_record **next = context;

	*(*next)++ = *record;
	return 0;
}

static void version_1_keeps_its_records(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_audit_filter filter = { .object = "owner@example.test", .limit = 10 };
	struct pl_audit_record records[10], *end = records;

	migrate_version_1(fixture);
	assert_ok(fixture, pl_audit_list(fixture->store, &filter, note_record, &end, &fixture->err));
	assert_int_equal(end - records, 2);
	assert_string_equal(records[0].action, "app-password.create");
	assert_string_equal(records[1].action, "member.add");
	assert_string_equal(records[1].after, "pop3=on");
	assert_int_equal(records[1].at, 1700000010);
}

static void version_1_can_do_what_is_new(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_address address = address_of("plain@example.test");
	struct pl_session session = { .expires_at = INT64_MAX }, found;
	struct pl_secret token;
	char problem[128];

	migrate_version_1(fixture);
	assert_ok(fixture, pl_session_issue(fixture->store, &fixture_actor, &address, &session, INT64_MAX,
					    &token, &fixture->err));
	assert_int_equal(pl_session_by_token(fixture->store, &token, 1, &found, &fixture->err), 1);
	add_member(fixture, "fourth@example.test", "");
	assert_int_equal(account_of(fixture, "fourth@example.test").member.id, 4);
	assert_ok(fixture, pl_schema_verify(fixture->uri, problem, sizeof(problem), &fixture->err));
	assert_string_equal(problem, "");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM pragma_foreign_key_check"), 0);
}

/* A factor of that time has no secret: it counts, and fits no code. */
static void version_2_keeps_factors_and_sessions(void **state)
{
	struct fixture *fixture = *state;
	struct pl_session session;
	struct pl_secret token;
	enum pl_code_result result;
	int64_t wait;
	int from = 0;

	load_version_1(fixture);
	load_dump(fixture, TEST_DATA "/schema-2.sql");
	assert_ok(fixture, pl_schema_migrate(fixture->uri, &from, NULL, &fixture->err));
	assert_int_equal(from, 2);
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(account_of(fixture, "owner@example.test").member.factor_registered, 1);
	assert_ok(fixture, pl_totp_take(fixture->store, fixture->keys, 2, "123456", 1700000300, &result, &wait,
					&fixture->err));
	assert_int_equal(result, PL_CODE_WRONG);
	pl_secret_set(&token, "pl_at_a-token-of-version-2", 26);
	assert_int_equal(pl_session_by_token(fixture->store, &token, 1700089999, &session, &fixture->err), 1);
	assert_int_equal(session.id, 9);
	assert_int_equal(session.seen_at, 1700000220);
	assert_int_equal(session.half, 0);
	assert_string_equal(session.address.local, "owner");
	/* Without a browser it cannot be idle. */
	assert_ok(fixture, pl_session_sweep(fixture->store, 1700089999, &fixture->err));
	assert_int_equal(pl_session_by_token(fixture->store, &token, 1700089999, &session, &fixture->err), 1);
}

/* What a migration leaves behind must be what a new database has. */
static void migrated_and_new_have_the_same_tables(void **state)
{
	static const char sql[] = "SELECT group_concat(t, ' ') FROM (SELECT m.name || '.' || c.name || ':' || "
				  "c.type || ':' || c.\"notnull\" || ':' || c.pk AS t FROM sqlite_schema m "
				  "JOIN pragma_table_info(m.name) c ORDER BY 1)";
	static char migrated[16384], fresh[16384];
	struct fixture *fixture = *state;

	migrate_version_1(fixture);
	sql_text(fixture->db, sql, migrated, sizeof(migrated));
	pl_store_close(&fixture->store);
	assert_int_equal(rename(fixture->db, path_in(fixture, "aside.db")), 0);
	assert_ok(fixture, pl_schema_create(fixture->uri, &fixture->err));
	sql_text(fixture->db, sql, fresh, sizeof(fresh));
	assert_non_null(strstr(fresh, "member.generation:BIGINT"));
	assert_string_equal(migrated, fresh);
}

static void older_version_is_refused_until_migrated(void **state)
{
	struct fixture *fixture = *state;

	load_version_1(fixture);
	assert_refused(fixture, pl_store_open(fixture->uri, PL_ROLE_LOGIN, &fixture->store, &fixture->err),
		       PL_ERR_CONFIG, "postlatch db migrate");
	assert_null(fixture->store);
	assert_int_equal(sql_int(fixture->db, "SELECT MAX(version) FROM schema_history"), 1);
}

static void newer_version_is_refused(void **state)
{
	struct fixture *fixture = *state;

	pl_store_close(&fixture->store);
	sql_run(fixture->db, "INSERT INTO schema_history VALUES (1000, 'from the future', 0)");
	assert_refused(fixture, pl_store_open(fixture->uri, PL_ROLE_LOGIN, &fixture->store, &fixture->err),
		       PL_ERR_CONFIG, "1000");
	assert_refused(fixture, pl_schema_migrate(fixture->uri, NULL, NULL, &fixture->err), PL_ERR_CONFIG, "1000");
	assert_int_equal(sql_int(fixture->db, "SELECT MAX(version) FROM schema_history"), 1000);
}

static void refused_everywhere(struct fixture *fixture, const char *word)
{
	int version;

	assert_refused(fixture, pl_store_open(fixture->uri, PL_ROLE_LOGIN, &fixture->store, &fixture->err),
		       PL_ERR_CONFIG, word);
	assert_refused(fixture, pl_schema_migrate(fixture->uri, NULL, NULL, &fixture->err), PL_ERR_CONFIG, word);
	assert_refused(fixture, pl_schema_read_version(fixture->uri, &version, &fixture->err), PL_ERR_CONFIG, word);
}

static void files_that_are_no_database_are_refused(void **state)
{
	struct fixture *fixture = *state;
	char text[4096];

	memset(text, 'x', sizeof(text));
	write_file(fixture->db, text, sizeof(text));
	refused_everywhere(fixture, "damaged");
	write_file(fixture->db, "", 0);
	refused_everywhere(fixture, "not a database of Postlatch");
	unlink(fixture->db);
	sql_run(fixture->db, "CREATE TABLE recipes (title TEXT)");
	refused_everywhere(fixture, "not a database of Postlatch");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM sqlite_schema"), 1);
}

/* Two of the tables that a migration makes are in its way: what it did before
 * it came to them must be undone. */
static void migration_that_fails_half_way_is_undone(void **state)
{
	struct fixture *fixture = *state;
	char *before, *after;

	load_version_1(fixture);
	sql_run(fixture->db, "CREATE TABLE session (x, y); CREATE TABLE token (x, y)");
	before = sql_everything(fixture->db);
	assert_refused(fixture, pl_schema_migrate(fixture->uri, NULL, NULL, &fixture->err), PL_ERR_INTERNAL,
		       "migration 2 (second factors");
	after = sql_everything(fixture->db);
	assert_string_equal(after, before);
	free(before);
	free(after);
	assert_int_equal(sql_int(fixture->db, "SELECT MAX(version) FROM schema_history"), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM pragma_table_info('member') "
					      "WHERE name = 'generation'"), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'totp'"), 0);
	sql_run(fixture->db, "DROP TABLE session; DROP TABLE token");
	assert_ok(fixture, pl_schema_migrate(fixture->uri, NULL, NULL, &fixture->err));
	reopen(fixture, PL_ROLE_COMMAND);
}

static void backup_is_whole_and_private(void **state)
{
	struct fixture *fixture = *state;
	const char *copy = path_in(fixture, "copy.db");
	char *original, *copied;
	struct stat st;

	add_member(fixture, "user@example.test", "pop3=off");
	assert_ok(fixture, pl_schema_backup(fixture->uri, copy, NULL, &fixture->err));
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	original = sql_everything(fixture->db);
	copied = sql_everything(copy);
	assert_string_equal(copied, original);
	free(original);
	free(copied);
	assert_refused(fixture, pl_schema_backup(fixture->uri, copy, NULL, &fixture->err), PL_ERR_CONFLICT,
		       "there already");
}

static void damage_is_found(void **state)
{
	struct fixture *fixture = *state;
	char problem[256] = "";

	for (int i = 0; i < 50; i++) {
		char address[64];

		snprintf(address, sizeof(address), "user%d@example.test", i);
		add_member(fixture, address, "");
	}
	pl_store_close(&fixture->store);
	/* An index that no longer agrees with its table. */
	sql_run(fixture->db, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'audit_object'; "
			     "INSERT INTO sqlite_schema SELECT 'index', 'audit_object', 'audit', rootpage, "
			     "'CREATE INDEX audit_object ON audit (object, id)' FROM sqlite_schema "
			     "WHERE name = 'sqlite_autoindex_domain_1'");
	assert_ok(fixture, pl_schema_verify(fixture->uri, problem, sizeof(problem), &fixture->err));
	assert_string_not_equal(problem, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_FOLDER(new_database_has_every_migration),
		TEST_IN_FOLDER(existing_file_is_never_made_anew),
		TEST_WITH_DATABASE(newest_version_is_left_alone),
		TEST_IN_FOLDER(version_1_keeps_members_and_settings),
		TEST_IN_FOLDER(version_1_app_password_still_opens),
		TEST_IN_FOLDER(version_1_keeps_its_records),
		TEST_IN_FOLDER(version_1_can_do_what_is_new),
		TEST_IN_FOLDER(version_2_keeps_factors_and_sessions),
		TEST_IN_FOLDER(migrated_and_new_have_the_same_tables),
		TEST_IN_FOLDER(older_version_is_refused_until_migrated),
		TEST_WITH_DATABASE(newer_version_is_refused),
		TEST_IN_FOLDER(files_that_are_no_database_are_refused),
		TEST_IN_FOLDER(migration_that_fails_half_way_is_undone),
		TEST_WITH_DATABASE(backup_is_whole_and_private),
		TEST_WITH_DATABASE(damage_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
