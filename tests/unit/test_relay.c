/* test_relay.c - the SASL relay between a stand-in for Postfix and one for Dovecot.
 *
 * On real sockets. */
#include "tests/unit/test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dovecot/auth_lines.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "sasl-relay/relay.h"

#define PATIENCE_MS 60000
#define PAIRS 3

static struct {
	char dir[64], postfix[96], dovecot[96];
	int to_dovecot; /* listens */
	int wake[2];
	struct relay *relay;
	pthread_t thread;
} bench;

static void *run(void *context)
{
	relay_run(context, bench.wake[0]);
	return NULL;
}

static int start(void **state)
{
	struct pl_error err;
	int listener;

	(void)state;
	snprintf(bench.dir, sizeof(bench.dir), "/tmp/test-relay.XXXXXX");
	assert_non_null(mkdtemp(bench.dir));
	snprintf(bench.postfix, sizeof(bench.postfix), "unix:%s/postfix", bench.dir);
	snprintf(bench.dovecot, sizeof(bench.dovecot), "unix:%s/dovecot", bench.dir);
	bench.to_dovecot = listen_open(bench.dovecot, &err);
	listener = listen_open(bench.postfix, &err);
	assert_true(bench.to_dovecot >= 0 && listener >= 0);
	assert_int_equal(pipe(bench.wake), 0);
	assert_int_equal(relay_new(listener, listen_path(bench.dovecot), PAIRS, &bench.relay, &err),
			 0);
	assert_int_equal(pthread_create(&bench.thread, NULL, run, bench.relay), 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	assert_int_equal(write(bench.wake[1], "x", 1), 1);
	pthread_join(bench.thread, NULL);
	relay_free(&bench.relay);
	close(bench.to_dovecot);
	close(bench.wake[0]);
	close(bench.wake[1]);
	unlink(listen_path(bench.postfix));
	unlink(listen_path(bench.dovecot));
	return rmdir(bench.dir);
}

static int come_as_postfix(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", listen_path(bench.postfix));
	assert_int_equal(connect(fd, (const void *)&address, sizeof(address)), 0);
	return fd;
}

static int can_be_read(int fd, int timeout)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	return poll(&polled, 1, timeout) > 0;
}

/* Dovecot's end of the connection that the relay makes for a smtpd. */
static int take_as_dovecot(void)
{
	assert_true(can_be_read(bench.to_dovecot, PATIENCE_MS));
	return accept(bench.to_dovecot, NULL, NULL);
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Exactly this arrives next. */
static void hear(int fd, const char *expected)
{
	char bytes[AUTH_LINES_BYTES + 1];
	size_t len = strlen(expected);

	for (size_t used = 0; used < len;) {
		ssize_t count;

		assert_true(can_be_read(fd, PATIENCE_MS));
		count = recv(fd, bytes + used, len - used, 0);
		assert_true(count > 0);
		used += (size_t)count;
	}
	assert_memory_equal(bytes, expected, len);
}

/* The other end has hung up, and nothing more was said before that. */
static void hear_the_end(int fd)
{
	char byte;
	ssize_t count;

	assert_true(can_be_read(fd, PATIENCE_MS));
	count = recv(fd, &byte, 1, 0);
	assert_true(count == 0 || (count < 0 && errno == ECONNRESET));
	close(fd);
}

static void both_sides_are_heard(void **state)
{
	int smtpd = come_as_postfix(), dovecot = take_as_dovecot();

	(void)state;
	say(dovecot, "VERSION\t1\t2\nMECH\tPLAIN\nDONE\n");
	hear(smtpd, "VERSION\t1\t2\nMECH\tPLAIN\nDONE\n");
	say(smtpd, "VERSION\t1\t1\nCPID\t5\nAUTH\t1\tPLAIN\tresp=AGEAYg==\n");
	hear(dovecot, "VERSION\t1\t1\nCPID\t5\nAUTH\t1\tPLAIN\tresp=AGEAYg==\n");
	say(dovecot, "FAIL\t1\tuser=a\n");
	hear(smtpd, "FAIL\t1\tuser=a\n");
	say(smtpd, "AUTH\t2\tPLAIN\tresp=AGEAYg==\n");
	hear(dovecot, "AUTH\t2\tPLAIN\tresp=AGEAYg==\n");
	say(dovecot, "OK\t2\tuser=a\n");
	hear(smtpd, "OK\t2\tuser=a\n");
	close(smtpd);
	hear_the_end(dovecot);
}

static void a_temporary_failure_hangs_up_and_the_next_connection_is_served(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		int smtpd = come_as_postfix(), dovecot = take_as_dovecot();

		say(smtpd, "AUTH\t1\tPLAIN\n");
		hear(dovecot, "AUTH\t1\tPLAIN\n");
		say(dovecot, "CONT\t1\t\nFAIL\t1\tuser=a\tcode=temp_fail\n");
		hear(smtpd, "CONT\t1\t\n");
		hear_the_end(smtpd);
		hear_the_end(dovecot);
	}
}

