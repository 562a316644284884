/* process.c - see process.h. */
#include "sender/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "policy/base/monotonic.h"

static void become(int (*run)(void *context), void *context, pid_t parent)
{
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
		_exit(run(context));
	_exit(PROCESS_NOT_STARTED);
}

int process_start(struct process *process, int (*run)(void *context), void *context,
		  struct pl_error *err)
{
	const pid_t parent = getpid();

	process->pid = fork();
	if (process->pid == 0)
		become(run, context, parent);
	if (process->pid < 0)
		return pl_error_set(err, PL_ERR_RETRY, "%s cannot be started: %s", process->name,
				    strerror(errno));
	setpgid(process->pid, process->pid);
	process->deadline_ms = pl_monotonic_ms() + (int64_t)process->seconds * 1000;
	process->fd = pidfd_open(process->pid, 0);
	if (process->fd >= 0)
		return 0;
	pl_error_set(err, PL_ERR_RETRY, "no descriptor for a process: %s", strerror(errno));
	process_kill(process);
	return -1;
}

/* How it has ended; 0, or -1. */
static int read_status(const struct process *process, int status, struct pl_error *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == PROCESS_NOT_STARTED)
		return pl_error_set(err, PL_ERR_RETRY, "it cannot be started");
	if (WIFEXITED(status))
		return pl_error_set(err,
				    process->may_refuse && WEXITSTATUS(status) != EX_TEMPFAIL
					    ? PL_ERR_DATA
					    : PL_ERR_RETRY,
				    "it ended with status %d", WEXITSTATUS(status));
	return pl_error_set(err, PL_ERR_RETRY, "it was ended by signal %d", WTERMSIG(status));
}

static void forget(struct process *process)
{
	if (process->fd >= 0)
		close(process->fd);
	process->fd = -1;
	process->pid = -1;
}

int process_result(struct process *process, struct pl_error *err)
{
	int status = 0;
	const pid_t ended = waitpid(process->pid, &status, WNOHANG);

	if (ended == process->pid) {
		forget(process);
		return read_status(process, status, err) < 0 ? -1 : 1;
	}
	if (ended == 0 && pl_monotonic_ms() < process->deadline_ms)
		return 0;
	process_kill(process);
	return pl_error_set(err, PL_ERR_RETRY, "it did not end within %d seconds",
			    process->seconds);
}

void process_kill(struct process *process)
{
	kill(-process->pid, SIGKILL);
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	forget(process);
}
