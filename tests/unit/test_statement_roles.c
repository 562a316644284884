/* test_statement_roles.c - which statements the rows of the table give to whom. */
#include "tests/unit/statement_rows.h"
#include "tests/unit/test.h"

/* What is sealed, the portal and the command alone may touch. */
static void sealed_secrets_are_for_two_roles(void **state)
{
	static const enum pl_sql sealed[] = { PL_SQL_TOTP_GET,         PL_SQL_TOTP_SET,
					      PL_SQL_TOTP_PENDING_GET, PL_SQL_TOTP_PENDING_SET,
					      PL_SQL_SIGNING_KEY_GET,  PL_SQL_SIGNING_KEY_INSERT };

	(void)state;
	for (size_t i = 0; i < COUNT(sealed); i++)
		assert_int_equal(statements[sealed[i]].roles, PL_ROLE_PORTAL | PL_ROLE_COMMAND);
}

/* What takes no account of an administrator's domains is not for the console. */
static void lists_of_everything_are_for_the_command(void **state)
{
	static const enum pl_sql lists[] = { PL_SQL_DOMAIN_LIST, PL_SQL_MEMBER_LIST,
					     PL_SQL_AUDIT_LIST, PL_SQL_AUDIT_LIST_OBJECT,
					     PL_SQL_AUDIT_LIST_DOMAIN };

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++)
		assert_int_equal(statements[lists[i]].roles, PL_ROLE_COMMAND);
}

/* Where a column of a statement stands, from a place on; NULL: nowhere. */
static const char *find_column(const char *sql, const char *column)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

	while ((sql = strstr(sql, column)) != NULL) {
		const char *end = sql + strlen(column);

		if (strchr(letters, sql[-1]) == NULL && sql[-1] != ':' &&
		    (*end == '\0' || strchr(letters, *end) == NULL))
			return sql;
		sql = end;
	}
	return NULL;
}

/* It may be compared, or be missing, but not be read. */
static int is_compared(const char *sql, const char *column)
{
	const char *end = sql + strlen(column);

	return strncmp(end, " = :", 4) == 0 || strncmp(end, " IS NULL", 8) == 0;
}

static void the_console_reads_no_secret(void **state)
{
	/* The column of that name of another table is none. */
	static const struct {
		const char *column, *table;
	} secrets[] = { { "secret", "" },
			{ "sealed", "" },
			{ "mac", "" },
			{ "digest", "" },
			{ "cookie", "" },
			{ "code", "oauth_grant" },
			{ "challenge", "" },
			{ "payload", "" },
			{ "series", "trusted_device" },
			{ "value_before", "" },
			{ "value", "trusted_device" } };
	size_t looked = 0;

	(void)state;
	for (size_t i = 0; i < PL_SQL_COUNT; i++) {
		const char *sql = statements[i].sql;

		if ((statements[i].roles & PL_ROLE_CONSOLE) == 0 || strncmp(sql, "SELECT", 6) != 0)
			continue;
		looked++;
		for (size_t s = 0; s < COUNT(secrets); s++) {
			const char *column = secrets[s].column;
			const char *at = strstr(sql, secrets[s].table) == NULL ? NULL : sql;

			while (at != NULL && (at = find_column(at, column)) != NULL) {
				if (!is_compared(at, column))
					fail_msg("%s reads %s", statements[i].name, column);
				at += strlen(column);
			}
		}
	}
	assert_true(looked > 20);
}

/* What statements of the console begin with, and the table that follows. */
static const char *const verbs[] = { "INSERT INTO ", "UPDATE ", "DELETE FROM " };
#define ADDS 1
#define CHANGES 2
#define REMOVES 4

