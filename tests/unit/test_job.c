/* test_job.c - one change of many members, as a job. */
#include "tests/unit/fixture.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/account/last_use.h"
#include "policy/admin/job_lost.h"
#include "policy/admin/job_preview.h"
#include "policy/admin/job_run.h"

#define BOSS "boss@a.test"
#define NOW INT64_C(1800000000)
#define MEMBERS 50
#define DAY 86400

/* ---- what the tests begin with ---- */

static struct pl_administrator administrator_of(struct fixture *fixture, const char *address)
{
	struct pl_administrator administrator;

	assert_int_equal(pl_administrator_of_member(fixture->store,
						    account_of(fixture, address).member.id,
						    &administrator, &fixture->err),
			 1);
	return administrator;
}

static struct pl_administrator make_administrator(struct fixture *fixture, const char *address,
						  enum pl_admin_role role, const char *domain)
{
	const struct pl_address parsed = address_of(address);
	const char *domains[] = { domain, NULL };

	assert_ok(fixture, pl_administrator_set(work_at(fixture, NOW), account_at(fixture, &parsed),
						role, domains));
	return administrator_of(fixture, address);
}

/* u0@a.test to u49@a.test, with three kinds of settings, and BOSS, who manages the domain. */
static struct pl_administrator make_members(struct fixture *fixture)
{
	static const char *const settings[] = { "", "pop3=off", "imap=off class=staff" };
	char address[64];

	add_domain(fixture, "a.test", "");
	add_domain(fixture, "b.test", "");
	for (int i = 0; i < MEMBERS; i++) {
		snprintf(address, sizeof(address), "u%d@a.test", i);
		add_member(fixture, address, settings[i % 3]);
	}
	add_member(fixture, "u@b.test", "");
	add_member(fixture, BOSS, "");
	return make_administrator(fixture, BOSS, PL_ADMIN_DOMAIN, "a.test");
}

static struct pl_job make_job(struct fixture *fixture, const struct pl_administrator *administrator,
			      enum pl_job_action action, const char *change,
			      const struct pl_account *members, size_t count)
{
	struct pl_job job = { .action = action };

	snprintf(job.change, sizeof(job.change), "%s", change);
	assert_ok(fixture, pl_job_add(work_at(fixture, NOW), administrator, &job, members, count));
	return job;
}

static struct pl_job_runner runner_of(const struct fixture *fixture, const char *name)
{
	struct pl_job_runner runner = { .policy = fixture->policy,
					.portion = PL_JOB_PORTION_LEAST };

	snprintf(runner.name, sizeof(runner.name), "%s", name);
	return runner;
}

/* Runs the job to its end, as a portal does, in portions of the least size. */
static void run_at(struct fixture *fixture, int64_t now, int64_t id)
{
	struct pl_job_runner runner = runner_of(fixture, "portal");
	int64_t claimed;
	int ret = 1;

	assert_int_equal(pl_job_claim(work_at(fixture, now), &runner, &claimed), 1);
	assert_int_equal(claimed, id);
	while (ret == 1) {
		runner.portion = PL_JOB_PORTION_LEAST;
		ret = pl_job_run_portion(work_at(fixture, now), &runner, id);
	}
	assert_ok(fixture, ret);
}

static struct pl_job job_of(struct fixture *fixture, int64_t id)
{
	const struct pl_administrator all = { .id = 1, .role = PL_ADMIN_SERVER };
	struct pl_job job;

	assert_int_equal(pl_job_get(fixture->store, &all, id, &job, &fixture->err), 1);
	return job;
}

static int64_t count(const struct fixture *fixture, const char *from)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM %s", from);
	return sql_int(fixture->db, sql);
}

static int keep_failure(const struct pl_job_failure *failure, void *context)
{
	char *text = context;
	const size_t used = strlen(text);

	snprintf(text + used, 512 - used, "%s %s %s\n", failure->address,
		 failure->skipped ? "skipped" : "failed", failure->reason);
	return 0;
}

static void assert_failures(struct fixture *fixture, int64_t id, const char *expected)
{
	char text[512] = "";

	assert_ok(fixture,
		  pl_job_failures(fixture->store, id, 0, 100, keep_failure, text, &fixture->err));
	assert_string_equal(text, expected);
}

