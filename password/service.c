/* service.c - see service.h. */
#include "password/service.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/log.h"

#define REAP_MS 200 /* while changes are under way */

static size_t running;

static void reap(int options)
{
	while (running > 0 && waitpid(-1, NULL, options) > 0)
		running--;
}

static void refuse(int fd, const char *why)
{
	daemon_log(LOG_WARNING, "a change of a password was put off: %s", why);
	dprintf(fd, "later\n");
}

static void take(int listener, const struct change_command *command)
{
	const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	pid_t pid;

	if (fd < 0)
		return;
	pid = running < SERVICE_CHANGES_MAX ? fork() : -1;
	if (pid == 0) {
		close(listener);
		change_serve(fd, command);
		_exit(0);
	}
	if (pid > 0)
		running++;
	else
		refuse(fd,
		       running < SERVICE_CHANGES_MAX ? strerror(errno) : "too many are under way");
	close(fd);
}

void service_run(int listener, int signal_fd, const struct change_command *command)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = signal_fd, .events = POLLIN },
					{ .fd = listener, .events = POLLIN } };

		if (poll(fds, 2, running > 0 ? REAP_MS : -1) < 0 && errno != EINTR)
			return;
		reap(WNOHANG);
		if (fds[0].revents != 0)
			return;
		if (fds[1].revents != 0)
			take(listener, command);
	}
}

void service_finish(void)
{
	reap(0);
}
