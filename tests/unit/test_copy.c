/* test_copy.c - a database into another, of the same kind or not. */
#include "tests/unit/fixture.h"

#include <stdlib.h>

#include "policy/store/schema_copy.h"

/* Rows in every table: keys in another order by bytes than by language, bytes that are no
 * text, text with what divides words elsewhere, NULLs, and numbers of every size. */
static const char rows[] =
	"INSERT INTO domain (id, name, active, created_at, settings) VALUES (3, 'example.test', 1, "
	"1700000000, 'pop3=off');"
	"INSERT INTO domain (id, name, active, created_at) VALUES (5, 'a.test', 0, "
	"9223372036854775807);"
	"INSERT INTO domain (id, name, active, created_at, alias_of) VALUES (1, 'alias.test', 1, "
	"0, 3);"
	"INSERT INTO member (id, domain_id, local, active, class, created_at, generation) VALUES "
	"(7, 3, 'user', 1, '', 0, -1), (2, 3, 'other', 1, 'a|b', 1, 2);"
	"INSERT INTO member_use VALUES (7, 'imap', 'app-password', 1, '192.0.2.1'), (7, 'imap', "
	"'Zeta', 1, ''), (7, 'Zeta', 'unknown', 2, '::1'), (7, 'smtp', 'unknown', 3, '');"
	"INSERT INTO login_record (id, member_id, refused, day, first_at, at, times, service, ip, "
	"credential, app_password_id, label, rule) VALUES (4, 7, 1, 0, 1, 2, 3, 'imap', '::1', "
	"'unknown', 0, '', 'wrong-password');"
	"INSERT INTO connection_test VALUES (7, 1, 601, '', 1);"
	"INSERT INTO connection_attempt VALUES (5, 7, 2, 'smtp', 0, 'none', 'PLAIN', 'user', "
	"'::1', "
	"'name-invalid', 0);"
	"INSERT INTO retirement_notice VALUES (7, 20878, 14);"
	"INSERT INTO member_delivery VALUES (7, 99);"
	"INSERT INTO forward VALUES (7, 1, 0, 5);"
	"INSERT INTO forward_target VALUES (3, 7, 'Me@other.test', 'other.test', 5, NULL, 'code', "
	"{0A}, "
	"6, 1);"
	"INSERT INTO forward_code VALUES (2, 7, 'me@other.test', 5);"
	"INSERT INTO attachment_link (id, member_id, digest, origin, subject, made_at, expires_at, "
	"downloads_most) VALUES (6, 7, {0B}, 'mail', '', 1, 2, 3);"
	"INSERT INTO attachment_file VALUES (8, 6, 'ab', 'a\tb', 'text/plain', 9, 1, 2), (9, 6, "
	"NULL, "
	"'', '', 0, 0, 0);"
	"INSERT INTO attachment_download VALUES (8, {00}, 5);"
	"INSERT INTO attachment_traffic VALUES (7, 86400, 2, 5000000000);"
	"INSERT INTO app_password (id, member_id, mac, key_id, label, services, networks, "
	"expires_at, created_at) "
	"VALUES (1, 7, {00FF0A}, 1, 'line\nbreak \xED\x95\x9C', 'all', '', 0, 0), "
	"(2, 7, {5C095C0A0D}, 1, 'tab\t, back\\slash, \r\n\\', '\\N', '\\.', 0, 0), "
	"(3, 7, {}, 1, '\\', '\\x41', '\\n', 0, 0);"
	"INSERT INTO app_password_network VALUES (1, '192.0.2.0/24', 5), (1, '2001:db8::/48', 6);"
	"INSERT INTO profile_link VALUES ({0A00}, 1, {FF}, 5);"
	"INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) VALUES (7, 1, "
	"1, ''), "
	"(2, 1, 9, '::1');"
	"INSERT INTO totp (member_id, registered_at, registered_ip, secret) VALUES (7, 1, '', "
	"{DEADBEEF00}), (2, 1, '', NULL);"
	"INSERT INTO recovery_code VALUES (7, {FF}, 1), (7, {00}, 1), (2, {7F}, 1);"
	"INSERT INTO factor_failure VALUES (7, 3, 4);"
	"INSERT INTO sign_in_failure (origin, name, failed_at) VALUES ('192.0.2.0', {00}, 5);"
	"INSERT INTO trusted_device (id, member_id, series, value, rotated_at, generation, name, "
	"created_at, "
	"expires_at, used_at, ip) VALUES (4, 7, {01}, {02}, 1, 1, 'Browser', 1, 2, 3, '');"
	"INSERT INTO session (id, member_id, channel, generation, created_at, expires_at, ip, "
	"device, cookie, trusted_id) "
	"VALUES (9, 7, 'webmail', 1, 1, 2, '', '', {AA}, 4), (10, 2, 'client', 1, 1, 2, '', '', "
	"NULL, NULL);"
	"INSERT INTO attachment_upload VALUES (5, 7, 9, {0102}, 'a', 'b/c', 5000000000, 1, NULL);"
	"INSERT INTO totp_pending VALUES (9, {00}, 5);"
	"INSERT INTO passkey (id, member_id, credential, algorithm, public_key, user_handle, "
	"counter, backup_eligible, backed_up, name, transports, created_at, created_ip) VALUES "
	"(3, 7, {00FF}, -7, {01}, {02}, 4294967295, 1, 0, '열쇠', 'internal', 1, '::1');"
	"INSERT INTO passkey_challenge VALUES ({11}, 9, 'prove', {22}, 5);"
	"INSERT INTO passkey_sign_in VALUES ({44}, {55}, 7, 5), ({45}, NULL, 7, 6);"
	"INSERT INTO approval_device (id, member_id, public_key, name, created_at, created_ip, "
	"lock_credential, lock_key, lock_algorithm) VALUES (4, 7, {0401}, '전화', 1, '::1', {66}, "
	"{77}, -7);"
	"INSERT INTO approval_enrolment VALUES (7, 9, {33}, {44}, 5, 1, NULL, NULL, NULL, NULL, "
	"NULL, "
	"NULL, 0, 0);"
	"INSERT INTO web_push_key VALUES (2, {F0}, 7);"
	"INSERT INTO approval_try VALUES (6, 1);"
	"INSERT INTO approval_request VALUES (5, {55}, 7, NULL, 1, 42, 'open', 1, 2, '::1', '');"
	"INSERT INTO recovery_decision VALUES (4, 99, 'gone@example.test', 'agree', 1, 'ab', 'ko', "
	"5, '::1', 'Browser');"
	"INSERT INTO recovery_contact VALUES (7, 'mail', {AB}, 5, NULL), (7, 'phone', NULL, NULL, "
	"6);"
	"INSERT INTO recovery_change VALUES (7, 'mail', {CD}, NULL, 1, NULL, 9, {EF});"
	"INSERT INTO recovery_code_sent VALUES (3, 7, 'mail', {12}, 5), (4, 7, 'phone', NULL, 6);"
	"INSERT INTO recovery_request (id, digest, member_id, name, kind, origin, ip, device, "
	"language, "
	"by_administrator, asked_at, waits, code, expires_at, tries, proved_at) VALUES (5, {21}, "
	"7, '', "
	"'mail', '::/64', '::1', '', 'ko', 0, 5, 0, {22}, 6, 1, NULL), (6, {23}, NULL, 'x@y.test', "
	"'phone', '', '', '', '', 1, 5, 1, NULL, 6, 0, NULL);"
	"INSERT INTO oauth_client (id, name, secret, channel, redirect_uris, logout_uris, "
	"created_at) VALUES ('b', 'B', NULL, 'webmail', '', '', 0), ('B', 'b', {01}, "
	"'webmail', '', '', 0), "
	"('\xC3\xA9', '', NULL, 'webmail', '', '', 0), ('_', '', NULL, 'webmail', '', '', 0);"
	"INSERT INTO oauth_grant (id, session_id, client_id, code, code_expires_at, redirect_uri, "
	"challenge, scope, nonce) "
	"VALUES (1, 9, 'b', {0102}, 1, '', '', '', '');"
	"INSERT INTO consent_request VALUES ({0A}, 9, 'b', 5, '', '', '', '', NULL), ({0B}, 9, "
	"'b', "
	"5, '', '', '', '', 'state');"
	"INSERT INTO token VALUES ({FE}, 9, 1, 0, 1), ({0000}, 9, 1, 0, NULL);"
	"INSERT INTO refresh_token VALUES ({03}, 1, 1, NULL);"
	"INSERT INTO signing_key (id, secret, created_at) VALUES ('k', {01}, 1), ('K', {02}, 1);"
	"INSERT INTO outbox (member_id, kind, what, made_at, due_at, expires_at, payload, sealed)"
	" VALUES (7, 'notice', 'factor-reset', 5, 6, 7, 'ip=192.0.2.1', {0100FF});"
	"INSERT INTO administrator (id, member_id, role, made_at, made_by)"
	" VALUES (3, 7, 'domain', 1, 'root'), (5, NULL, 'server', 1, 'root');"
	"INSERT INTO administrator_domain VALUES (3, 5);"
	"INSERT INTO api_key VALUES (5, {04}, 'backup', '', NULL, 6, '192.0.2.1');"
	"INSERT INTO login_count VALUES (3600, 0, 'imap', 'client', 'unknown', 'Zeta', 'refused', "
	"5), "
	"(3600, 0, 'imap', 'client', 'unknown', 'alpha', 'refused', 6);"
	"INSERT INTO guess_count VALUES (0, 0, '2001:db8::/64', 9), (0, 5, '192.0.2.1', 2);"
	"INSERT INTO adoption VALUES (86400, 5, 7, 6, 5, 4, 3, 2, 1);"
	"INSERT INTO job VALUES (4, 3, 'a@b.test', '192.0.2.1', 'change', 'pop3=off', 'domain=', "
	"NULL, 1, NULL,"
	" 'running', '', 7, 9, 2, 1, 0, 0, 0, 'runner', 5, 0);"
	"INSERT INTO job_member VALUES (4, 7, 'a@b.test', 'changed', '', 'pop3=on', 'pop3=off');"
	"INSERT INTO job_file VALUES (4, 9, '9 a@b.test pop3=off');"
	"INSERT INTO audit (id, at, who, source, action, object, before, after) VALUES (8, 1, '', "
	"'', '', '', '', '')";

