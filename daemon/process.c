/* process.c - see process.h. */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "config.h"
#include "daemon/log.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#else
#define sd_notify(unset, state) ((void)(state))
#endif

static int wake[2]; /* the signal handler writes here */

static int fail(const char *what, const char *name, const char *why)
{
	daemon_log(LOG_ERR, "%s %s: %s", what, name, why);
	return -1;
}

void daemon_signal(int number)
{
	char byte = (char)number;
	int saved = errno;
	ssize_t written = write(wake[1], &byte, 1);

	(void)written; /* fails only when the pipe is full of other signals */
	errno = saved;
}

int daemon_catch_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGTERM, SIGINT };
	struct sigaction action = { .sa_handler = daemon_signal, .sa_flags = SA_RESTART };

	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		return fail("pipe", "", strerror(errno));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* writing fails instead */
	return 0;
}

int daemon_next_signal(int timeout_ms)
{
	struct pollfd signals = { .fd = wake[0], .events = POLLIN };
	char number;

	do {
		if (read(wake[0], &number, 1) == 1)
			return number;
	} while (poll(&signals, 1, timeout_ms) != 0 || timeout_ms < 0);
	return 0;
}

int daemon_signal_fd(void)
{
	return wake[0];
}

size_t daemon_allow_files(size_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur;
}

int daemon_share_socket(const char *path, const char *group)
{
	const struct group *gr = getgrnam(group);

	struct stat st;
	int fd, ret;

	if (gr == NULL)
		return fail("group", group, "there is none of that name");
	/* Not what somebody has put in its place, who may write in the folder. */
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail("socket", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
		ret = fail("socket", path, "it is not a socket");
	else if (fchownat(fd, "", (uid_t)-1, gr->gr_gid, AT_EMPTY_PATH) < 0)
		ret = fail("socket", path, strerror(errno));
	else
		ret = 0;
	close(fd);
	return ret;
}

int daemon_become(const char *user, const char *group)
{
	const struct passwd *pw = getpwnam(user);
	const struct group *gr = group == NULL ? NULL : getgrnam(group);

	if (pw == NULL)
		return fail("user", user, "there is none of that name");
	if (initgroups(user, gr != NULL ? gr->gr_gid : pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0)
		return fail("user", user, strerror(errno));
	if (pw->pw_uid != 0 && setuid(0) == 0)
		return fail("user", user, "root can be had back");
	return 0;
}

void daemon_ready(void)
{
	sd_notify(0, "READY=1");
}

void daemon_reloading(void)
{
	sd_notify(0, "RELOADING=1");
}

void daemon_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}
