/* test_member_import.c - members of a CSV file as a job: what is told before, what is written, and what
 * undoing it takes back. */
#include "tests/unit/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "policy/admin/import.h"
#include "policy/admin/job_run.h"

#define NOW INT64_C(1800000000)
#define DAY 86400

/* ---- what the tests begin with ---- */

static struct pl_administrator make_administrator(struct fixture *fixture, const char *address,
						  enum pl_admin_role role, const char *domain)
{
	const char *const domains[] = { domain, NULL };
	struct pl_account account = account_of(fixture, address);
	struct pl_administrator administrator;

	assert_ok(fixture, pl_administrator_set(work_at(fixture, NOW), &account, role, domains));
	assert_int_equal(pl_administrator_of_member(fixture->store, account.member.id,
						    &administrator, &fixture->err),
			 1);
	return administrator;
}

/* The domain a.test with two members, and b.test, which the administrator does not reach. */
static struct pl_administrator make_members(struct fixture *fixture)
{
	add_domain(fixture, "a.test", "");
	add_domain(fixture, "b.test", "");
	add_member(fixture, "boss@a.test", "");
	add_member(fixture, "old@a.test", "pop3=off");
	add_member(fixture, "same@a.test", "imap=off");
	return make_administrator(fixture, "boss@a.test", PL_ADMIN_DOMAIN, "a.test");
}

/* "3 domain, 5 value, " */
static void keep_fault(const struct pl_csv_fault *fault, void *context)
{
	char *text = context;
	const size_t used = strlen(text);

	assert_true(fault->text[0] != '\0');
	snprintf(text + used, 512 - used, "%d %s %s %s, ", fault->line, fault->code, fault->word,
		 fault->other);
}

struct seen {
	struct pl_import_preview preview;
	char faults[512];
	int is_readable;
};

static struct seen preview_of(struct fixture *fixture, const struct pl_administrator *administrator,
			      const char *text)
{
	struct seen seen = { .faults = "" };
	struct pl_import import;

	seen.is_readable = pl_import_read(text, strlen(text), NULL, keep_fault, seen.faults,
					  &import, &fixture->err) == 0;
	if (seen.is_readable)
		assert_ok(fixture,
			  pl_import_preview(work_at(fixture, NOW), fixture->policy, administrator,
					    &import, keep_fault, seen.faults, &seen.preview));
	pl_import_free(&import);
	return seen;
}

static struct pl_job make_job(struct fixture *fixture, const struct pl_administrator *administrator,
			      const char *text)
{
	struct pl_import import;
	struct pl_job job;

	assert_ok(fixture,
		  pl_import_read(text, strlen(text), NULL, NULL, NULL, &import, &fixture->err));
	assert_ok(fixture, pl_import_add(work_at(fixture, NOW), administrator, &import, &job));
	pl_import_free(&import);
	return job;
}

static struct pl_job job_of(struct fixture *fixture, int64_t id)
{
	const struct pl_administrator all = { .id = 1, .role = PL_ADMIN_SERVER };
	struct pl_job job;

	assert_int_equal(pl_job_get(fixture->store, &all, id, &job, &fixture->err), 1);
	return job;
}

/* Runs so many portions of the least size, each by a runner of its own: those before have died. */
static int run_portions(struct fixture *fixture, int64_t id, int most)
{
	int ret = 1;

	for (int i = 0; ret == 1 && i < most; i++) {
		struct pl_job_runner runner = { .policy = fixture->policy,
						.portion = PL_JOB_PORTION_LEAST };
		const int64_t now = NOW + (int64_t)i * (PL_JOB_LEASE + 1);
		int64_t claimed;

		snprintf(runner.name, sizeof(runner.name), "portal %d", i);
		assert_int_equal(pl_job_claim(work_at(fixture, now), &runner, &claimed), 1);
		assert_int_equal(claimed, id);
		ret = pl_job_run_portion(work_at(fixture, now), &runner, id);
		assert_true(ret >= 0);
	}
	return ret;
}

