/* test_domain_job.c - a change of a domain with many members, whose rows are written by a job. */
#include "tests/unit/fixture.h"

#include "policy/admin/domain_job.h"
#include "policy/admin/job_run.h"

#define DOMAIN_NAME "a.test"
#define NOW INT64_C(1700000000) /* so that leases are over by now */
#define COPIES 260
#define MEMBERS (4 * COPIES + 4)
#define POLICY "class \"staff\" { two_factor_requirement = required }"
#define CHANGE "pop3=off two_factor_requirement=required"

static const struct pl_administrator command = { .id = PL_JOB_OF_COMMAND, .role = PL_ADMIN_SERVER };

static const struct pl_administrator anyone = { .id = 1, .role = PL_ADMIN_SERVER };

static int64_t count(const struct fixture *fixture, const char *from)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM %s", from);
	return sql_int(fixture->db, sql);
}

/* More members than are changed at once: four kinds of them. */
static void make_members(struct fixture *fixture)
{
	char sql[600];

	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of(POLICY);
	add_domain(fixture, DOMAIN_NAME, "");
	add_member(fixture, "plain@" DOMAIN_NAME, "");
	add_member(fixture, "off@" DOMAIN_NAME, "pop3=off");
	add_member(fixture, "staff@" DOMAIN_NAME, "class=staff");
	add_member(fixture, "both@" DOMAIN_NAME, "pop3=on two_factor_requirement=optional");
	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < %d) "
		 "INSERT INTO member (domain_id, local, active, class, created_at, settings, "
		 "state, dated_state) SELECT m.domain_id, m.local || x.n, m.active, m.class, "
		 "m.created_at, m.settings, m.state, m.dated_state FROM member m CROSS JOIN x",
		 COPIES);
	sql_run(fixture->db, sql);
}

static struct pl_scope_result begin(struct fixture *fixture, const char *words, enum pl_scope scope,
				    struct pl_job *job_r)
{
	const struct pl_change change = change_of(words, PL_AT_DOMAIN);
	struct pl_scope_result result;

	assert_ok(fixture, pl_scope_count(work_at(fixture, NOW), fixture->policy, DOMAIN_NAME,
					  &change, scope, &result));
	assert_ok(fixture, pl_domain_change(work_at(fixture, NOW), fixture->policy, &command,
					    DOMAIN_NAME, &change, scope, &result, job_r));
	return result;
}

static void run_portions(struct fixture *fixture, const char *name, int64_t now, int64_t id,
			 int portions)
{
	struct pl_job_runner runner = { .policy = fixture->policy };
	int64_t claimed;

	snprintf(runner.name, sizeof(runner.name), "%s", name);
	assert_int_equal(pl_job_claim(work_at(fixture, now), &runner, &claimed), 1);
	assert_int_equal(claimed, id);
	for (int i = 0; i < portions; i++) {
		runner.portion = PL_JOB_PORTION_LEAST;
		assert_int_equal(pl_job_run_portion(work_at(fixture, now), &runner, id), 1);
	}
}

static struct pl_job run_to_end(struct fixture *fixture, int64_t id)
{
	struct pl_job_runner runner = { .name = "command", .policy = fixture->policy };
	struct pl_job job;

	assert_ok(fixture, pl_job_run(work_at(fixture, NOW), &runner, id, &job));
	return job;
}

static void new_members_alone_are_reached_and_the_domain_is_changed_at_the_end(void **state)
{
	struct fixture *fixture = *state;
	struct pl_scope_result result;
	struct pl_job job;
	char text[512];

	make_members(fixture);
	result = begin(fixture, CHANGE, PL_SCOPE_NEW, &job);
	assert_int_equal(result.members, MEMBERS);
	assert_int_equal(result.pinned, 3 * (COPIES + 1));
	assert_int_equal(result.affected, 0);
	assert_int_not_equal(job.id, 0);
	/* Interrupted: nobody has anything else yet, and another runner goes on. */
	run_portions(fixture, "portal", NOW, job.id, 3);
	assert_int_equal(count(fixture, "domain WHERE settings = ''"), 1);
	assert_true(count(fixture, "member WHERE settings LIKE '%optional%'") < MEMBERS / 2);
	add_member(fixture, "late@" DOMAIN_NAME, "");
	job = run_to_end(fixture, job.id);
	assert_int_equal(job.state, PL_JOB_DONE);
	assert_int_equal(job.changed, 3 * (COPIES + 1));
	assert_int_equal(count(fixture, "domain WHERE settings = '" CHANGE "'"), 1);
	assert_int_equal(count(fixture, "member WHERE local LIKE 'plain%' AND settings = 'pop3=on "
					"two_factor_requirement=optional'"),
			 COPIES + 1);
	assert_int_equal(count(fixture, "member WHERE local LIKE 'off%' AND settings = 'pop3=off "
					"two_factor_requirement=optional'"),
			 COPIES + 1);
	assert_int_equal(count(fixture, "member WHERE local LIKE 'staff%' AND settings = 'pop3=on "
					"two_factor_requirement=required'"),
			 COPIES + 1);
	assert_int_equal(count(fixture, "member WHERE local = 'late' AND settings = ''"), 1);
	sql_text(fixture->db,
		 "SELECT who || ' ' || before || ' -> ' || after FROM audit WHERE action = "
		 "'domain.set'",
		 text, sizeof(text));
	assert_string_equal(text, "tester pop3=inherit two_factor_requirement=inherit -> " CHANGE
				  " scope=new members-changed=783");
	assert_false(pl_job_can_be_undone(&job));
}

