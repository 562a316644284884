/* test_live_policy.c - what a program that runs for long sees of policy file and keys. */
#include "tests/unit/fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy/login/live_policy.h"

#define LOOK_MS 100
#define RETRY_MS 1000
#define STILL_MS 1000 /* a file that changes is read when it has been the same for so long */
#define STEP_MS (2 * STILL_MS)
#define MINUTE 60000
#define THREADS 4
#define CHANGES 200

static char reported[4096];

static void note_report(void *context, int failed, const char *msg)
{
	(void)context;
	snprintf(reported + strlen(reported), sizeof(reported) - strlen(reported), "%s%s\n",
		 failed ? "failed: " : "", msg);
}

static int count_reports(const char *word)
{
	int count = 0;

	for (const char *at = reported; (at = strstr(at, word)) != NULL; at++)
		count++;
	return count;
}

/* Replaces a file in one step, as an editor does. */
static void replace(struct fixture *fixture, const char *name, const char *text)
{
	const char *path = path_in(fixture, name), *new = path_in(fixture, "new");

	write_file(new, text, strlen(text));
	assert_int_equal(chmod(new, 0600), 0);
	assert_int_equal(rename(new, path), 0);
}

/* A policy file that differs in portal_name, if it has one, with more behind it. */
static void set_policy(struct fixture *fixture, const char *name, const char *more)
{
	char text[1024], setting[64] = "";

	if (name != NULL)
		snprintf(setting, sizeof(setting), "portal_name = \"%s\"\n", name);
	snprintf(text, sizeof(text),
		 "verify_key = \"%s/verify.key\"\nseal_key = \"%s/seal.key\"\n"
		 "outbox_key = \"%s/outbox.key\"\n%s%s",
		 fixture->dir, fixture->dir, fixture->dir, setting, more);
	replace(fixture, "policy.conf", text);
}

static void set_key(struct fixture *fixture, const char *name, int id)
{
	char text[128];

	snprintf(text, sizeof(text), "%d %064x\n", id, id);
	replace(fixture, name, text);
}

static struct pl_live_policy *start_with(struct fixture *fixture, unsigned int keys,
					 int (*check)(void *, const struct pl_policy *,
						      struct pl_error *))
{
	const struct pl_live_options options = { .policy_path = path_in(fixture, "policy.conf"),
						 .keys = keys,
						 .look_every_ms = LOOK_MS,
						 .check = check,
						 .report = note_report };
	struct pl_live_policy *live = pl_live_policy_new(&options);

	reported[0] = '\0';
	assert_non_null(live);
	return live;
}

static struct pl_live_policy *start(struct fixture *fixture)
{
	return start_with(fixture, PL_LIVE_HMAC_KEY, NULL);
}

static struct pl_snapshot *hold(struct fixture *fixture, struct pl_live_policy *live,
				int64_t now_ms)
{
	struct pl_snapshot *snapshot;

	assert_ok(fixture, pl_live_policy_hold(live, now_ms, &snapshot, &fixture->err));
	return snapshot;
}

static void assert_name(struct fixture *fixture, struct pl_live_policy *live, int64_t now_ms,
			const char *name)
{
	struct pl_snapshot *snapshot = hold(fixture, live, now_ms);

	assert_string_equal(snapshot->policy->portal_name, name);
	pl_snapshot_unref(&snapshot);
}

/* The same, when a change that is seen at now_ms has lasted. */
static void assert_name_when_still(struct fixture *fixture, struct pl_live_policy *live,
				   int64_t now_ms, const char *name)
{
	struct pl_snapshot *snapshot = hold(fixture, live, now_ms);

	pl_snapshot_unref(&snapshot);
	assert_name(fixture, live, now_ms + STILL_MS, name);
}

/* id 0: there is none. */
static void assert_hmac_key(struct fixture *fixture, struct pl_live_policy *live, int64_t now_ms,
			    int id)
{
	struct pl_snapshot *snapshot = hold(fixture, live, now_ms);

	if (id == 0)
		assert_null(snapshot->hmac_key);
	else
		assert_non_null(snapshot->hmac_key);
	if (id != 0)
		assert_int_equal(pl_keys_id(snapshot->hmac_key, 0), id);
	pl_snapshot_unref(&snapshot);
}