static void assert_counts(struct fixture *fixture, int64_t id, int added, int changed, int same,
			  int skipped, int failed)
{
	const struct pl_job job = job_of(fixture, id);

	assert_string_equal(pl_job_state_name(job.state), "done");
	assert_int_equal(job.added, added);
	assert_int_equal(job.changed, changed);
	assert_int_equal(job.same, same);
	assert_int_equal(job.skipped, skipped);
	assert_int_equal(job.failed, failed);
}

static int64_t count(const struct fixture *fixture, const char *from)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM %s", from);
	return sql_int(fixture->db, sql);
}

static struct pl_job undo(struct fixture *fixture, const struct pl_administrator *administrator,
			  int64_t id)
{
	struct pl_job of = job_of(fixture, id), job;

	assert_int_equal(pl_job_undo(work_at(fixture, NOW), administrator, &of, &job), 1);
	while (run_portions(fixture, job.id, 100) == 1)
		;
	return job;
}

static void use(struct fixture *fixture, const char *address, const char *service)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO member_use (member_id, service, credential, used_at, ip) VALUES "
		 "(%lld, '%s', 'account-password', %lld, '')",
		 (long long)account_of(fixture, address).member.id, service,
		 (long long)(NOW - 3 * DAY));
	sql_run(fixture->db, sql);
}

/* ---- tests ---- */

static const char file[] = "address;pop3;imap;class\r\n"
			   "new@a.test;off;;staff\r\n"
			   "old@a.test;on;;\r\n"
			   "same@a.test;;off;\r\n";

static void preview_and_result_agree(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct seen seen = preview_of(fixture, &boss, file);
	const struct pl_job job = make_job(fixture, &boss, file);

	assert_true(seen.is_readable);
	assert_string_equal(seen.faults, "");
	assert_int_equal(seen.preview.members, 3);
	assert_int_equal(seen.preview.added, 1);
	assert_int_equal(seen.preview.changed, 1);
	assert_int_equal(seen.preview.same, 1);
	assert_int_equal(run_portions(fixture, job.id, 10), 0);
	assert_counts(fixture, job.id, 1, 1, 1, 0, 0);
	assert_string_equal(account_of(fixture, "new@a.test").member.class_name, "staff");
	assert_int_equal(account_of(fixture, "new@a.test").member.settings.value[PL_SETTING_POP3],
			 PL_OFF);
	assert_int_equal(account_of(fixture, "old@a.test").member.settings.value[PL_SETTING_POP3],
			 PL_ON);
	assert_int_equal(count(fixture, "audit WHERE action = 'member.set' AND object = "
					"'old@a.test' AND who = 'tester' AND before = 'pop3=off' "
					"AND after = 'pop3=on job=1'"),
			 1);
	assert_int_equal(count(fixture, "job_file"), 0);
}

/* A line of another's domain is as one of a domain that there is not. */
static void lines_that_cannot_be_are_told(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	struct seen seen;

	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("domain \"a.test\" { pop3 = forbidden }\n");
	sql_run(fixture->db, "INSERT INTO domain (name, known, active, created_at, settings, "
			     "alias_of) SELECT 'alias.test', 1, 1, 1, '', id FROM domain WHERE "
			     "name = 'a.test'");
	seen = preview_of(fixture, &boss,
			  "address,pop3\nx@b.test,\ny@none.test,\nold@alias.test,\nnew@a.test,on\n"
			  "z@a.test,off\n");
	assert_true(seen.is_readable);
	assert_string_equal(seen.faults, "2 domain x@b.test b.test, "
					 "3 domain y@none.test none.test, "
					 "4 alias old@alias.test a.test, "
					 "5 forbidden new@a.test a.test, ");
	assert_int_equal(seen.preview.wrong, 4);
	assert_int_equal(seen.preview.added, 1);
	seen = preview_of(fixture, &boss, "address,popp3\n");
	assert_false(seen.is_readable);
	assert_string_equal(seen.faults, "1 no-column popp3 pop3, ");
	seen = preview_of(fixture, &boss,
			  "address,pop3\na@a.test,maybe\nno "
			  "address,on\na@a.test,on\na@a.test,off\n");
	assert_string_equal(seen.faults, "2 value pop3 maybe, 3 address no address , "
					 "5 repeated a@a.test 4, ");
	seen = preview_of(fixture, &boss, "\xc1\xd6\xbc\xd2,imap\n");
	assert_string_equal(seen.faults, "0 cp949  , ");
}