static void add_rows(struct fixture *fixture)
{
	char sql[sizeof(rows) + 512], *out = sql;
	const char *begin = is_postgresql(fixture->db) ? "'\\x" : "X'";

	for (const char *in = rows; *in != '\0'; in++) {
		if (*in == '{')
			out = stpcpy(out, begin);
		else
			*out++ = *in == '}' ? '\'' : *in;
	}
	*out = '\0';
	sql_run(fixture->db, sql);
}

static const char *make_other(struct fixture *fixture, const char *name)
{
	static char uris[2][160];
	static int next;
	char *uri = uris[next++ % 2];

	snprintf(uri, sizeof(uris[0]), "sqlite:%s", path_in(fixture, name));
	assert_ok(fixture, pl_schema_create(uri, &fixture->err));
	return uri;
}

static void make_anew(struct fixture *fixture)
{
	pl_store_close(&fixture->store);
	if (is_postgresql(fixture->db))
		sql_run(fixture->db, "DROP SCHEMA postlatch CASCADE");
	else
		remove(fixture->db);
	assert_ok(fixture, pl_schema_create(fixture->uri, &fixture->err));
}

static void assert_same(const struct pl_copied a[], const struct pl_copied b[])
{
	for (size_t i = 0; i < PL_COPY_TABLES; i++) {
		assert_string_equal(a[i].table, b[i].table);
		assert_int_equal(a[i].rows, b[i].rows);
		assert_memory_equal(a[i].sha256, b[i].sha256, PL_COPY_DIGEST);
	}
}