static void policy_that_is_missing_is_an_error_until_it_is_there(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live = start(fixture);
	struct pl_snapshot *snapshot;

	for (int64_t now_ms = 0; now_ms < MINUTE; now_ms += LOOK_MS) {
		assert_refused(fixture, pl_live_policy_hold(live, now_ms, &snapshot, &fixture->err),
			       PL_ERR_CONFIG, "policy.conf");
		assert_null(snapshot);
	}
	assert_int_equal(count_reports("failed: policy file"), 1);
	set_policy(fixture, "first", "");
	assert_name(fixture, live, MINUTE, "first");
	assert_int_equal(count_reports("policy file: read again"), 1);
	pl_live_policy_free(&live);
}

static void good_start_is_not_worth_a_line(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	set_policy(fixture, "first", "");
	live = start(fixture);
	assert_name(fixture, live, 0, "first");
	assert_string_equal(reported, "");
	pl_live_policy_free(&live);
}

static void change_counts_at_the_next_look_and_not_before(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	set_policy(fixture, "first", "");
	live = start(fixture);
	assert_name(fixture, live, 1000, "first");
	set_policy(fixture, "second", "");
	assert_name(fixture, live, 1000 + LOOK_MS - 1, "first");
	assert_name(fixture, live, 1000 + LOOK_MS, "first");
	assert_name(fixture, live, 1000 + STILL_MS, "first");
	assert_name(fixture, live, 1000 + LOOK_MS + STILL_MS, "second");
	assert_string_equal(reported, "policy file: read again\n");
	pl_live_policy_free(&live);
}

/* Its first half is valid, and forbids nothing. */
static void file_that_is_being_written_is_not_read(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	set_policy(fixture, "first", "defaults { pop3 = forbidden }\n");
	live = start(fixture);
	assert_name(fixture, live, 0, "first");
	for (int i = 1; i <= 30; i++) {
		set_policy(fixture, "half", i % 2 == 0 ? "# half\n" : "");
		assert_name(fixture, live, i * STILL_MS / 2, "first");
	}
	set_policy(fixture, "second", "defaults { pop3 = forbidden }\n");
	assert_name_when_still(fixture, live, 31 * STILL_MS / 2, "second");
	assert_int_equal(count_reports("read again"), 1);
	pl_live_policy_free(&live);
}

static void file_that_was_written_before_counts_at_the_next_look(void **state)
{
	const struct timespec times[] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = time(NULL) - 2 } };
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	set_policy(fixture, "first", "");
	live = start(fixture);
	assert_name(fixture, live, 0, "first");
	set_policy(fixture, "second", "");
	assert_int_equal(utimensat(AT_FDCWD, path_in(fixture, "policy.conf"), times, 0), 0);
	assert_name(fixture, live, LOOK_MS, "second");
	pl_live_policy_free(&live);
}

static void assert_changes(struct fixture *fixture, struct pl_live_policy *live, int64_t now_ms,
			   uint64_t changes)
{
	struct pl_snapshot *snapshot = hold(fixture, live, now_ms);

	assert_int_equal(snapshot->policy_changes, changes);
	pl_snapshot_unref(&snapshot);
}

static void changes_of_the_policy_are_counted(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	set_policy(fixture, "first", "");
	live = start(fixture);
	assert_changes(fixture, live, 0, 0);
	/* Read again without a change, and a key alone. */
	assert_ok(fixture, pl_live_policy_read(live, LOOK_MS, &fixture->err));
	set_key(fixture, "verify.key", 2);
	assert_changes(fixture, live, 2 * LOOK_MS, 0);
	set_policy(fixture, "second", "");
	assert_changes(fixture, live, 3 * LOOK_MS, 0);
	assert_changes(fixture, live, 3 * LOOK_MS + STILL_MS, 1);
	assert_changes(fixture, live, 4 * LOOK_MS + STILL_MS, 1);
	set_policy(fixture, "third", "");
	assert_ok(fixture, pl_live_policy_read(live, 5 * LOOK_MS + STILL_MS, &fixture->err));
	assert_changes(fixture, live, 5 * LOOK_MS + STILL_MS, 2);
	pl_live_policy_free(&live);
}

static void snapshot_stays_as_it_is_when_the_files_change(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;
	struct pl_snapshot *held;

	set_policy(fixture, "first", "");
	live = start(fixture);
	held = hold(fixture, live, 0);
	set_policy(fixture, "second", "");
	set_key(fixture, "verify.key", 2);
	assert_name_when_still(fixture, live, LOOK_MS, "second");
	pl_live_policy_free(&live);
	assert_string_equal(held->policy->portal_name, "first");
	assert_int_equal(pl_keys_id(held->hmac_key, 0), 1);
	pl_snapshot_unref(&held);
}