static void preview_tells_outcomes(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	struct seen seen;

	add_member(fixture, "other@a.test", "");
	make_administrator(fixture, "other@a.test", PL_ADMIN_HELPDESK, "a.test");
	use(fixture, "same@a.test", "smtp");
	use(fixture, "old@a.test", "imap");
	seen = preview_of(fixture, &boss,
			  "address,smtp,two_factor_requirement,active\n"
			  "same@a.test,off,,on\nold@a.test,off,required,on\nnew@a.test,,required,"
			  "on\n"
			  "other@a.test,off,,on\nboss@a.test,,,off\n");
	assert_int_equal(seen.preview.lose_service, 1);
	assert_int_equal(seen.preview.must_register, 2);
	assert_int_equal(seen.preview.administrators, 1);
	assert_int_equal(seen.preview.own_account, 1);
	assert_int_equal(seen.preview.changed, 2);
	assert_int_equal(seen.preview.added, 1);
}

static void some_are_left_out_and_the_reasons_kept(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	struct pl_job job;

	add_member(fixture, "other@a.test", "");
	make_administrator(fixture, "other@a.test", PL_ADMIN_HELPDESK, "a.test");
	job = make_job(fixture, &boss,
		       "address,active\nother@a.test,off\nboss@a.test,off\nx@b.test,on\n"
		       "old@a.test,off\n");
	assert_int_equal(run_portions(fixture, job.id, 10), 0);
	assert_counts(fixture, job.id, 0, 1, 0, 2, 1);
	assert_int_equal(count(fixture, "job_member WHERE (address = 'other@a.test' AND outcome = "
					"'skipped' AND reason = 'administrator') OR (address = "
					"'boss@a.test' AND reason = 'own-account') OR (address = "
					"'x@b.test' AND outcome = 'failed' AND reason = 'domain')"),
			 3);
	assert_int_equal(count(fixture, "member WHERE local = 'x'"), 0);
}

/* Not even a server administrator shuts others out with a file, or by undoing one. */
static void administrators_are_not_shut_out(void **state)
{
	struct fixture *fixture = *state;
	struct pl_administrator server;
	struct pl_job job;

	make_members(fixture);
	add_member(fixture, "server@a.test", "");
	server = make_administrator(fixture, "server@a.test", PL_ADMIN_SERVER, NULL);
	assert_int_equal(preview_of(fixture, &server,
				    "address,webmail\nboss@a.test,off\nold@a.test,off\n")
				 .preview.administrators,
			 1);
	job = make_job(fixture, &server, "address,active\nboss@a.test,off\nold@a.test,off\n");
	assert_int_equal(run_portions(fixture, job.id, 10), 0);
	assert_counts(fixture, job.id, 0, 1, 0, 1, 0);
	job = make_job(fixture, &server, "address,sieve\nboss@a.test,off\n");
	assert_int_equal(run_portions(fixture, job.id, 10), 0);
	assert_counts(fixture, job.id, 0, 1, 0, 0, 0);
	job = undo(fixture, &server, job.id);
	assert_counts(fixture, job.id, 0, 0, 0, 1, 0);
}

