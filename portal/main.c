/* main.c - options, privileges and signals of postlatch-portal. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "portal/http/http.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "portal/http/portal.h"
#include "daemon/process.h"
#include "dovecot/doveadm.h"
#include "portal/routes.h"

#define SWEEP_EVERY_MS (10 * 60 * 1000)
/* Each connection has a socket, and while it is served one to Dovecot and the
 * three files of a database. */
#define FILES_MAX 8192

struct options {
	const char *policy, *socket, *web, *user, *group, *print;
	int to_stderr;
};

static void usage(FILE *out)
{
	fputs("Usage: postlatch-portal -p SOCKET [-c FILE] [-w FOLDER] [-u USER] [-g GROUP] [-f]\n"
	      "       postlatch-portal -x TABLE\n\n"
	      "Signs members in to webmail: sign-in and account pages, OAuth 2.0 and OpenID\n"
	      "Connect. A web server with TLS stands in front of it.\n\n"
	      "  -p SOCKET  where to listen: unix:PATH or inet:127.0.0.1:PORT\n"
	      "  -c FILE    policy file; default " PL_POLICY_DEFAULT_PATH "\n"
	      "  -w FOLDER  folder of the pages; default " WEB_DIR "\n"
	      "  -u USER    become this user once the socket is there\n"
	      "  -g GROUP   group that may connect to a unix socket, for example www-data\n"
	      "  -f         log to standard error instead of syslog\n"
	      "  -x TABLE   print a table: routes, or access (the kinds of access)\n"
	      "  --version  print the version\n\n"
	      "SIGHUP reads the policy file again, SIGTERM ends it. It does not put itself in\n"
	      "the background: systemd or another supervisor does.\n"
	      "See postlatch-portal(8).\n",
	      out);
}

static int read_options(int argc, char **argv, struct options *options)
{
	int opt;

	*options = (struct options){ .policy = PL_POLICY_DEFAULT_PATH, .web = WEB_DIR };
	while ((opt = getopt(argc, argv, "c:p:w:u:g:x:fh")) != -1) {
		switch (opt) {
		case 'c':
			options->policy = optarg;
			break;
		case 'p':
			options->socket = optarg;
			break;
		case 'w':
			options->web = optarg;
			break;
		case 'u':
			options->user = optarg;
			break;
		case 'g':
			options->group = optarg;
			break;
		case 'x':
			options->print = optarg;
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
	if (options->print != NULL && strcmp(options->print, "routes") != 0 &&
	    strcmp(options->print, "access") != 0)
		return -1;
	return (options->socket != NULL || options->print != NULL) && optind == argc ? 0 : -1;
}

/* The descriptor, or -1. */
static int open_socket(const struct options *options)
{
	const char *path = listen_path(options->socket);
	struct pl_error err = { 0 };
	int fd = listen_open(options->socket, &err);

	if (fd < 0) {
		daemon_log(LOG_ERR, "%s", err.msg);
		return -1;
	}
	return path == NULL || options->group == NULL ||
			       daemon_share_socket(path, options->group) == 0
		       ? fd
		       : -1;
}

static void reload(struct portal *portal)
{
	struct pl_error err = { 0 };

	daemon_reloading();
	if (portal_reload(portal, &err) < 0)
		daemon_log(LOG_ERR, "%s", err.msg);
	else
		daemon_log(LOG_INFO, "policy file: read again");
	daemon_ready();
}

/* Until a signal says that it is over. */
static void obey_signals(struct portal *portal)
{
	for (;;) {
		portal_sweep(portal);
		switch (daemon_next_signal(SWEEP_EVERY_MS)) {
		case 0:
			break;
		case SIGHUP:
			reload(portal);
			break;
		default:
			return;
		}
	}
}

/* An exit status. */
static int serve(const struct options *options, int listener)
{
	struct pl_error err = { 0 };
	struct portal *portal;
	struct http *http = NULL;
	int status = EX_UNAVAILABLE;

	if (portal_new(options->policy, options->web, portal_table, &portal, &err) < 0) {
		daemon_log(LOG_ERR, "%s", err.msg);
		return EX_CONFIG;
	}
	if (http_start(portal, listener, &http, &err) < 0) {
		daemon_log(LOG_ERR, "%s", err.msg);
	} else {
		daemon_log(LOG_INFO, "ready");
		daemon_ready();
		obey_signals(portal);
		daemon_stopping();
		status = EX_OK;
	}
	http_stop(&http);
	portal_free(&portal);
	daemon_log(LOG_INFO, "stopped");
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	int listener, status;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("postlatch-portal (" PACKAGE_STRING ")");
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
	if (options.print != NULL) {
		if (strcmp(options.print, "routes") == 0)
			routes_print(stdout);
		else
			guards_print(stdout);
		return EX_OK;
	}
	daemon_log_open("postlatch-portal", LOG_AUTH, options.to_stderr);
	daemon_allow_files(FILES_MAX);
	doveadm_open();
	if (daemon_catch_signals() < 0)
		return EX_OSERR;
	listener = open_socket(&options);
	if (listener < 0 || (options.user != NULL && daemon_become(options.user, "postlatch") < 0))
		return EX_UNAVAILABLE;
	status = serve(&options, listener);
	if (listen_path(options.socket) != NULL)
		unlink(listen_path(options.socket));
	return status;
}