static void a_change_for_new_members_is_undone_before_its_end(void **state)
{
	struct fixture *fixture = *state;
	struct pl_job job, undo;

	make_members(fixture);
	begin(fixture, CHANGE, PL_SCOPE_NEW, &job);
	run_portions(fixture, "portal", NOW, job.id, 3);
	assert_int_equal(pl_job_pause(work_at(fixture, NOW), &job), 1);
	assert_int_equal(pl_job_get(fixture->store, &anyone, job.id, &job, &fixture->err), 1);
	assert_int_equal(pl_job_undo(work_at(fixture, NOW), &command, &job, &undo), 1);
	undo = run_to_end(fixture, undo.id);
	assert_int_equal(undo.changed, job.changed);
	assert_int_equal(count(fixture, "domain WHERE settings = ''"), 1);
	assert_int_equal(count(fixture, "member WHERE settings = ''"), 2 * (COPIES + 1));
}

/* Days of grace are the domain's, which is as it was until the end. */
static void days_of_grace_are_changed_at_the_end(void **state)
{
	struct fixture *fixture = *state;
	struct pl_job job, undo;

	make_members(fixture);
	begin(fixture, "pop3=off two_factor_grace_days=9", PL_SCOPE_NEW, &job);
	assert_string_equal(job.change, "pop3=off two_factor_grace_days=9");
	run_portions(fixture, "portal", NOW, job.id, 1);
	assert_int_equal(count(fixture, "domain WHERE grace_days IS NULL"), 1);
	assert_int_equal(pl_job_pause(work_at(fixture, NOW), &job), 1);
	assert_int_equal(pl_job_get(fixture->store, &anyone, job.id, &job, &fixture->err), 1);
	assert_int_equal(pl_job_undo(work_at(fixture, NOW), &command, &job, &undo), 1);
	assert_int_equal(run_to_end(fixture, undo.id).changed, job.changed);
	assert_int_equal(count(fixture, "domain WHERE grace_days IS NULL"), 1);
	begin(fixture, "pop3=off two_factor_grace_days=9", PL_SCOPE_NEW, &job);
	assert_int_equal(run_to_end(fixture, job.id).state, PL_JOB_DONE);
	assert_int_equal(count(fixture, "domain WHERE grace_days = 9"), 1);
}

static void a_change_that_is_forbidden_by_then_is_stopped(void **state)
{
	struct fixture *fixture = *state;
	struct pl_job job;

	make_members(fixture);
	begin(fixture, "imap=on pop3=off", PL_SCOPE_NEW, &job);
	run_portions(fixture, "portal", NOW, job.id, 1);
	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("defaults { imap = forbidden }");
	job = run_to_end(fixture, job.id);
	assert_int_equal(job.state, PL_JOB_STOPPED);
	assert_string_equal(job.reason, "domain");
	assert_int_equal(count(fixture, "domain WHERE settings = ''"), 1);
	assert_true(pl_job_can_be_undone(&job));
}

static void settings_of_their_own_are_taken_from_all(void **state)
{
	struct fixture *fixture = *state;
	struct pl_scope_result result;
	struct pl_job job;
	int64_t left;

	make_members(fixture);
	result = begin(fixture, "pop3=off", PL_SCOPE_ALL, &job);
	assert_int_equal(result.cleared, 2 * (COPIES + 1));
	assert_int_equal(count(fixture, "domain WHERE settings = 'pop3=off'"), 1);
	/* A command that was killed has left it; while somebody runs it, it is not left. */
	run_portions(fixture, "killed", NOW, job.id, 2);
	assert_int_equal(pl_job_left(work_at(fixture, NOW), &left), 0);
	assert_int_equal(pl_job_left(work_at(fixture, NOW + PL_JOB_LEASE), &left), 1);
	assert_int_equal(left, job.id);
	job = run_to_end(fixture, job.id);
	assert_int_equal(job.state, PL_JOB_DONE);
	assert_int_equal(job.changed, 2 * (COPIES + 1));
	assert_int_equal(count(fixture, "member WHERE settings LIKE '%pop3%'"), 0);
	assert_int_equal(pl_job_left(work_at(fixture, NOW + PL_JOB_LEASE), &left), 0);
}

static void few_members_need_no_job(void **state)
{
	struct fixture *fixture = *state;
	struct pl_job job;

	make_members(fixture);
	begin(fixture, "sieve=off", PL_SCOPE_ALL, &job);
	assert_int_equal(job.id, 0);
	sql_run(fixture->db, "DELETE FROM member WHERE local LIKE '%1%'");
	assert_int_equal(begin(fixture, "imap=off", PL_SCOPE_NEW, &job).pinned,
			 count(fixture, "member"));
	assert_int_equal(job.id, 0);
	assert_int_equal(count(fixture, "domain WHERE settings = 'imap=off sieve=off'"), 1);
	assert_int_equal(count(fixture, "member WHERE settings NOT LIKE '%imap=on%'"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(
			new_members_alone_are_reached_and_the_domain_is_changed_at_the_end),
		TEST_WITH_DATABASE(a_change_for_new_members_is_undone_before_its_end),
		TEST_WITH_DATABASE(days_of_grace_are_changed_at_the_end),
		TEST_WITH_DATABASE(a_change_that_is_forbidden_by_then_is_stopped),
		TEST_WITH_DATABASE(settings_of_their_own_are_taken_from_all),
		TEST_WITH_DATABASE(few_members_need_no_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