static void assert_counts(struct fixture *fixture, int64_t id, int changed, int same, int skipped,
			  int failed)
{
	const struct pl_job job = job_of(fixture, id);

	assert_int_equal(job.changed, changed);
	assert_int_equal(job.same, same);
	assert_int_equal(job.skipped, skipped);
	assert_int_equal(job.failed, failed);
}

/* ---- changes ---- */

static void each_member_is_changed_once_and_has_a_record(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job =
		make_job(fixture, &boss, PL_JOB_CHANGE, "pop3=off class=staff", NULL, 0);

	add_member(fixture, "later@a.test", "");
	run_at(fixture, NOW, job.id);
	assert_string_equal(pl_job_state_name(job_of(fixture, job.id).state), "done");
	assert_counts(fixture, job.id, MEMBERS + 1, 0, 0, 0);
	assert_int_equal(count(fixture, "audit WHERE action = 'member.set'"), MEMBERS + 1);
	assert_int_equal(count(fixture,
			       "(SELECT DISTINCT object FROM audit WHERE action = "
			       "'member.set' AND who = 'tester' AND after LIKE '% job=1') x"),
			 MEMBERS + 1);
	assert_int_equal(count(fixture,
			       "member WHERE class = 'staff' AND settings LIKE '%pop3=off%'"),
			 MEMBERS + 1);
	/* What the job does not name is as it was. */
	assert_int_equal(count(fixture, "member WHERE settings LIKE 'imap=off%'"), MEMBERS / 3);
	/* One who was added later, and one of another domain. */
	assert_string_equal(account_of(fixture, "later@a.test").member.class_name, "");
	assert_string_equal(account_of(fixture, "u@b.test").member.class_name, "");
}

static void members_who_have_it_already_get_no_record(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job = make_job(fixture, &boss, PL_JOB_CHANGE, "pop3=off", NULL, 0);

	run_at(fixture, NOW, job.id);
	assert_counts(fixture, job.id, MEMBERS + 1 - 17, 17, 0, 0);
	assert_int_equal(count(fixture, "audit WHERE action = 'member.set'"), MEMBERS + 1 - 17);
	assert_int_equal(count(fixture, "audit WHERE after = 'pop3=off job=1' AND before = "
					"'pop3=inherit'"),
			 MEMBERS + 1 - 17);
	assert_int_equal(count(fixture, "job_member"), MEMBERS + 1 - 17);
}

static void list_names_its_members(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_account members[] = { account_of(fixture, "u3@a.test"),
					      account_of(fixture, "u40@a.test"),
					      account_of(fixture, "u3@a.test"),
					      account_of(fixture, "u7@a.test"),
					      account_of(fixture, "u@b.test") };
	const struct pl_address gone = address_of("u7@a.test");
	const struct pl_job job =
		make_job(fixture, &boss, PL_JOB_CHANGE, "active=off", members, COUNT(members));

	assert_int_equal(pl_member_remove(work_of(fixture), &gone), 1);
	run_at(fixture, NOW, job.id);
	assert_int_equal(count(fixture, "member WHERE active = 0"), 2);
	/* One is gone, one is of a domain that is not the administrator's. */
	assert_counts(fixture, job.id, 2, 0, 0, 2);
	assert_failures(fixture, job.id, "u7@a.test failed not-found\nu@b.test failed not-found\n");
}

static void some_are_left_out_and_the_reasons_kept(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	struct pl_policy *policy = policy_of("domain \"a.test\" { pop3 = forbidden }\n");
	struct pl_job job;

	add_member(fixture, "desk@a.test", "");
	make_administrator(fixture, "desk@a.test", PL_ADMIN_HELPDESK, "a.test");
	job = make_job(fixture, &boss, PL_JOB_CHANGE, "webmail=off", NULL, 0);
	run_at(fixture, NOW, job.id);
	assert_counts(fixture, job.id, MEMBERS, 0, 2, 0);
	assert_failures(fixture, job.id,
			BOSS " skipped own-account\ndesk@a.test skipped administrator\n");
	/* What does not lock the administrator out is done to its own account as well. */
	job = make_job(fixture, &boss, PL_JOB_CHANGE, "sieve=off", NULL, 0);
	run_at(fixture, NOW, job.id);
	assert_counts(fixture, job.id, MEMBERS + 1, 0, 1, 0);
	pl_policy_unref(&fixture->policy);
	fixture->policy = policy;
	job = make_job(fixture, &boss, PL_JOB_CHANGE, "pop3=on", NULL, 0);
	run_at(fixture, NOW, job.id);
	assert_counts(fixture, job.id, 0, 0, 1, MEMBERS + 1);
}