static void copy_and_copy_back_are_the_same(void **state)
{
	struct fixture *fixture = *state;
	struct pl_copied there[PL_COPY_TABLES], back[PL_COPY_TABLES], again[PL_COPY_TABLES];
	const char *other = make_other(fixture, "other.db"), *last = make_other(fixture, "last.db");
	char *before = NULL, *after = NULL;

	add_rows(fixture);
	before = sql_everything(fixture->db);
	assert_ok(fixture, pl_schema_copy(fixture->uri, other, NULL, there, &fixture->err));
	make_anew(fixture);
	assert_ok(fixture, pl_schema_copy(other, fixture->uri, NULL, back, &fixture->err));
	assert_ok(fixture, pl_schema_copy(fixture->uri, last, NULL, again, &fixture->err));
	assert_same(there, back);
	assert_same(there, again);
	after = sql_everything(fixture->db);
	assert_string_equal(after, before);
	free(before);
	free(after);
}

static void every_table_is_copied(void **state)
{
	struct fixture *fixture = *state;
	struct pl_copied copied[PL_COPY_TABLES];
	const char *sql = is_postgresql(fixture->db)
				  ? "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'postlatch'"
				  : "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND "
				    "name <> 'sqlite_sequence'";

	add_rows(fixture);
	assert_ok(fixture, pl_schema_copy(fixture->uri, make_other(fixture, "other.db"), NULL,
					  copied, &fixture->err));
	/* All but the history and what has changed of late, which the new database has of its own. */
	assert_int_equal(sql_int(fixture->db, sql), PL_COPY_TABLES + 2);
	for (size_t i = 0; i < PL_COPY_TABLES; i++) {
		assert_true(copied[i].rows > 0);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(copied[i].table, copied[j].table);
	}
}

