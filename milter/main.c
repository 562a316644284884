/* main.c - postlatch-milter as a daemon.
 *
 * libmilter wants SIGHUP, SIGTERM and SIGINT for itself, and ends at each of
 * them: a thread of its own waits for them in sigwait(3). It runs beside the first
 * thread, which takes the signals, and gets none: see sigwait() below.
 */
#include <errno.h>
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "milter/callbacks.h"
#include "milter/forward_map.h"
#include "milter/metrics_server.h"
#include "policy/settings/policy.h"

#define FILES_MAX 8192 /* a socket for each connection of Postfix, and the files of a database */
#define FULL_WAIT_US 200000

static struct milter *milter;
static struct forward_map *forwards;   /* NULL: Postfix is not to ask for them */
static struct metrics_server *metrics; /* NULL: nobody is to read them */
static pthread_t thread;               /* libmilter's */
static int is_started;                 /* the thread */
static int libmilter_lost;             /* it ended with a failure; written before the thread ends */

/* libmilter takes "local:" and a bare path for a UNIX socket, too. */
static const char *socket_path(const char *socket)
{
	if (strncmp(socket, "unix:", 5) == 0)
		return socket + 5;
	if (strncmp(socket, "local:", 6) == 0)
		return socket + 6;
	return strchr(socket, ':') == NULL ? socket : NULL;
}

/* For Postfix's group and nobody else. */
static int open_socket(const char *socket, struct pl_error *err)
{
	const mode_t mask = umask(0117);
	const int failed =
		smfi_setconn((char *)socket) == MI_FAILURE || smfi_opensocket(1) == MI_FAILURE;

	umask(mask);
	return failed ? pl_error_set(err, PL_ERR_RETRY,
				     "socket %s: cannot be opened; see that its folder is there "
				     "and "
				     "nothing else listens on it",
				     socket)
		      : 0;
}

static int open_milter(const struct daemon_arguments *arguments, struct pl_error *err)
{
	daemon_allow_files(FILES_MAX);
	if (milter_new(arguments->of['c'], &milter, err) < 0)
		return EX_CONFIG;
	if (callbacks_register(milter) < 0 || open_socket(arguments->of['p'], err) < 0)
		return EX_UNAVAILABLE;
	if (arguments->of['s'] != NULL &&
	    forward_map_open(arguments->of['s'], arguments->of['g'], &forwards, err) < 0)
		return EX_UNAVAILABLE;
	return arguments->of['m'] == NULL ||
			       metrics_server_open(arguments->of['m'], &metrics, err) == 0
		       ? EX_OK
		       : EX_UNAVAILABLE;
}

/* Stands before the C library's, which only libmilter calls here. A reload that comes while its
 * thread begins to wait, or two in a row, would otherwise end the milter now and then. */
int sigwait(const sigset_t *set, int *number_r)
{
	sigset_t all;

	(void)set;
	(void)number_r;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	for (;;)
		pause();
}

/* Stands before the C library's, too. Without a file descriptor that is left, libmilter would try
 * again at once, and so use a whole CPU until a client hangs up. */
int accept(int listener, __SOCKADDR_ARG address, socklen_t *len)
{
	const int fd = accept4(listener, address, len, 0);
	const int code = errno;
	struct pl_error err = { 0 };

	if (fd < 0 && (code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM)) {
		pl_error_set(&err, PL_ERR_RETRY, "no more connections are accepted for now: %s",
			     strerror(code));
		daemon_log_failure(NULL, &err);
		usleep(FULL_WAIT_US);
	}
	errno = code;
	return fd;
}

static void *run_libmilter(void *context)
{
	(void)context;
	__atomic_store_n(&libmilter_lost, smfi_main() == MI_FAILURE, __ATOMIC_RELEASE);
	daemon_signal(SIGTERM); /* tells the main thread that it is over */
	return NULL;
}

static int start(const struct daemon_arguments *arguments, struct pl_error *err)
{
	(void)arguments;
	if (forwards != NULL && forward_map_start(forwards, milter, err) < 0)
		return EX_UNAVAILABLE;
	if (metrics != NULL && metrics_server_start(metrics, milter, err) < 0)
		return EX_UNAVAILABLE;
	is_started = pthread_create(&thread, NULL, run_libmilter, NULL) == 0;
	if (is_started)
		return EX_OK;
	pl_error_set(err, PL_ERR_RETRY, "the thread of libmilter cannot be started");
	return EX_UNAVAILABLE;
}

static int reload(struct pl_error *err)
{
	return milter_reload(milter, err);
}

static int close_milter(struct pl_error *err)
{
	int lost = 0;

	(void)err; /* libmilter has logged it */
	if (is_started) {
		/* What it says of its socket after it was stopped is no fault. */
		lost = __atomic_load_n(&libmilter_lost, __ATOMIC_ACQUIRE);
		smfi_stop();
		pthread_join(thread, NULL);
	}
	forward_map_close(&forwards);
	metrics_server_close(&metrics);
	milter_free(&milter);
	return lost ? EX_UNAVAILABLE : EX_OK;
}

static const struct daemon_option options[] = {
	{ 'p', "SOCKET", NULL, "where Postfix connects: unix:PATH or inet:PORT@127.0.0.1" },
	{ 'c', "FILE", PL_POLICY_DEFAULT_PATH, "policy file" },
	{ 's', "SOCKET", NULL, "where Postfix asks for members' forwards: unix:PATH" },
	{ 'm', "SOCKET", NULL,
	  "where Prometheus reads /metrics: inet:127.0.0.1:PORT or unix:PATH" },
	{ 'g', "GROUP", NULL, "group that may connect to a unix socket, for example postfix" },
	{ 0 },
};

static const struct daemon postlatch_milter = {
	.name = "postlatch-milter",
	.purpose = "Decides about mail that members submit.\n",
	.signals = "SIGHUP reads the policy file again, SIGTERM ends it.",
	.facility = LOG_MAIL,
	.options = options,
	.group = "postlatch",
	.socket_path = socket_path,
	.open = open_milter,
	.start = start,
	.work_every_ms = -1,
	.reload = reload,
	.close = close_milter,
};

int main(int argc, char **argv)
{
	return daemon_main(&postlatch_milter, argc, argv);
}