static void settings_that_cannot_be_read_are_a_failure_of_that_member(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job = make_job(fixture, &boss, PL_JOB_CHANGE, "sieve=off", NULL, 0);

	sql_run(fixture->db, "UPDATE member SET settings = 'teleport=on' WHERE local = 'u5'");
	run_at(fixture, NOW, job.id);
	assert_counts(fixture, job.id, MEMBERS, 0, 0, 1);
	assert_failures(fixture, job.id, "u5@a.test failed unreadable\n");
}

static void job_of_one_who_may_not_any_more_is_stopped(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job = make_job(fixture, &boss, PL_JOB_CHANGE, "sieve=off", NULL, 0);

	assert_int_equal(pl_administrator_remove(work_of(fixture), boss.id), 1);
	assert_string_equal(pl_job_state_name(job_of(fixture, job.id).state), "stopped");
	assert_string_equal(job_of(fixture, job.id).reason, "administrator");
	assert_counts(fixture, job.id, 0, 0, 0, 0);
	assert_int_equal(count(fixture, "member WHERE settings LIKE '%sieve%'"), 0);
}

/* ---- undoing ---- */

static void undoing_gives_back_what_is_still_as_the_job_left_it(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	struct pl_job job =
		make_job(fixture, &boss, PL_JOB_CHANGE,
			 "pop3=off class=sales client_password=never_from_2028-01-01", NULL, 0);
	struct pl_job undo;
	const struct pl_change since = change_of("class=boss", PL_AT_MEMBER);
	const struct pl_address one = address_of("u4@a.test");

	run_at(fixture, NOW, job.id);
	assert_ok(fixture, pl_member_set(work_of(fixture), fixture->policy,
					 account_at(fixture, &one), &since, NULL, NULL));
	job = job_of(fixture, job.id);
	assert_int_equal(pl_job_undo(work_at(fixture, NOW), &boss, &job, &undo), 1);
	assert_int_equal(undo.total, MEMBERS + 1);
	run_at(fixture, NOW, undo.id);
	/* One's own account is left to oneself. */
	assert_counts(fixture, undo.id, MEMBERS - 1, 0, 1, 1);
	assert_failures(fixture, undo.id,
			"u4@a.test failed changed-since\n" BOSS " skipped own-account\n");
	assert_int_equal(count(fixture, "member WHERE settings LIKE '%client_password%'"), 2);
	assert_int_equal(count(fixture, "member WHERE class = 'staff' AND settings = 'imap=off'"),
			 16);
	assert_int_equal(count(fixture, "member WHERE class = '' AND settings = 'pop3=off'"), 16);
	assert_string_equal(account_of(fixture, "u4@a.test").member.class_name, "boss");
	/* Once only. */
	job = job_of(fixture, job.id);
	assert_int_equal(job.undone_by, undo.id);
	assert_int_equal(pl_job_undo(work_at(fixture, NOW), &boss, &job, &undo), 0);
}

static void only_changes_of_settings_can_be_undone(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	struct pl_job job = make_job(fixture, &boss, PL_JOB_END_SESSIONS, "", NULL, 0), undo;

	run_at(fixture, NOW, job.id);
	job = job_of(fixture, job.id);
	assert_int_equal(pl_job_undo(work_at(fixture, NOW), &boss, &job, &undo), 0);
}

/* ---- factors and sessions ---- */

static int64_t open_session(struct fixture *fixture, const char *address)
{
	const struct pl_address parsed = address_of(address);
	struct pl_session session = { .channel = PL_CHANNEL_WEBMAIL };
	struct pl_secret cookie;

	assert_ok(fixture, pl_session_open(work_at(fixture, NOW), account_at(fixture, &parsed),
					   &session, &cookie));
	pl_secret_wipe(&cookie);
	return session.id;
}

static void keep_session(const struct pl_session *session, void *context)
{
	int64_t *sum = context;

	*sum += session->id;
}

