/* main.c - options, privileges and signals of postlatch-sasl-relay. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "sasl-relay/relay.h"

#define DOVECOT_SOCKET "/run/dovecot/auth-sasl-relay"
/* Postfix's own limit for a service is a hundred processes. */
#define PAIRS_MAX 2048
#define OTHER_FILES 16

struct options {
	const char *socket, *dovecot, *user, *group;
	int to_stderr;
};

static void usage(FILE *out)
{
	fputs("Usage: postlatch-sasl-relay -p SOCKET [-d SOCKET] [-u USER] [-g GROUP] [-f]\n\n"
	      "Stands between Postfix and Dovecot's auth process, so that a temporary failure\n"
	      "of Dovecot becomes 454 for SMTP clients, and not 535.\n\n"
	      "  -p SOCKET  where Postfix connects (smtpd_sasl_path): unix:PATH\n"
	      "  -d SOCKET  Dovecot's; default unix:" DOVECOT_SOCKET "\n"
	      "  -u USER    become this user once the socket is there\n"
	      "  -g GROUP   group that may connect, for example postfix\n"
	      "  -f         log to standard error instead of syslog\n"
	      "  --version  print the version\n\n"
	      "SIGTERM ends it. It does not put itself in the background: systemd or another\n"
	      "supervisor does.\n"
	      "See postlatch-sasl-relay(8).\n",
	      out);
}

static int read_options(int argc, char **argv, struct options *options)
{
	int opt;

	*options = (struct options){ .dovecot = "unix:" DOVECOT_SOCKET };
	while ((opt = getopt(argc, argv, "p:d:u:g:fh")) != -1) {
		switch (opt) {
		case 'p':
			options->socket = optarg;
			break;
		case 'd':
			options->dovecot = optarg;
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
	/* Whoever can connect can try passwords and say where from: not a port, then. */
	return options->socket != NULL && listen_path(options->socket) != NULL &&
			       listen_path(options->dovecot) != NULL && optind == argc
		       ? 0
		       : -1;
}

static int serve(struct relay *relay)
{
	daemon_log(LOG_INFO, "ready");
	daemon_ready();
	do {
		relay_run(relay, daemon_signal_fd());
	} while (daemon_next_signal(-1) == SIGHUP);
	daemon_stopping();
	daemon_log(LOG_INFO, "stopped");
	return EX_OK;
}

static int open_and_serve(const struct options *options)
{
	size_t files = daemon_allow_files(2 * PAIRS_MAX + OTHER_FILES);
	size_t pairs = files < 2 * PAIRS_MAX + OTHER_FILES ? (files - OTHER_FILES) / 2 : PAIRS_MAX;
	const char *path = listen_path(options->socket);
	struct pl_error err = { 0 };
	struct relay *relay = NULL;
	int status = EX_UNAVAILABLE, listener;

	if (files < OTHER_FILES + 2) {
		daemon_log(LOG_ERR, "no more than %zu files may be open; raise the limit", files);
		return EX_OSERR;
	}
	listener = listen_open(options->socket, &err);
	if (listener < 0 ||
	    relay_new(listener, listen_path(options->dovecot), pairs, &relay, &err) < 0)
		daemon_log(LOG_ERR, "%s", err.msg);
	else if ((options->group == NULL || daemon_share_socket(path, options->group) == 0) &&
		 (options->user == NULL || daemon_become(options->user, NULL) == 0))
		status = serve(relay);
	relay_free(&relay);
	if (listener >= 0)
		unlink(path);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("postlatch-sasl-relay (" PACKAGE_STRING ")");
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
	daemon_log_open("postlatch-sasl-relay", LOG_MAIL, options.to_stderr);
	if (daemon_catch_signals() < 0)
		return EX_OSERR;
	return open_and_serve(&options);
}