static const struct {
	const char *table;
	unsigned int may;
} written_by_console[] = {
	{ "administrator", ADDS | CHANGES | REMOVES },
	{ "administrator_domain", ADDS | REMOVES },
	{ "api_key", ADDS | CHANGES },
	{ "app_password", REMOVES },
	{ "approval_device", REMOVES },
	{ "approval_enrolment", REMOVES },
	{ "attachment_file", CHANGES },
	{ "attachment_link", CHANGES },
	{ "audit", ADDS },
	{ "domain", ADDS | CHANGES | REMOVES },
	{ "factor_failure", REMOVES },
	{ "forward", REMOVES },
	{ "job", ADDS | CHANGES },
	{ "job_file", ADDS | REMOVES },
	{ "job_member", ADDS | CHANGES | REMOVES },
	{ "member", ADDS | CHANGES | REMOVES },
	{ "oauth_grant", REMOVES },
	{ "outbox", ADDS },
	{ "passkey", REMOVES },
	{ "profile_link", REMOVES },
	{ "recovery_code", REMOVES },
	{ "recovery_request", ADDS },
	{ "second_factor", CHANGES | REMOVES },
	{ "session", CHANGES | REMOVES },
	{ "token", REMOVES },
	{ "totp", REMOVES },
	{ "totp_pending", REMOVES },
	{ "trusted_device", CHANGES | REMOVES },
};

/* The row of the table that a statement writes; COUNT(written_by_console): there is none. */
static size_t row_of_written(const char *table)
{
	const size_t len = strcspn(table, " (");
	size_t row = 0;

	while (row < COUNT(written_by_console) &&
	       (strlen(written_by_console[row].table) != len ||
		strncmp(written_by_console[row].table, table, len) != 0))
		row++;
	return row;
}

/* It gives nobody a credential, a factor or a session: it only takes them away. */
static void the_console_writes_what_it_needs_and_no_more(void **state)
{
	unsigned int may[COUNT(written_by_console) + 1] = { 0 };
	size_t looked = 0;

	(void)state;
	for (size_t i = 0; i < PL_SQL_COUNT; i++) {
		for (size_t v = 0; v < COUNT(verbs); v++) {
			const char *sql = statements[i].sql;
			size_t row;

			if ((statements[i].roles & PL_ROLE_CONSOLE) == 0 ||
			    strncmp(sql, verbs[v], strlen(verbs[v])) != 0)
				continue;
			row = row_of_written(sql + strlen(verbs[v]));
			may[row] |= 1u << v;
			looked++;
			if (row == COUNT(written_by_console) ||
			    (written_by_console[row].may & 1u << v) == 0)
				fail_msg("%s is not the console's", statements[i].name);
		}
	}
	for (size_t row = 0; row < COUNT(written_by_console); row++)
		assert_int_equal(may[row], written_by_console[row].may);
	assert_true(looked > 70);
}

/* What each door needs of one account stands in few statements, and nothing else is its. */
static void roles_that_decide_logins_have_few_statements(void **state)
{
	static const struct {
		enum pl_role role;
		unsigned int count;
	} rows[] = { { PL_ROLE_LOGIN, 9 }, { PL_ROLE_MILTER, 6 }, { PL_ROLE_SENDER, 10 } };

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++) {
		unsigned int count = 0;

		for (size_t i = 0; i < PL_SQL_COUNT; i++)
			count += (statements[i].roles & rows[r].role) != 0;
		assert_int_equal(count, rows[r].count);
	}
}

/* Records are written once and pruned by age: nobody edits them, and administrators remove none. */
static void no_statement_changes_an_audit_record(void **state)
{
	int prunes = 0;

	(void)state;
	for (size_t i = 0; i < PL_SQL_COUNT; i++) {
		if (strstr(statements[i].sql, "UPDATE audit ") != NULL)
			fail_msg("%s changes audit records", statements[i].name);
		if (strstr(statements[i].sql, "DELETE FROM audit ") == NULL)
			continue;
		prunes++;
		assert_int_equal(i, PL_SQL_AUDIT_PRUNE);
		assert_int_equal(statements[i].roles, PL_ROLE_PORTAL | PL_ROLE_COMMAND);
	}
	assert_int_equal(prunes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed_secrets_are_for_two_roles),
		cmocka_unit_test(lists_of_everything_are_for_the_command),
		cmocka_unit_test(the_console_reads_no_secret),
		cmocka_unit_test(the_console_writes_what_it_needs_and_no_more),
		cmocka_unit_test(roles_that_decide_logins_have_few_statements),
		cmocka_unit_test(no_statement_changes_an_audit_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