static void factors_are_removed_with_their_sessions_and_the_members_told(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job = make_job(fixture, &boss, PL_JOB_REMOVE_FACTOR, "", NULL, 0);
	struct pl_job_runner runner = runner_of(fixture, "portal");
	int64_t ended = 0, claimed, session;
	char sql[256];

	runner.session_ends = keep_session;
	runner.context = &ended;
	runner.portion = 200;
	open_session(fixture, "u1@a.test");
	session = open_session(fixture, "u2@a.test");
	snprintf(sql, sizeof(sql),
		 "INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) "
		 "VALUES (%lld, 1, 1, '')",
		 (long long)account_of(fixture, "u2@a.test").member.id);
	sql_run(fixture->db, sql);
	assert_int_equal(pl_job_claim(work_at(fixture, NOW), &runner, &claimed), 1);
	assert_int_equal(pl_job_run_portion(work_at(fixture, NOW), &runner, job.id), 0);
	assert_counts(fixture, job.id, 1, MEMBERS - 1, 1, 0);
	assert_int_equal(ended, session);
	assert_int_equal(count(fixture, "second_factor"), 0);
	assert_int_equal(count(fixture,
			       "audit WHERE object = 'u2@a.test' AND action IN "
			       "('second-factor.reset', 'session.revoke-all') AND after = 'job=1'"),
			 2);
	assert_int_equal(count(fixture, "outbox WHERE what = 'factor-reset'"), 1);
	assert_int_equal(count(fixture, "member WHERE generation > 0"), 1);
}

static void members_are_told_that_their_sessions_were_ended(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job =
		make_job(fixture, &boss, PL_JOB_END_SESSIONS, "reason=stolen laptops", NULL, 0);

	open_session(fixture, "u1@a.test");
	open_session(fixture, "u2@a.test");
	open_session(fixture, "u@b.test");
	run_at(fixture, NOW, job.id);
	assert_counts(fixture, job.id, MEMBERS, 0, 1, 0);
	assert_int_equal(count(fixture,
			       "outbox o JOIN member m ON m.id = o.member_id WHERE o.what = "
			       "'sessions-ended' AND m.local IN ('u1', 'u2')"),
			 2);
	/* Nothing has ended for the others. */
	assert_int_equal(count(fixture, "outbox WHERE what = 'sessions-ended'"), 2);
}

/* ---- runners ---- */

static void die(const struct pl_session *session, void *context)
{
	(void)session;
	(void)context;
	_exit(7);
}

/* Another process that runs a portion, and is gone in the middle of its transaction. */
static void run_and_die(struct fixture *fixture, int64_t now, int64_t id)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct pl_job_runner runner = runner_of(fixture, "killed");
		struct pl_store *store;

		runner.session_ends = die;
		if (pl_store_open(fixture->uri, PL_ROLE_CONSOLE, &store, NULL) == 0 &&
		    pl_job_claim(WORK(store, now, NULL), &runner, &id) == 1)
			pl_job_run_portion(WORK(store, now, NULL), &runner, id);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void job_whose_runner_dies_in_each_portion_goes_on(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job = make_job(fixture, &boss, PL_JOB_END_SESSIONS, "", NULL, 0);
	char address[64];
	int64_t now = NOW, claimed;
	int ret = 1;

	for (int i = 0; i < MEMBERS; i++) {
		snprintf(address, sizeof(address), "u%d@a.test", i);
		open_session(fixture, address);
	}
	while (ret == 1) {
		struct pl_job_runner runner = runner_of(fixture, "next");

		run_and_die(fixture, now, job.id);
		assert_int_equal(pl_job_claim(work_at(fixture, now), &runner, &claimed), 0);
		now += PL_JOB_LEASE;
		assert_int_equal(pl_job_claim(work_at(fixture, now), &runner, &claimed), 1);
		ret = pl_job_run_portion(work_at(fixture, now), &runner, job.id);
		assert_ok(fixture, ret);
		now += PL_JOB_LEASE;
	}
	assert_counts(fixture, job.id, MEMBERS, 0, 1, 0);
	assert_int_equal(count(fixture, "member WHERE generation = 1"), MEMBERS);
	assert_int_equal(count(fixture, "audit WHERE action = 'session.revoke-all'"), MEMBERS);
}