/* 1,200 members are three parts. */
static void job_whose_runner_dies_in_each_portion_goes_on(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct pl_job job;

	assert_non_null(out);
	fputs("address,sieve\n", out);
	for (int i = 0; i < 1200; i++)
		fprintf(out, "n%d@a.test,off\n", i);
	fclose(out);
	job = make_job(fixture, &boss, text);
	free(text);
	assert_int_equal(count(fixture, "job_file"), 3);
	assert_int_equal(run_portions(fixture, job.id, 200), 0);
	assert_counts(fixture, job.id, 1200, 0, 0, 0, 0);
	assert_int_equal(count(fixture, "member WHERE settings = 'sieve=off'"), 1200);
	assert_int_equal(count(fixture, "audit WHERE action = 'member.add' AND object LIKE 'n%'"),
			 1200);
}

static void undoing_removes_who_was_added_and_not_used(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	struct pl_job job = make_job(fixture, &boss,
				     "address,pop3\nnew@a.test,off\nused@a.test,off\n"
				     "changed@a.test,off\nold@a.test,on\n");
	struct pl_account account;
	struct pl_change change = { .has_class = 1, .class_name = "staff" };

	assert_int_equal(run_portions(fixture, job.id, 10), 0);
	assert_counts(fixture, job.id, 3, 1, 0, 0, 0);
	use(fixture, "used@a.test", "imap");
	account = account_of(fixture, "changed@a.test");
	assert_int_equal(pl_member_set(work_at(fixture, NOW), fixture->policy, &account, &change,
				       NULL, NULL),
			 1);
	job = undo(fixture, &boss, job.id);
	assert_int_equal(job.total, 4);
	assert_counts(fixture, job.id, 0, 2, 0, 0, 2);
	assert_int_equal(account_of(fixture, "new@a.test").member.id, 0);
	assert_true(account_of(fixture, "used@a.test").member.id != 0);
	assert_true(account_of(fixture, "changed@a.test").member.id != 0);
	assert_int_equal(account_of(fixture, "old@a.test").member.settings.value[PL_SETTING_POP3],
			 PL_OFF);
	assert_int_equal(count(fixture, "audit WHERE action = 'member.remove' AND object = "
					"'new@a.test' AND before = 'pop3=off' AND after = 'job=2'"),
			 1);
	/* What was removed does not come back, and that is said. */
	job = undo(fixture, &boss, job.id);
	assert_counts(fixture, job.id, 0, 1, 0, 0, 1);
}

static void job_of_one_who_may_not_any_more_is_stopped(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job = make_job(fixture, &boss, file);

	make_administrator(fixture, "boss@a.test", PL_ADMIN_HELPDESK, "a.test");
	assert_string_equal(pl_job_state_name(job_of(fixture, job.id).state), "stopped");
	assert_int_equal(account_of(fixture, "new@a.test").member.id, 0);
}

static void too_many_members_are_refused(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct seen seen = { .faults = "" };
	struct pl_import import;

	(void)boss;
	assert_non_null(out);
	fputs("address\n", out);
	for (int i = 0; i <= PL_IMPORT_ROWS; i++)
		fprintf(out, "%d@a.test\n", i);
	fclose(out);
	assert_int_equal(pl_import_read(text, size, NULL, keep_fault, seen.faults, &import,
					&fixture->err),
			 -1);
	pl_import_free(&import);
	free(text);
	assert_non_null(strstr(seen.faults, "200002 too-many-rows"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(preview_and_result_agree),
		TEST_WITH_DATABASE(lines_that_cannot_be_are_told),
		TEST_WITH_DATABASE(preview_tells_outcomes),
		TEST_WITH_DATABASE(some_are_left_out_and_the_reasons_kept),
		TEST_WITH_DATABASE(administrators_are_not_shut_out),
		TEST_WITH_DATABASE(job_whose_runner_dies_in_each_portion_goes_on),
		TEST_WITH_DATABASE(undoing_removes_who_was_added_and_not_used),
		TEST_WITH_DATABASE(job_of_one_who_may_not_any_more_is_stopped),
		TEST_WITH_DATABASE(too_many_members_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
