/* check_sendmail.c - whether the sender's user can hand over mail to Postfix.
 *
 * sendmail is started as that user and speaks SMTP with us, up to the sender of a message,
 * for which Postfix creates a file in its queue. No message is sent.
 */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/check/check.h"
#include "policy/base/monotonic.h"

#define DEADLINE_MS 10000
#define OUTPUT_MAX 4096

static const char dialog[] = "EHLO localhost\r\nMAIL FROM:<>\r\nRSET\r\nQUIT\r\n";

static void run_as(const struct passwd *user, const char *program, int fd)
{
	char *const argv[] = { (char *)program, (char *)"-bs", NULL };
	char *const envp[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	const gid_t group = user->pw_gid;

	if (setgroups(1, &group) < 0 || setgid(group) < 0 || setuid(user->pw_uid) < 0 ||
	    dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(fd, STDERR_FILENO) < 0)
		_exit(126);
	execve(program, argv, envp);
	_exit(127);
}

/* All that it says until it ends or the deadline has come. */
static void listen_to(int fd, char *output, size_t size)
{
	const int64_t deadline = pl_monotonic_ms() + DEADLINE_MS;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	int64_t left;

	while (len + 1 < size && (left = deadline - pl_monotonic_ms()) > 0 &&
	       poll(&poll_fd, 1, (int)left) > 0) {
		ssize_t got = recv(fd, output + len, size - len - 1, MSG_DONTWAIT);

		if (got <= 0)
			break;
		len += (size_t)got;
	}
	output[len] = '\0';
}

static int talk(const struct passwd *user, const char *program, char *output, size_t size)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		run_as(user, program, fds[1]);
	close(fds[1]);
	if (pid > 0) {
		(void)send(fds[0], dialog, sizeof(dialog) - 1, MSG_NOSIGNAL);
		listen_to(fds[0], output, size);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	close(fds[0]);
	return pid > 0 ? 0 : -1;
}

/* The last line, for people. */
static const char *last_line(char *output)
{
	char *end = output + strlen(output);

	while (end > output && (end[-1] == '\n' || end[-1] == '\r'))
		*--end = '\0';
	return strrchr(output, '\n') != NULL ? strrchr(output, '\n') + 1 : output;
}

int check_sendmail(struct check *check)
{
	const char *program = check->policy->sendmail;
	const struct passwd *user = getpwnam("postlatch-sender");
	char output[OUTPUT_MAX] = "";

	/* Another program may not know this option, and only root may become the user. */
	if (user == NULL || getuid() != 0 || access(program, X_OK) < 0 ||
	    check->policy->portal_url[0] == '\0' ||
	    (strcmp(program, "/usr/sbin/sendmail") != 0 &&
	     strcmp(program, "/usr/lib/sendmail") != 0))
		return 0;
	if (talk(user, program, output, sizeof(output)) == 0 &&
	    strstr(output, "\n250 2.1.0") == NULL)
		check_find(check, CHECK_FAULT,
			   "the user postlatch-sender cannot send mail with %s (%s), so members "
			   "are "
			   "not told when their second factor changes; see Postfix's log",
			   program, output[0] != '\0' ? last_line(output) : "no answer");
	return 1;
}