static void numbers_are_never_given_twice(void **state)
{
	struct fixture *fixture = *state;
	struct pl_copied copied[PL_COPY_TABLES];
	const char *other = make_other(fixture, "other.db");

	add_domain(fixture, "one.test", "");
	add_domain(fixture, "two.test", "");
	sql_run(fixture->db, "DELETE FROM domain WHERE name = 'two.test'");
	assert_ok(fixture, pl_schema_copy(fixture->uri, other, NULL, copied, &fixture->err));
	make_anew(fixture);
	assert_ok(fixture, pl_schema_copy(other, fixture->uri, NULL, copied, &fixture->err));
	reopen(fixture, PL_ROLE_COMMAND);
	add_domain(fixture, "three.test", "");
	assert_int_equal(sql_int(fixture->db, "SELECT id FROM domain WHERE name = 'three.test'"),
			 3);
}

static void what_is_there_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	struct pl_copied copied[PL_COPY_TABLES];
	const char *other = make_other(fixture, "other.db");
	char *before, *after;

	add_domain(fixture, "example.test", "");
	before = sql_everything(fixture->db);
	assert_refused(fixture, pl_schema_copy(other, fixture->uri, NULL, copied, &fixture->err),
		       PL_ERR_CONFLICT, "only an empty database");
	assert_refused(fixture,
		       pl_schema_copy(fixture->uri, fixture->uri, NULL, copied, &fixture->err),
		       PL_ERR_CONFLICT, "only an empty database");
	after = sql_everything(fixture->db);
	assert_string_equal(after, before);
	free(before);
	free(after);
}

static void other_versions_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct pl_copied copied[PL_COPY_TABLES];
	const char *other = make_other(fixture, "other.db");

	sql_run(fixture->db,
		"INSERT INTO schema_history (version, title, applied_at) VALUES (999, 'later', 0)");
	assert_refused(fixture, pl_schema_copy(other, fixture->uri, NULL, copied, &fixture->err),
		       PL_ERR_CONFLICT, "version 999");
	assert_refused(fixture, pl_schema_copy(fixture->uri, other, NULL, copied, &fixture->err),
		       PL_ERR_CONFLICT, "version 999");
}

/* Something in the target alters what it is given: only reading it again shows that. */
static void copy_that_is_not_the_same_is_undone(void **state)
{
	struct fixture *fixture = *state;
	struct pl_copied copied[PL_COPY_TABLES];
	const char *other = make_other(fixture, "other.db");

	sql_run(other + strlen("sqlite:"),
		"INSERT INTO domain (name, active, created_at) VALUES ('a.test', 1, 0)");
	sql_run(fixture->db,
		is_postgresql(fixture->db)
			? "CREATE FUNCTION alter_it() RETURNS trigger LANGUAGE plpgsql AS "
			  "$$ BEGIN NEW.active = 0; RETURN NEW; END $$; CREATE TRIGGER alter_it "
			  "BEFORE INSERT ON domain "
			  "FOR EACH ROW EXECUTE FUNCTION alter_it()"
			: "CREATE TRIGGER alter_it AFTER INSERT ON domain BEGIN UPDATE domain SET "
			  "active = 0; END");
	assert_refused(fixture, pl_schema_copy(other, fixture->uri, NULL, copied, &fixture->err),
		       PL_ERR_INTERNAL, "table domain: what was written is not what was read");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM domain"), 0);
}