static void bad_policy_leaves_the_last_good_one(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	set_policy(fixture, "first", "");
	live = start(fixture);
	assert_name(fixture, live, 0, "first");
	set_policy(fixture, "second", "defaults { pop3 = maybe }\n");
	for (int64_t now_ms = LOOK_MS; now_ms < 2 * MINUTE; now_ms += LOOK_MS)
		assert_name(fixture, live, now_ms, "first");
	assert_int_equal(count_reports("failed: keeping the last good policy: "), 2);
	assert_int_equal(count_reports("pop3 = maybe"), 2);
	set_policy(fixture, "third", "");
	assert_name_when_still(fixture, live, 2 * MINUTE, "third");
	assert_int_equal(count_reports("policy file: read again"), 1);
	pl_live_policy_free(&live);
}

static void policy_that_is_bad_again_is_told_again(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	set_policy(fixture, "first", "");
	live = start(fixture);
	assert_name(fixture, live, 0, "first");
	for (int i = 1; i <= 3; i++) {
		set_policy(fixture, "second", "nonsense\n");
		assert_name_when_still(fixture, live, i * STEP_MS, "first");
		assert_int_equal(count_reports("failed: "), i);
	}
	pl_live_policy_free(&live);
}

static void included_file_counts_too(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	replace(fixture, "more.conf", "portal_name = \"first\"\n");
	set_policy(fixture, NULL, "include(\"more.conf\")\n");
	live = start(fixture);
	assert_name(fixture, live, 0, "first");
	replace(fixture, "more.conf", "portal_name = \"second\"\n");
	assert_name_when_still(fixture, live, STEP_MS, "second");
	set_policy(fixture, "main", "");
	assert_name_when_still(fixture, live, 2 * STEP_MS, "main");
	replace(fixture, "more.conf", "portal_name = \"third\"\n");
	assert_name_when_still(fixture, live, 3 * STEP_MS, "main");
	assert_int_equal(count_reports("read again"), 2);
	pl_live_policy_free(&live);
}

/* A policy that was never good does not tell what it includes. */
static void fault_of_an_included_file_is_fixed_there(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;
	struct pl_snapshot *snapshot;

	replace(fixture, "more.conf", "nonsense\n");
	set_policy(fixture, NULL, "include(\"more.conf\")\n");
	live = start(fixture);
	assert_refused(fixture, pl_live_policy_hold(live, 0, &snapshot, &fixture->err),
		       PL_ERR_CONFIG, "more.conf");
	replace(fixture, "more.conf", "portal_name = \"first\"\n");
	assert_name(fixture, live, RETRY_MS, "first");
	pl_live_policy_free(&live);
}

static void key_that_is_missing_is_null_until_it_is_there(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	assert_int_equal(unlink(path_in(fixture, "verify.key")), 0);
	set_policy(fixture, "first", "");
	live = start(fixture);
	for (int64_t now_ms = 0; now_ms < MINUTE; now_ms += LOOK_MS)
		assert_hmac_key(fixture, live, now_ms, 0);
	assert_int_equal(count_reports("failed: key file"), 1);
	assert_int_equal(count_reports("what needs it is refused"), 1);
	assert_int_not_equal(access(path_in(fixture, "verify.key"), F_OK), 0);
	set_key(fixture, "verify.key", 7);
	assert_hmac_key(fixture, live, MINUTE, 7);
	assert_int_equal(count_reports("verify.key: read again"), 1);
	pl_live_policy_free(&live);
}

static void key_that_is_refused_is_not_used_any_more(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	set_policy(fixture, "first", "");
	live = start(fixture);
	assert_hmac_key(fixture, live, 0, 1);
	assert_int_equal(chmod(path_in(fixture, "verify.key"), 0644), 0);
	assert_hmac_key(fixture, live, LOOK_MS, 0);
	assert_int_equal(chmod(path_in(fixture, "verify.key"), 0640), 0);
	assert_hmac_key(fixture, live, 2 * LOOK_MS, 1);
	pl_live_policy_free(&live);
}