static void job_is_run_by_one_runner_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job = make_job(fixture, &boss, PL_JOB_CHANGE, "sieve=off", NULL, 0);
	struct pl_job_runner one = runner_of(fixture, "one"), other = runner_of(fixture, "other");
	int64_t claimed;

	assert_int_equal(pl_job_claim(work_at(fixture, NOW), &one, &claimed), 1);
	assert_int_equal(pl_job_claim(work_at(fixture, NOW + 4), &other, &claimed), 0);
	assert_int_equal(pl_job_run_portion(work_at(fixture, NOW + 4), &other, job.id), 0);
	assert_int_equal(job_of(fixture, job.id).position, 0);
	/* A portion prolongs the lease. */
	assert_int_equal(pl_job_run_portion(work_at(fixture, NOW + 4), &one, job.id), 1);
	assert_int_equal(pl_job_claim(work_at(fixture, NOW + 6), &other, &claimed), 0);
	/* One that was held up has lost the job, and notices it. */
	assert_int_equal(pl_job_claim(work_at(fixture, NOW + 9), &other, &claimed), 1);
	assert_int_equal(pl_job_run_portion(work_at(fixture, NOW + 9), &one, job.id), 0);
	assert_int_equal(pl_job_run_portion(work_at(fixture, NOW + 9), &other, job.id), 1);
	assert_int_equal(job_of(fixture, job.id).changed, 2 * PL_JOB_PORTION_LEAST);
}

static void paused_job_rests_until_it_is_resumed(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job = make_job(fixture, &boss, PL_JOB_CHANGE, "sieve=off", NULL, 0);
	struct pl_job_runner runner = runner_of(fixture, "portal");
	int64_t claimed;

	assert_int_equal(pl_job_claim(work_at(fixture, NOW), &runner, &claimed), 1);
	assert_int_equal(pl_job_run_portion(work_at(fixture, NOW), &runner, job.id), 1);
	assert_int_equal(pl_job_pause(work_at(fixture, NOW), &job), 1);
	assert_int_equal(pl_job_pause(work_at(fixture, NOW), &job), 0);
	assert_int_equal(pl_job_run_portion(work_at(fixture, NOW), &runner, job.id), 0);
	assert_int_equal(pl_job_claim(work_at(fixture, NOW + 60), &runner, &claimed), 0);
	assert_int_equal(pl_job_resume(work_at(fixture, NOW), &job), 1);
	assert_int_equal(pl_job_resume(work_at(fixture, NOW), &job), 0);
	run_at(fixture, NOW, job.id);
	assert_counts(fixture, job.id, MEMBERS + 1, 0, 0, 0);
	assert_int_equal(count(fixture, "audit WHERE object = 'job 1' AND action IN ('job.start', "
					"'job.pause', 'job.resume')"),
			 3);
}

/* ---- previews ---- */

static void use(struct fixture *fixture, const char *address, const char *service,
		const char *credential, int days_ago)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO member_use (member_id, service, credential, used_at, ip) VALUES "
		 "(%lld, '%s', '%s', %lld, '')",
		 (long long)account_of(fixture, address).member.id, service, credential,
		 (long long)(NOW - (int64_t)days_ago * DAY));
	sql_run(fixture->db, sql);
	snprintf(sql, sizeof(sql),
		 "UPDATE member SET seen_day = %lld WHERE id = %lld AND seen_day < %lld",
		 (long long)(NOW / DAY - days_ago),
		 (long long)account_of(fixture, address).member.id,
		 (long long)(NOW / DAY - days_ago));
	sql_run(fixture->db, sql);
}

static struct pl_job_preview preview_of(struct fixture *fixture,
					const struct pl_administrator *administrator,
					const char *change)
{
	struct pl_job job = { .action = PL_JOB_CHANGE };
	struct pl_job_preview preview;

	snprintf(job.change, sizeof(job.change), "%s", change);
	assert_ok(fixture, pl_job_preview(work_at(fixture, NOW), fixture->policy, administrator,
					  &job, NULL, 0, &preview));
	return preview;
}

static void preview_and_result_agree(void **state)
{
	static const char *const changes[] = { "pop3=off", "webmail=off class=staff",
					       "two_factor_requirement=required" };
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);

	add_member(fixture, "desk@a.test", "");
	make_administrator(fixture, "desk@a.test", PL_ADMIN_HELPDESK, "a.test");
	for (size_t i = 0; i < COUNT(changes); i++) {
		const struct pl_job_preview preview = preview_of(fixture, &boss, changes[i]);
		const struct pl_job job =
			make_job(fixture, &boss, PL_JOB_CHANGE, changes[i], NULL, 0);

		assert_int_equal(preview.matching, MEMBERS + 2);
		run_at(fixture, NOW, job.id);
		assert_counts(fixture, job.id, (int)preview.changed, (int)preview.same,
			      (int)(preview.administrators + preview.own_account),
			      (int)preview.forbidden);
	}
}

