/* daemon.h - the main function that the daemons share.
 *
 * daemon/ owns what a daemon is besides its work: options, the log, the socket that it
 * listens on, signals, privileges, and what systemd is told. A daemon describes itself in a
 * struct daemon and returns daemon_main() from main(). This room knows none of them, and
 * never looks at a policy, a database or a request.
 */
#ifndef POSTLATCH_DAEMON_DAEMON_H
#define POSTLATCH_DAEMON_DAEMON_H

#include "policy/base/error.h"

struct daemon_option {
	char letter;
	const char *value;    /* what its argument is called, for example "FILE" */
	const char *fallback; /* its argument when it is not given; NULL: none */
	const char *text;     /* for --help: what it is for, without the default */
};

/* The arguments by the letters of their options; NULL: not given. */
struct daemon_arguments {
	const char *of[128];
};

struct daemon {
	const char *name;
	const char *purpose; /* for --help: one or two lines, each with its end */
	const char *signals; /* for --help: what signals do, one line without its end */
	int facility;        /* of syslog: LOG_MAIL, LOG_AUTH */
	/* Those of its own, up to a letter of '\0'. All have -u USER, -f, -h, --help and
	 * --version. Where there is a socket, -p SOCKET is the first row and must be given; with
	 * -g GROUP a UNIX socket is given to that group. */
	const struct daemon_option *options;
	const char *group; /* that -u adds to those of the user; NULL: none */

	/* What -x TABLE prints; NULL: there is no -x. 0, or -1 for an unknown table. */
	int (*print)(const char *table);
	/* The path of the socket; NULL when it is not a UNIX socket. NULL: there is no socket. */
	const char *(*socket_path)(const char *name);

	/* These return an exit status: EX_OK, or another and the error. Opens the socket, still
	 * with the privileges of the start. EX_USAGE: the arguments make no sense. */
	int (*open)(const struct daemon_arguments *arguments, struct pl_error *err);
	/* Begins to serve, as the user. */
	int (*start)(const struct daemon_arguments *arguments, struct pl_error *err);
	/* What the main thread does before it waits for a signal, and again every
	 * work_every_ms (-1: only after a signal). NULL: nothing. May also serve until
	 * daemon_signal_fd() can be read. */
	void (*work)(void);
	int work_every_ms;
	/* What SIGHUP asks for. NULL: nothing. 0, or -1 and the error. */
	int (*reload)(struct pl_error *err);
	/* Ends whatever open and start have begun, also when one of them failed. */
	int (*close)(struct pl_error *err);
};

/* Runs the daemon until a signal ends it. The exit status of the process. */
int daemon_main(const struct daemon *daemon, int argc, char **argv);

#endif