static void key_is_replaced_while_the_policy_is_bad(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	set_policy(fixture, "first", "");
	live = start(fixture);
	assert_hmac_key(fixture, live, 0, 1);
	set_policy(fixture, "second", "nonsense\n");
	set_key(fixture, "verify.key", 2);
	assert_hmac_key(fixture, live, LOOK_MS, 2);
	assert_name(fixture, live, LOOK_MS, "first");
	pl_live_policy_free(&live);
}

static void only_the_keys_that_are_wanted_are_read(void **state)
{
	static const unsigned int wanted[] = { 0, PL_LIVE_HMAC_KEY, PL_LIVE_SEAL_KEY,
					       PL_LIVE_HMAC_KEY | PL_LIVE_SEAL_KEY,
					       PL_LIVE_OUTBOX_KEY };
	struct fixture *fixture = *state;
	struct pl_live_policy *live;
	struct pl_snapshot *held;

	set_policy(fixture, "first", "");
	set_key(fixture, "seal.key", 3);
	set_key(fixture, "outbox.key", 4);
	for (size_t i = 0; i < COUNT(wanted); i++) {
		live = start_with(fixture, wanted[i], NULL);
		held = hold(fixture, live, 0);
		assert_int_equal(held->hmac_key != NULL, (wanted[i] & PL_LIVE_HMAC_KEY) != 0);
		assert_int_equal(held->seal_key != NULL, (wanted[i] & PL_LIVE_SEAL_KEY) != 0);
		assert_int_equal(held->outbox_key != NULL, (wanted[i] & PL_LIVE_OUTBOX_KEY) != 0);
		pl_snapshot_unref(&held);
		pl_live_policy_free(&live);
		assert_string_equal(reported, "");
	}
}

static int refuses_second(void *context, const struct pl_policy *policy, struct pl_error *err)
{
	(void)context;
	return strcmp(policy->portal_name, "second") != 0
		       ? 0
		       : pl_error_set(err, PL_ERR_CONFIG, "%s: second", policy->files[0]);
}

static void policy_that_does_not_suit_the_program_is_a_bad_one(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	set_policy(fixture, "first", "");
	live = start_with(fixture, 0, refuses_second);
	assert_name(fixture, live, 0, "first");
	set_policy(fixture, "second", "");
	assert_name_when_still(fixture, live, STEP_MS, "first");
	assert_int_equal(count_reports("failed: keeping the last good policy: "), 1);
	set_policy(fixture, "third", "");
	assert_name_when_still(fixture, live, 2 * STEP_MS, "third");
	pl_live_policy_free(&live);
}

static struct fixture *changing; /* what the next check changes; NULL: nothing */

static int changes_the_included_file(void *context, const struct pl_policy *policy,
				     struct pl_error *err)
{
	(void)context;
	(void)policy;
	(void)err;
	if (changing != NULL)
		replace(changing, "more.conf", "portal_name = \"second\"\n");
	changing = NULL;
	return 0;
}

static void change_while_the_files_are_read_is_seen(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live;

	replace(fixture, "more.conf", "portal_name = \"first\"\n");
	set_policy(fixture, NULL, "include(\"more.conf\")\n");
	live = start_with(fixture, 0, changes_the_included_file);
	changing = fixture;
	pl_live_policy_read(live, 0, &fixture->err);
	assert_name_when_still(fixture, live, STEP_MS, "second");
	replace(fixture, "more.conf", "portal_name = \"first\"\n");
	changing = fixture;
	pl_live_policy_read(live, 2 * STEP_MS, &fixture->err);
	assert_name_when_still(fixture, live, 2 * STEP_MS + LOOK_MS, "second");
	pl_live_policy_free(&live);
}

static void reading_on_request_returns_what_is_wrong(void **state)
{
	struct fixture *fixture = *state;
	struct pl_live_policy *live = start(fixture);

	assert_refused(fixture, pl_live_policy_read(live, 0, &fixture->err), PL_ERR_CONFIG,
		       "policy.conf");
	set_policy(fixture, "first", "");
	assert_ok(fixture, pl_live_policy_read(live, 1, &fixture->err));
	assert_name(fixture, live, 1, "first");
	set_policy(fixture, "second", "nonsense\n");
	assert_refused(fixture, pl_live_policy_read(live, 2, &fixture->err), PL_ERR_CONFIG,
		       "keeping the last good policy");
	assert_name(fixture, live, 2, "first");
	assert_name(fixture, live, RETRY_MS * 2, "first");
	/* The caller has reported it. */
	assert_string_equal(reported, "");
	assert_int_equal(unlink(path_in(fixture, "verify.key")), 0);
	set_policy(fixture, "third", "");
	assert_ok(fixture, pl_live_policy_read(live, RETRY_MS * 2 + 1, &fixture->err));
	assert_int_equal(count_reports("what needs it is refused"), 1);
	pl_live_policy_free(&live);
}

