/* test_sendmail.c - what the sendmail command is given, and what becomes of it. */
#include "tests/unit/fixture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sender/sendmail.h"

#define DEADLINE_MS 60000

static const struct mail mail = { .from = "from@example.test",
				  .to = "-to@example.test",
				  .text = "Subject: x\n\n.\nbody\n",
				  .len = 19 };

/* A command that runs in the folder. */
static const char *command_in(struct fixture *fixture, const char *script)
{
	const char *path = path_in(fixture, "sendmail");
	char text[1024];

	snprintf(text, sizeof(text), "#!/bin/sh\ncd %s\n%s\n", fixture->dir, script);
	write_file(path, text, strlen(text));
	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

static struct process start(struct fixture *fixture, const char *script)
{
	struct process sendmail;

	assert_ok(fixture,
		  sendmail_start(command_in(fixture, script), &mail, &sendmail, &fixture->err));
	return sendmail;
}

/* Waits for its end. */
static int result_of(struct fixture *fixture, struct process *sendmail)
{
	struct pollfd ended = { .fd = sendmail->fd, .events = POLLIN };

	assert_int_equal(poll(&ended, 1, DEADLINE_MS), 1);
	return process_result(sendmail, &fixture->err);
}

static void wait_for_file(const char *path)
{
	for (int i = 0; i < DEADLINE_MS && access(path, F_OK) < 0; i += 10)
		poll(NULL, 0, 10);
	assert_int_equal(access(path, F_OK), 0);
}

static void is_given_addresses_and_text(void **state)
{
	struct fixture *fixture = *state;
	struct process sendmail = start(fixture, "echo \"$@\" >got; cat >>got");

	assert_int_equal(result_of(fixture, &sendmail), 1);
	assert_true(file_holds(path_in(fixture, "got"),
			       "-i -f from@example.test -- -to@example.test\n"
			       "Subject: x\n\n.\nbody\n"));
	assert_int_equal(sendmail.pid, -1);
}

static void has_taken_the_mail_only_with_status_0(void **state)
{
	static const struct {
		const char *script, *says;
	} rows[] = {
		{ "exit 75", "ended with status 75" },    { "exit 1", "ended with status 1" },
		{ "kill -KILL $$", "ended by signal 9" }, { "kill -PIPE $$", "ended by signal 13" },
		{ "exit 127", "cannot be started" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct process sendmail = start(fixture, rows[i].script);

		assert_refused(fixture, result_of(fixture, &sendmail), PL_ERR_RETRY, rows[i].says);
	}
}

static void a_command_that_is_not_there_is_no_success(void **state)
{
	struct fixture *fixture = *state;
	struct process sendmail;

	assert_ok(fixture,
		  sendmail_start(path_in(fixture, "none"), &mail, &sendmail, &fixture->err));
	assert_refused(fixture, result_of(fixture, &sendmail), PL_ERR_RETRY, "cannot be started");
}

/* And what it has started goes with it. */
static void one_that_hangs_is_ended(void **state)
{
	struct fixture *fixture = *state;
	struct process sendmail = start(fixture, "sleep 1000 & echo $! >child.new; mv child.new "
						 "child; wait");
	const pid_t pid = sendmail.pid;
	char text[32] = "";
	FILE *in;

	wait_for_file(path_in(fixture, "child"));
	assert_int_equal(process_result(&sendmail, &fixture->err), 0);
	sendmail.deadline_ms = 0;
	assert_refused(fixture, process_result(&sendmail, &fixture->err), PL_ERR_RETRY,
		       "did not end within 60 seconds");
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	in = fopen(path_in(fixture, "child"), "r");
	assert_non_null(in);
	assert_non_null(fgets(text, sizeof(text), in));
	fclose(in);
	/* It may be waited for by whoever inherits it, or not yet. */
	for (int i = 0; i < DEADLINE_MS; i += 10) {
		char path[64], status[8] = "";

		snprintf(path, sizeof(path), "/proc/%d/stat", atoi(text));
		in = fopen(path, "r");
		if (in == NULL)
			return;
		if (fscanf(in, "%*d %*s %7s", status) == 1 && status[0] == 'Z') {
			fclose(in);
			return;
		}
		fclose(in);
		poll(NULL, 0, 10);
	}
	fail();
}

/* Whoever does not read it keeps nobody waiting, however long it is. */
static void a_long_mail_waits_for_no_reader(void **state)
{
	struct fixture *fixture = *state;
	const size_t len = 4 << 20;
	char *text = malloc(len);
	const struct mail long_mail = { .from = "a@b", .to = "c@d", .text = text, .len = len };
	struct process sendmail;

	assert_non_null(text);
	memset(text, 'x', len);
	assert_ok(fixture, sendmail_start(command_in(fixture, "[ $(wc -c) = 4194304 ]"), &long_mail,
					  &sendmail, &fixture->err));
	assert_int_equal(result_of(fixture, &sendmail), 1);
	assert_ok(fixture,
		  sendmail_start(command_in(fixture, ":"), &long_mail, &sendmail, &fixture->err));
	assert_int_equal(result_of(fixture, &sendmail), 1);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_FOLDER(is_given_addresses_and_text),
		TEST_IN_FOLDER(has_taken_the_mail_only_with_status_0),
		TEST_IN_FOLDER(a_command_that_is_not_there_is_no_success),
		TEST_IN_FOLDER(one_that_hangs_is_ended),
		TEST_IN_FOLDER(a_long_mail_waits_for_no_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