static void preview_tells_who_would_lose_what_was_used_lately(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);

	use(fixture, "u0@a.test", "pop3", "account-password", 29);
	use(fixture, "u0@a.test", "imap", "account-password", 1);
	use(fixture, "u3@a.test", "pop3", "app-password", 31);
	use(fixture, "u6@a.test", "pop3", "app-password", 2);
	use(fixture, "u9@a.test", "webmail", "account-password", 2);
	use(fixture, "u1@a.test", "pop3", "app-password", 2); /* switched off already */
	assert_int_equal(preview_of(fixture, &boss, "pop3=off").lose_service, 2);
	assert_int_equal(preview_of(fixture, &boss, "imap=off").lose_service, 1);
	assert_int_equal(preview_of(fixture, &boss, "client_password=never").lose_service, 1);
	assert_int_equal(preview_of(fixture, &boss, "app_passwords=off").lose_service, 1);
	assert_int_equal(preview_of(fixture, &boss, "active=off").lose_service, 3);
	assert_int_equal(preview_of(fixture, &boss, "sieve=off").lose_service, 0);
}

static void preview_tells_who_would_have_to_register(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);

	add_member(fixture, "must@a.test", "two_factor_requirement=required");
	sql_run(fixture->db,
		"INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) "
		"SELECT id, 1, 1, '' FROM member WHERE local = 'u5'");
	sql_run(fixture->db, "UPDATE member SET factor = 1 WHERE local = 'u5'");
	assert_int_equal(preview_of(fixture, &boss, "two_factor_requirement=required")
				 .must_register,
			 MEMBERS);
	assert_int_equal(preview_of(fixture, &boss, "two_factor_requirement=optional")
				 .must_register,
			 0);
	assert_int_equal(preview_of(fixture, &boss,
				    "two_factor_requirement=required two_factor_mode=skip")
				 .must_register,
			 0);
}

/* Members who have days left need not register yet, as in the preview of a domain. */
static void preview_knows_the_days_of_grace(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);

	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("two_factor_grace_days = 30\n");
	sql_run(fixture->db, "UPDATE member SET created_at = 1");
	add_member(fixture, "new@a.test", "");
	sql_run(fixture->db,
		"UPDATE member SET created_at = 1799000000 WHERE local IN ('new', 'u0', 'u1')");
	assert_int_equal(preview_of(fixture, &boss, "two_factor_requirement=required")
				 .must_register,
			 MEMBERS + 2 - 3);
	/* Of another domain, which has as many of its own as have passed. */
	change_grace(fixture, "a.test", "5");
	assert_int_equal(preview_of(fixture, &boss, "two_factor_requirement=required")
				 .must_register,
			 MEMBERS + 2);
}

/* ---- who is shut out ---- */

static void keep_lost(const struct pl_address *member, void *context)
{
	char *text = context;
	const size_t used = strlen(text);

	snprintf(text + used, 512 - used, "%s ", member->local);
}

static void find_lost(struct fixture *fixture, int64_t id, char text[512])
{
	int64_t ids[MEMBERS + 3];

	for (size_t i = 0; i < COUNT(ids); i++)
		ids[i] = (int64_t)i + 1;
	text[0] = '\0';
	assert_ok(fixture, pl_job_lost(work_at(fixture, NOW), fixture->policy, id, ids, COUNT(ids),
				       keep_lost, text));
}

/* u0 and u3 may use IMAP, u2 may not. */
static void members_who_use_what_a_job_has_taken_are_shut_out(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job =
		make_job(fixture, &boss, PL_JOB_CHANGE, "imap=off webmail=off", NULL, 0);
	const struct pl_change since = change_of("imap=on", PL_AT_MEMBER);
	const struct pl_address one = address_of("u6@a.test");
	char text[512];

	use(fixture, "u0@a.test", "imap", "account-password", 400);
	use(fixture, "u0@a.test", "imap", "app-password", 400);
	use(fixture, "u1@a.test", "pop3", "account-password", 400);
	use(fixture, "u2@a.test", "imap", "account-password", 400);
	use(fixture, "u3@a.test", "imap", "application", 400);
	use(fixture, "u4@a.test", "webmail", "webmail", 400);
	use(fixture, "u5@a.test", "smtp", "account-password", 400);
	use(fixture, "u6@a.test", "imap", "account-password", 400);
	use(fixture, "u@b.test", "imap", "account-password", 400);
	find_lost(fixture, job.id, text);
	assert_string_equal(text, "");
	run_at(fixture, NOW, job.id);
	assert_int_equal(pl_member_set(work_of(fixture), fixture->policy, account_at(fixture, &one),
				       &since, NULL, NULL),
			 1);
	find_lost(fixture, job.id, text);
	assert_string_equal(text, "u0 u3 u4 ");
}