struct reader {
	pthread_t thread;
	struct pl_live_policy *live;
	const int64_t *now_ms; /* atomic */
	const int *is_over;    /* atomic */
	int faults;
};

/* Names only go up, and each snapshot is whole. */
static void *read_snapshots(void *context)
{
	struct reader *reader = context;
	struct pl_snapshot *snapshot;
	struct pl_error err;
	int last = 0, number;

	while (!__atomic_load_n(reader->is_over, __ATOMIC_ACQUIRE)) {
		if (pl_live_policy_hold(reader->live,
					__atomic_load_n(reader->now_ms, __ATOMIC_RELAXED),
					&snapshot, &err) < 0) {
			reader->faults++;
			continue;
		}
		number = atoi(snapshot->policy->portal_name);
		if (number < last || snapshot->hmac_key == NULL ||
		    pl_keys_count(snapshot->hmac_key) != 1)
			reader->faults++;
		last = number;
		pl_snapshot_unref(&snapshot);
	}
	return NULL;
}

static void threads_see_whole_snapshots_while_files_change(void **state)
{
	struct fixture *fixture = *state;
	struct reader readers[THREADS];
	struct pl_live_policy *live;
	char name[16];
	int64_t now_ms = 0;
	int is_over = 0;

	set_policy(fixture, "0", "");
	live = start(fixture);
	for (size_t i = 0; i < THREADS; i++) {
		readers[i] =
			(struct reader){ .live = live, .now_ms = &now_ms, .is_over = &is_over };
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_snapshots,
						&readers[i]),
				 0);
	}
	for (int i = 1; i <= CHANGES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		set_policy(fixture, name, "");
		set_key(fixture, "verify.key", i);
		__atomic_store_n(&now_ms, (int64_t)i * LOOK_MS, __ATOMIC_RELAXED);
		if (i % 10 == 0)
			assert_ok(fixture, pl_live_policy_read(live, now_ms, &fixture->err));
	}
	snprintf(name, sizeof(name), "%d", CHANGES);
	assert_name_when_still(fixture, live, (int64_t)(CHANGES + 1) * LOOK_MS, name);
	assert_hmac_key(fixture, live, (int64_t)(CHANGES + 1) * LOOK_MS + STILL_MS, CHANGES);
	__atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_int_equal(readers[i].faults, 0);
	}
	pl_live_policy_free(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_FOLDER(policy_that_is_missing_is_an_error_until_it_is_there),
		TEST_IN_FOLDER(good_start_is_not_worth_a_line),
		TEST_IN_FOLDER(change_counts_at_the_next_look_and_not_before),
		TEST_IN_FOLDER(changes_of_the_policy_are_counted),
		TEST_IN_FOLDER(file_that_is_being_written_is_not_read),
		TEST_IN_FOLDER(file_that_was_written_before_counts_at_the_next_look),
		TEST_IN_FOLDER(snapshot_stays_as_it_is_when_the_files_change),
		TEST_IN_FOLDER(bad_policy_leaves_the_last_good_one),
		TEST_IN_FOLDER(policy_that_is_bad_again_is_told_again),
		TEST_IN_FOLDER(included_file_counts_too),
		TEST_IN_FOLDER(fault_of_an_included_file_is_fixed_there),
		TEST_IN_FOLDER(key_that_is_missing_is_null_until_it_is_there),
		TEST_IN_FOLDER(key_that_is_refused_is_not_used_any_more),
		TEST_IN_FOLDER(key_is_replaced_while_the_policy_is_bad),
		TEST_IN_FOLDER(only_the_keys_that_are_wanted_are_read),
		TEST_IN_FOLDER(policy_that_does_not_suit_the_program_is_a_bad_one),
		TEST_IN_FOLDER(change_while_the_files_are_read_is_seen),
		TEST_IN_FOLDER(reading_on_request_returns_what_is_wrong),
		TEST_IN_FOLDER(threads_see_whole_snapshots_while_files_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
