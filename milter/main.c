/* main.c - options, privileges and signals of postlatch-milter.
 *
 * libmilter wants SIGHUP, SIGTERM and SIGINT for itself, and ends at each of
 * them. It therefore runs in a second thread, and this one keeps the signals
 * unblocked: Linux gives a process's signal to its first thread when that one
 * takes it.
 */
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/callbacks.h"
#include "config.h"
#include "daemon/log.h"
#include "daemon/process.h"

struct options {
	const char *policy, *socket, *user, *group;
	int to_stderr;
};

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
	      "See postlatch-milter(8).\n",
	      out);
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
	daemon_log(LOG_ERR, "%s %s: %s", what, name, why);
	return -1;
}

/* Opens the socket as root, for Postfix's group and nobody else. */
static int open_socket(const struct options *options)
{
	const char *path = unix_path(options->socket);
	mode_t mask = umask(0007);

	if (smfi_setconn((char *)options->socket) == MI_FAILURE || smfi_opensocket(1) == MI_FAILURE)
		return fail("socket", options->socket,
			    "cannot be opened; see that its folder is there and nothing else "
			    "listens on it");
	umask(mask);
	return path == NULL || options->group == NULL ? 0
						      : daemon_share_socket(path, options->group);
}

static void *run_libmilter(void *context)
{
	static int failed;

	(void)context;
	failed = smfi_main() == MI_FAILURE;
	daemon_signal(SIGTERM); /* tells the main thread that it is over */
	return &failed;
}

static void reload(struct judge *judge)
{
	struct pl_error err = { 0 };

	daemon_reloading();
	if (judge_reload(judge, &err) < 0)
		daemon_log(LOG_ERR, "%s", err.msg);
	else
		daemon_log(LOG_INFO, "policy file: read again");
	daemon_ready();
}

/* Until libmilter ends or is told to. */
static void obey_signals(struct judge *judge)
{
	while (daemon_next_signal(-1) == SIGHUP)
		reload(judge);
}

static int serve(struct judge *judge)
{
	pthread_t thread;
	void *failed = NULL;

	if (pthread_create(&thread, NULL, run_libmilter, NULL) != 0)
		return fail("thread", "", "cannot be started");
	daemon_log(LOG_INFO, "ready");
	daemon_ready();
	obey_signals(judge);
	daemon_stopping();
	smfi_stop();
	pthread_join(thread, &failed);
	daemon_log(LOG_INFO, "stopped");
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
	daemon_log_open("postlatch-milter", LOG_MAIL, options.to_stderr);
	if (daemon_catch_signals() < 0)
		return EX_OSERR;
	if (judge_new(options.policy, &judge, &err) < 0) {
		daemon_log(LOG_ERR, "%s", err.msg);
		return EX_CONFIG;
	}
	if (callbacks_register(judge) == 0 && open_socket(&options) == 0 &&
	    (options.user == NULL || daemon_become(options.user, "postlatch") == 0) &&
	    serve(judge) == 0)
		status = EX_OK;
	judge_free(&judge);
	if (status == EX_OK && unix_path(options.socket) != NULL)
		unlink(unix_path(options.socket));
	return status;
}
