/* main.c - options, privileges and signals of postlatch-milter.
 *
 * libmilter wants SIGHUP, SIGTERM and SIGINT for itself, and ends at each of
 * them. It therefore runs in a second thread, and this one keeps the signals
 * unblocked: Linux gives a process's signal to its first thread when that one
 * takes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "callbacks.h"
#include "config.h"
#include "log.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#else
#define sd_notify(unset, state) ((void)(state))
#endif

struct options {
	const char *policy, *socket, *user, *group;
	int to_stderr;
};

static int wake[2]; /* the signal handler writes here */

static void on_signal(int number)
{
	char byte = (char)number;
	int saved = errno;

	ssize_t written = write(wake[1], &byte, 1);

	(void)written; /* fails only when the pipe is full of other signals */
	errno = saved;
}

static void usage(FILE *out)
{
	fputs("Usage: postlatch-milter -p SOCKET [-c FILE] [-u USER] [-g GROUP] [-f]\n\n"
	      "Judges mail that members submit and mail that is sent again on their behalf.\n\n"
	      "  -p SOCKET  where Postfix connects: unix:PATH or inet:PORT@127.0.0.1\n"
	      "  -c FILE    policy file; default " PL_POLICY_DEFAULT_PATH "\n"
	      "  -u USER    become this user once the socket is there\n"
	      "  -g GROUP   group that may connect to a unix socket, for example postfix\n"
	      "  -f         log to standard error instead of syslog\n"
	      "  --version  print the version\n\n"
	      "SIGHUP reads the policy file again, SIGTERM ends it. It does not put itself in\n"
	      "the background: systemd or another supervisor does.\n"
	      "See postlatch-milter(8).\n", out);
}

static int read_options(int argc, char **argv, struct options *options)
{
	int opt;

	*options = (struct options){ .policy = PL_POLICY_DEFAULT_PATH };
	while ((opt = getopt(argc, argv, "c:p:u:g:fh")) != -1) {
		switch (opt) {
		case 'c':
			options->policy = optarg;
			break;
		case 'p':
			options->socket = optarg;
			break;
		case 'u':
			options->user = optarg;
			break;
		case 'g':
			options->group = optarg;
			break;
		case 'f':
			options->to_stderr = 1;
			break;
		case 'h':
			usage(stdout);
			exit(EX_OK);
		default:
			return -1;
		}
	}
	return options->socket != NULL && optind == argc ? 0 : -1;
}

/* The path of a unix socket; NULL for inet. */
static const char *unix_path(const char *socket)
{
	if (strncmp(socket, "unix:", 5) == 0)
		return socket + 5;
	if (strncmp(socket, "local:", 6) == 0)
		return socket + 6;
	return strchr(socket, ':') == NULL ? socket : NULL;
}

static int fail(const char *what, const char *name, const char *why)
{
	milter_log(LOG_ERR, "%s %s: %s", what, name, why);
	return -1;
}

/* Opens the socket as root, for Postfix's group and nobody else. */
static int open_socket(const struct options *options)
{
	const char *path = unix_path(options->socket);
	mode_t mask = umask(0007);
	const struct group *gr;

	if (smfi_setconn((char *)options->socket) == MI_FAILURE || smfi_opensocket(1) == MI_FAILURE)
		return fail("socket", options->socket,
			    "cannot be opened; see that its folder is there and nothing else listens on it");
	umask(mask);
	if (path == NULL || options->group == NULL)
		return 0;
	gr = getgrnam(options->group);
	if (gr == NULL)
		return fail("group", options->group, "there is none of that name");
	if (chown(path, (uid_t)-1, gr->gr_gid) < 0 || chmod(path, 0660) < 0)
		return fail("socket", path, strerror(errno));
	return 0;
}

static int drop_privileges(const char *user)
{
	const struct passwd *pw = getpwnam(user);
	const struct group *gr = getgrnam("postlatch");

	if (pw == NULL)
		return fail("user", user, "there is none of that name");
	/* Its own groups, and with them postlatch, which owns the database. */
	if (initgroups(user, gr != NULL ? gr->gr_gid : pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0)
		return fail("user", user, strerror(errno));
	if (pw->pw_uid != 0 && setuid(0) == 0)
		return fail("user", user, "root can be had back");
	return 0;
}

static void *run_libmilter(void *context)
{
	static int failed;

	(void)context;
	failed = smfi_main() == MI_FAILURE;
	on_signal(0); /* tells the main thread that it is over */
	return &failed;
}

static void reload(struct judge *judge)
{
	struct pl_error err = { 0 };

	sd_notify(0, "RELOADING=1");
	if (judge_reload(judge, &err) < 0)
		milter_log(LOG_ERR, "%s", err.msg);
	else
		milter_log(LOG_INFO, "policy file: read again");
	sd_notify(0, "READY=1");
}

static int catch_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGTERM, SIGINT };
	/* While a handler runs its signal must not be blocked: the kernel would give
	 * the next one to libmilter, which ends at a SIGHUP. */
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_NODEFER };

	if (pipe2(wake, O_CLOEXEC) < 0 || fcntl(wake[1], F_SETFL, O_NONBLOCK) < 0)
		return fail("pipe", "", strerror(errno));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

/* Until libmilter ends or is told to. */
static void obey_signals(struct judge *judge)
{
	char number;

	while (read(wake[0], &number, 1) == 1 && number == SIGHUP)
		reload(judge);
}

static int serve(struct judge *judge)
{
	pthread_t thread;
	void *failed = NULL;

	if (pthread_create(&thread, NULL, run_libmilter, NULL) != 0)
		return fail("thread", "", "cannot be started");
	milter_log(LOG_INFO, "ready");
	sd_notify(0, "READY=1");
	obey_signals(judge);
	sd_notify(0, "STOPPING=1");
	smfi_stop();
	pthread_join(thread, &failed);
	milter_log(LOG_INFO, "stopped");
	return *(int *)failed ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct options options;
	struct pl_error err = { 0 };
	struct judge *judge;
	int status = EX_UNAVAILABLE;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("postlatch-milter (" PACKAGE_STRING ")");
		return EX_OK;
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return EX_OK;
	}
	if (read_options(argc, argv, &options) < 0) {
		usage(stderr);
		return EX_USAGE;
	}
	milter_log_open(options.to_stderr);
	if (catch_signals() < 0)
		return EX_OSERR;
	if (judge_new(options.policy, &judge, &err) < 0) {
		milter_log(LOG_ERR, "%s", err.msg);
		return EX_CONFIG;
	}
	if (callbacks_register(judge) == 0 && open_socket(&options) == 0 &&
	    (options.user == NULL || drop_privileges(options.user) == 0) && serve(judge) == 0)
		status = EX_OK;
	judge_free(&judge);
	if (status == EX_OK && unix_path(options.socket) != NULL)
		unlink(unix_path(options.socket));
	return status;
}
