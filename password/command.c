/* command.c - see command.h.
 *
 * The passwords are in memory that has a file descriptor: they are in no argument, in no
 * environment and in no file of a disk.
 */
#include "password/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "policy/base/monotonic.h"

#define NOT_STARTED 127 /* as shells say it */

/* The process, and what it writes. */
struct running {
	pid_t pid;
	int pidfd;
	int fd[2]; /* standard output and standard error; -1: closed */
	char *text[2];
	size_t len[2];
};

/* A descriptor from which the lines can be read, or -1. */
static int open_lines(const struct command_input *input)
{
	const int fd = memfd_create("passwords", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (dprintf(fd, "%s\n%s\n", input->old, input->new) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The words of the command and the member; words_r holds the text. 0, or -1. */
static int split(const char *command, const char *member, char *text, size_t size,
		 char *words_r[COMMAND_WORDS + 2])
{
	char *rest = text;
	size_t count = 0;

	if ((size_t)snprintf(text, size, "%s", command) >= size)
		return -1;
	for (char *word; (word = strsep(&rest, " \t")) != NULL;) {
		if (word[0] == '\0')
			continue;
		if (count == COMMAND_WORDS)
			return -1;
		words_r[count++] = word;
	}
	words_r[count] = (char *)member;
	words_r[count + 1] = NULL;
	return count == 0 ? -1 : 0;
}

/* In the new process. In a group of its own, so that what it starts can be ended with it. */
static void become(char *const *words, int input, const int out[2], const int log[2], pid_t parent)
{
	static char *const environment[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"LANG=C.UTF-8", (char *)"HOME=/nonexistent", NULL
	};

	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && chdir("/") == 0 &&
	    dup2(input, STDIN_FILENO) == STDIN_FILENO &&
	    dup2(out[1], STDOUT_FILENO) == STDOUT_FILENO &&
	    dup2(log[1], STDERR_FILENO) == STDERR_FILENO)
		execve(words[0], words, environment);
	_exit(NOT_STARTED);
}

static int start(char *const *words, const struct command_input *input, struct running *running_r)
{
	const pid_t parent = getpid();
	const int lines = open_lines(input);
	int out[2] = { -1, -1 }, log[2] = { -1, -1 };

	running_r->pid = -1;
	if (lines >= 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(log, O_CLOEXEC) == 0)
		running_r->pid = fork();
	if (running_r->pid == 0)
		become(words, lines, out, log, parent);
	if (lines >= 0)
		close(lines);
	close(out[1]);
	close(log[1]);
	running_r->fd[0] = out[0];
	running_r->fd[1] = log[0];
	running_r->pidfd = -1;
	if (running_r->pid < 0) {
		close(out[0]);
		close(log[0]);
		return -1;
	}
	setpgid(running_r->pid, running_r->pid);
	running_r->pidfd = pidfd_open(running_r->pid, 0);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(log[0], F_SETFL, O_NONBLOCK);
	return 0;
}

/* What does not fit is read, and forgotten. */
static void take(struct running *running, size_t i)
{
	char buf[COMMAND_TEXT];
	ssize_t count;

	while (running->fd[i] >= 0 && (count = read(running->fd[i], buf, sizeof(buf))) != 0) {
		size_t room = COMMAND_TEXT - 1 - running->len[i];

		if (count < 0)
			return;
		if ((size_t)count < room)
			room = (size_t)count;
		memcpy(running->text[i] + running->len[i], buf, room);
		running->len[i] += room;
	}
	close(running->fd[i]);
	running->fd[i] = -1;
}

/* Until the process has ended: 1; 0 when it has not in time. */
static int wait_for_end(struct running *running, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = running->pidfd, .events = POLLIN },
					{ .fd = running->fd[0], .events = POLLIN },
					{ .fd = running->fd[1], .events = POLLIN } };
		const int64_t left = deadline_ms - pl_monotonic_ms();

		if (left <= 0)
			return 0;
		if (poll(fds, 3, (int)left) < 0 && errno != EINTR)
			return 0;
		for (size_t i = 0; i < 2; i++)
			take(running, i);
		if (fds[0].revents != 0)
			return 1;
	}
}

/* What it has started ends with it. */
static int end(struct running *running)
{
	int status = 0;

	kill(-running->pid, SIGKILL);
	while (waitpid(running->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	for (size_t i = 0; i < 2; i++) {
		take(running, i);
		if (running->fd[i] >= 0)
			close(running->fd[i]);
	}
	if (running->pidfd >= 0)
		close(running->pidfd);
	return status;
}

static enum command_result result_of(int status, struct pl_error *err)
{
	if (!WIFEXITED(status)) {
		pl_error_set(err, PL_ERR_RETRY, "it was ended by signal %d", WTERMSIG(status));
		return COMMAND_UNKNOWN;
	}
	switch (WEXITSTATUS(status)) {
	case EX_OK:
		return COMMAND_CHANGED;
	case EX_NOPERM:
		return COMMAND_WRONG;
	case EX_DATAERR:
		return COMMAND_REFUSED;
	case EX_TEMPFAIL:
		pl_error_set(err, PL_ERR_RETRY, "it cannot change the password now");
		return COMMAND_LATER;
	case NOT_STARTED:
		pl_error_set(err, PL_ERR_RETRY, "it cannot be started");
		return COMMAND_LATER;
	default:
		pl_error_set(err, PL_ERR_RETRY, "it ended with status %d", WEXITSTATUS(status));
		return COMMAND_UNKNOWN;
	}
}

static void first_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
}

enum command_result command_run(const char *command, const struct command_input *input, int seconds,
				struct command_output *output_r, struct pl_error *err)
{
	char text[4096], *words[COMMAND_WORDS + 2];
	struct running running = { .text = { output_r->reason, output_r->complaint } };
	int in_time, status;

	memset(output_r, 0, sizeof(*output_r));
	if (split(command, input->member, text, sizeof(text), words) < 0) {
		pl_error_set(err, PL_ERR_CONFIG, "it has no words, or too many");
		return COMMAND_LATER;
	}
	if (start(words, input, &running) < 0) {
		pl_error_set(err, PL_ERR_RETRY, "it cannot be started: %s", strerror(errno));
		return COMMAND_LATER;
	}
	in_time = wait_for_end(&running, pl_monotonic_ms() + seconds * 1000);
	status = end(&running);
	first_line(output_r->reason);
	first_line(output_r->complaint);
	if (in_time)
		return result_of(status, err);
	pl_error_set(err, PL_ERR_RETRY, "it did not end within %d seconds", seconds);
	return COMMAND_UNKNOWN;
}