/* SQLite keeps what a column of numbers was given that is no number; a server does not. */
static void row_that_the_server_refuses_undoes_the_copy(void **state)
{
	struct fixture *fixture = *state;
	struct pl_copied copied[PL_COPY_TABLES];
	const char *other = make_other(fixture, "other.db");

	only_postgresql(fixture);
	sql_run(other + strlen("sqlite:"),
		"INSERT INTO domain (name, active, created_at) VALUES ('a.test', 1, 0), "
		"('b.test', 1, 'yesterday'), ('c.test', 1, 0)");
	assert_refused(fixture, pl_schema_copy(other, fixture->uri, NULL, copied, &fixture->err),
		       PL_ERR_INTERNAL, "table domain: ");
	assert_non_null(strstr(fixture->err.msg, "yesterday"));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM domain"), 0);
	sql_run(other + strlen("sqlite:"), "UPDATE domain SET created_at = 0");
	assert_ok(fixture, pl_schema_copy(other, fixture->uri, NULL, copied, &fixture->err));
}

/* A file whose pages cannot be read from the middle of a table on. */
static const char *make_damaged(struct fixture *fixture)
{
	const char *uri = make_other(fixture, "damaged.db"), *path = uri + strlen("sqlite:");
	static const char zeros[4096];
	FILE *file;

	sql_run(path, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
		      "20000) INSERT INTO audit (at, who, source, action, object, before, after) "
		      "SELECT i, 'somebody', 'here', 'did', 'something', '', '' FROM n");
	file = fopen(path, "r+");
	assert_non_null(file);
	for (long page = 200; page < 250; page++) {
		assert_int_equal(fseek(file, page * (long)sizeof(zeros), SEEK_SET), 0);
		assert_int_equal(fwrite(zeros, sizeof(zeros), 1, file), 1);
	}
	assert_int_equal(fclose(file), 0);
	return uri;
}

static void source_that_cannot_be_read_to_its_end_undoes_the_copy(void **state)
{
	struct fixture *fixture = *state;
	struct pl_copied copied[PL_COPY_TABLES];

	assert_refused(fixture,
		       pl_schema_copy(make_damaged(fixture), fixture->uri, NULL, copied,
				      &fixture->err),
		       PL_ERR_CONFIG, "table audit: the database file is damaged");
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit"), 0);
}

static int64_t heard[2]; /* the last of each phase, and that it is counted up */

static void hear(const char *table, int is_comparison, int64_t done, int64_t of)
{
	assert_string_equal(table, "audit");
	assert_true(done > heard[is_comparison] && done <= of);
	assert_int_equal(of, 2500);
	heard[is_comparison] = done;
}

static void progress_tells_of_rows_written_and_compared(void **state)
{
	struct fixture *fixture = *state;
	struct pl_copied copied[PL_COPY_TABLES];
	const char *other = make_other(fixture, "other.db");

	sql_run(fixture->db,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) "
		"INSERT INTO audit (at, who, source, action, object, before, after) "
		"SELECT i, '', '', '', '', '', '' FROM n");
	memset(heard, 0, sizeof(heard));
	assert_ok(fixture, pl_schema_copy(fixture->uri, other, hear, copied, &fixture->err));
	assert_int_equal(heard[0], 2500);
	assert_int_equal(heard[1], 2500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(copy_and_copy_back_are_the_same),
		TEST_WITH_DATABASE(every_table_is_copied),
		TEST_WITH_DATABASE(numbers_are_never_given_twice),
		TEST_WITH_DATABASE(what_is_there_is_left_alone),
		TEST_WITH_DATABASE(other_versions_are_refused),
		TEST_WITH_DATABASE(copy_that_is_not_the_same_is_undone),
		TEST_WITH_DATABASE(row_that_the_server_refuses_undoes_the_copy),
		TEST_WITH_DATABASE(source_that_cannot_be_read_to_its_end_undoes_the_copy),
		TEST_WITH_DATABASE(progress_tells_of_rows_written_and_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