/* u2 was last there from a network that is still allowed, u3 may come from everywhere. */
static void members_outside_of_new_networks_are_shut_out(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_administrator boss = make_members(fixture);
	const struct pl_job job = make_job(fixture, &boss, PL_JOB_CHANGE,
					   "webmail_allowed_networks=192.0.2.0/24", NULL, 0);
	char text[512];

	use(fixture, "u1@a.test", "webmail", "account-password", 400);
	use(fixture, "u2@a.test", "webmail", "account-password", 400);
	use(fixture, "u3@a.test", "imap", "account-password", 400);
	sql_run(fixture->db, "UPDATE member_use SET ip = '198.51.100.7'");
	sql_run(fixture->db, "UPDATE member_use SET ip = '192.0.2.7' WHERE member_id = (SELECT id "
			     "FROM member WHERE local = 'u2')");
	run_at(fixture, NOW, job.id);
	find_lost(fixture, job.id, text);
	assert_string_equal(text, "u1 ");
}

static void only_jobs_that_may_shut_members_out_are_looked_at(void **state)
{
	static const struct {
		const char *change;
		int may;
	} rows[] = {
		{ "imap=off", 1 },
		{ "imap=inherit", 1 },
		{ "webmail=off", 1 },
		{ "active=off", 1 },
		{ "active=on", 0 },
		{ "class=staff", 1 },
		{ "smtp=off", 0 },
		{ "forwarding=off", 0 },
		{ "two_factor_requirement=required", 0 },
		{ "reason=x", 0 },
		{ "client_password=never", 1 },
		{ "webmail_allowed_networks=192.0.2.0/24", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_job job = { .action = PL_JOB_CHANGE };

		snprintf(job.change, sizeof(job.change), "%s", rows[i].change);
		assert_int_equal(pl_job_may_shut_out(&job), rows[i].may);
	}
	assert_int_equal(pl_job_may_shut_out(&(struct pl_job){ .action = PL_JOB_END_SESSIONS }), 0);
	assert_int_equal(pl_job_may_shut_out(&(struct pl_job){ .action = PL_JOB_UNDO }), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(each_member_is_changed_once_and_has_a_record),
		TEST_WITH_DATABASE(members_who_have_it_already_get_no_record),
		TEST_WITH_DATABASE(list_names_its_members),
		TEST_WITH_DATABASE(some_are_left_out_and_the_reasons_kept),
		TEST_WITH_DATABASE(settings_that_cannot_be_read_are_a_failure_of_that_member),
		TEST_WITH_DATABASE(job_of_one_who_may_not_any_more_is_stopped),
		TEST_WITH_DATABASE(members_who_use_what_a_job_has_taken_are_shut_out),
		TEST_WITH_DATABASE(members_outside_of_new_networks_are_shut_out),
		cmocka_unit_test(only_jobs_that_may_shut_members_out_are_looked_at),
		TEST_WITH_DATABASE(undoing_gives_back_what_is_still_as_the_job_left_it),
		TEST_WITH_DATABASE(only_changes_of_settings_can_be_undone),
		TEST_WITH_DATABASE(factors_are_removed_with_their_sessions_and_the_members_told),
		TEST_WITH_DATABASE(members_are_told_that_their_sessions_were_ended),
		TEST_WITH_DATABASE(job_whose_runner_dies_in_each_portion_goes_on),
		TEST_WITH_DATABASE(job_is_run_by_one_runner_at_a_time),
		TEST_WITH_DATABASE(paused_job_rests_until_it_is_resumed),
		TEST_WITH_DATABASE(preview_and_result_agree),
		TEST_WITH_DATABASE(preview_tells_who_would_lose_what_was_used_lately),
		TEST_WITH_DATABASE(preview_tells_who_would_have_to_register),
		TEST_WITH_DATABASE(preview_knows_the_days_of_grace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