static void only_the_smtpd_that_failed_is_hung_up_on(void **state)
{
	int first = come_as_postfix(), to_first = take_as_dovecot();
	int second = come_as_postfix(), to_second = take_as_dovecot();

	(void)state;
	say(to_first, "FAIL\t1\ttemp\n");
	hear_the_end(first);
	hear_the_end(to_first);
	say(second, "AUTH\t1\tPLAIN\n");
	hear(to_second, "AUTH\t1\tPLAIN\n");
	say(to_second, "OK\t1\tuser=b\n");
	hear(second, "OK\t1\tuser=b\n");
	close(second);
	hear_the_end(to_second);
}

static void last_words_of_dovecot_are_handed_on(void **state)
{
	int smtpd = come_as_postfix(), dovecot = take_as_dovecot();

	(void)state;
	say(dovecot, "OK\t1\tuser=a\nOK\t2\tus");
	close(dovecot);
	hear(smtpd, "OK\t1\tuser=a\n");
	hear_the_end(smtpd);
}

static void giant_lines_hang_up(void **state)
{
	static char giant[AUTH_LINES_BYTES + 1];

	(void)state;
	memset(giant, 'a', AUTH_LINES_BYTES);
	for (int i = 0; i < 2; i++) {
		int smtpd = come_as_postfix(), dovecot = take_as_dovecot();

		say(i == 0 ? smtpd : dovecot, giant);
		hear_the_end(smtpd);
		hear_the_end(dovecot);
	}
}

/* Sends until nothing more is taken, and returns how much that was. */
static size_t flood(int fd)
{
	static const char line[] =
		"CONT\t1\tYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\n";
	size_t total = 0;
	ssize_t count;

	for (;;) {
		struct pollfd polled = { .fd = fd, .events = POLLOUT };

		if (poll(&polled, 1, 500) == 0)
			return total;
		count = send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (count > 0)
			total += (size_t)count;
		assert_true(total < 64 * 1024 * 1024);
	}
}

static void who_does_not_read_makes_the_other_wait(void **state)
{
	int smtpd = come_as_postfix(), dovecot = take_as_dovecot();
	size_t total = flood(dovecot), heard = 0;

	(void)state;
	while (heard < total) {
		char bytes[65536];
		ssize_t count;

		/* The last line may have been cut when it stuck. */
		if (!can_be_read(smtpd, 1000))
			break;
		count = recv(smtpd, bytes, sizeof(bytes), 0);
		assert_true(count > 0);
		heard += (size_t)count;
	}
	assert_true(heard <= total && total - heard < 100);
	close(smtpd);
	hear_the_end(dovecot);
}

static void more_than_there_is_room_for_wait_their_turn(void **state)
{
	int smtpd[PAIRS + 1], dovecot[PAIRS];

	(void)state;
	for (int i = 0; i <= PAIRS; i++)
		smtpd[i] = come_as_postfix();
	for (int i = 0; i < PAIRS; i++)
		dovecot[i] = take_as_dovecot();
	assert_false(can_be_read(bench.to_dovecot, 300));
	close(dovecot[1]);
	dovecot[1] = take_as_dovecot();
	say(smtpd[PAIRS], "AUTH\t1\tPLAIN\n");
	hear(dovecot[1], "AUTH\t1\tPLAIN\n");
	for (int i = 0; i <= PAIRS; i++)
		close(smtpd[i]);
	for (int i = 0; i < PAIRS; i++)
		hear_the_end(dovecot[i]);
}

static void dovecot_is_waited_for_but_not_for_ever(void **state)
{
	char *path = bench.dovecot + strlen("unix:"), away[128];
	int smtpd, dovecot;

	(void)state;
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	hear_the_end(come_as_postfix());
	/* Who comes shortly before Dovecot is there waits for it. */
	smtpd = come_as_postfix();
	assert_false(can_be_read(smtpd, 300));
	assert_int_equal(rename(away, path), 0);
	dovecot = take_as_dovecot();
	say(dovecot, "DONE\n");
	hear(smtpd, "DONE\n");
	close(smtpd);
	hear_the_end(dovecot);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_sides_are_heard),
		TEST(a_temporary_failure_hangs_up_and_the_next_connection_is_served),
		TEST(only_the_smtpd_that_failed_is_hung_up_on),
		TEST(last_words_of_dovecot_are_handed_on),
		TEST(giant_lines_hang_up),
		TEST(who_does_not_read_makes_the_other_wait),
		TEST(more_than_there_is_room_for_wait_their_turn),
		TEST(dovecot_is_waited_for_but_not_for_ever),
	};

	daemon_log_open("test_relay", LOG_MAIL, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
