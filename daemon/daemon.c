/* daemon.c - see daemon.h. */
#include "daemon/daemon.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "daemon/log.h"
#include "daemon/process.h"

#define LETTERS_MAX 64
#define GO_ON (-1) /* no exit status: the daemon is to run */

/* Of all daemons, behind those of their own. */
static const struct daemon_option user_option = { 'u', "USER", NULL,
						  "become this user once it is started" };

static void usage_of(FILE *out, const struct daemon_option *option)
{
	char head[32];

	snprintf(head, sizeof(head), "-%c %s", option->letter, option->value);
	fprintf(out, "  %-10s %s", head, option->text);
	if (option->fallback != NULL)
		fprintf(out, "; default %s", option->fallback);
	fputc('\n', out);
}

static void usage(const struct daemon *daemon, FILE *out)
{
	const struct daemon_option *option = daemon->options;

	fprintf(out, "Usage: %s", daemon->name);
	if (daemon->socket_path != NULL) {
		fprintf(out, " -%c %s", option->letter, option->value);
		option++;
	}
	for (; option->letter != '\0'; option++)
		fprintf(out, " [-%c %s]", option->letter, option->value);
	fputs(" [-u USER] [-f]\n", out);
	if (daemon->print != NULL)
		fprintf(out, "       %s -x TABLE\n", daemon->name);
	fprintf(out, "\n%s\n", daemon->purpose);
	for (option = daemon->options; option->letter != '\0'; option++)
		usage_of(out, option);
	usage_of(out, &user_option);
	fputs("  -f         log to standard error instead of syslog\n", out);
	if (daemon->print != NULL)
		fputs("  -x TABLE   print a table of the manual, for example routes\n", out);
	fprintf(out,
		"  --help     print this text\n"
		"  --version  print the version\n\n"
		"%s\n"
		"It does not put itself in the background: systemd or another supervisor does.\n"
		"See %s(8).\n",
		daemon->signals, daemon->name);
}

/* For getopt(3): every option of the table takes an argument. */
static void list_letters(const struct daemon *daemon, char letters_r[LETTERS_MAX])
{
	size_t count = (size_t)snprintf(letters_r, LETTERS_MAX, "u:fh%s",
					daemon->print != NULL ? "x:" : "");

	for (const struct daemon_option *option = daemon->options;
	     option->letter != '\0' && count + 2 < LETTERS_MAX; option++) {
		letters_r[count++] = option->letter;
		letters_r[count++] = ':';
	}
	letters_r[count] = '\0';
}

static int print(const struct daemon *daemon, const char *table)
{
	if (daemon->print(table) == 0)
		return EX_OK;
	usage(daemon, stderr);
	return EX_USAGE;
}

/* GO_ON, or an exit status. */
static int read_arguments(const struct daemon *daemon, int argc, char **argv,
			  struct daemon_arguments *arguments_r)
{
	const struct daemon_option *option = daemon->options;
	char letters[LETTERS_MAX];
	int letter;

	memset(arguments_r, 0, sizeof(*arguments_r));
	for (; option->letter != '\0'; option++)
		arguments_r->of[(int)option->letter] = option->fallback;
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("%s (" PACKAGE_STRING ")\n", daemon->name);
		return EX_OK;
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(daemon, stdout);
		return EX_OK;
	}
	list_letters(daemon, letters);
	while ((letter = getopt(argc, argv, letters)) != -1) {
		if (letter == 'h') {
			usage(daemon, stdout);
			return EX_OK;
		}
		if (letter == '?')
			break;
		arguments_r->of[letter] = letter == 'f' ? "" : optarg;
	}
	if (letter == -1 && optind == argc && arguments_r->of['x'] != NULL)
		return print(daemon, arguments_r->of['x']);
	if (letter == -1 && optind == argc &&
	    (daemon->socket_path == NULL || arguments_r->of['p'] != NULL))
		return GO_ON;
	usage(daemon, stderr);
	return EX_USAGE;
}

static void reload(const struct daemon *daemon)
{
	struct pl_error err = { 0 };

	if (daemon->reload == NULL)
		return;
	daemon_reloading();
	if (daemon->reload(&err) < 0)
		daemon_log(LOG_ERR, "%s", err.msg);
	else
		daemon_log(LOG_INFO, "policy file: read again");
	daemon_ready();
}

/* Until a signal says that it is over. */
static void serve(const struct daemon *daemon)
{
	daemon_log(LOG_INFO, "ready");
	daemon_ready();
	for (;;) {
		if (daemon->work != NULL)
			daemon->work();
		switch (daemon_next_signal(daemon->work_every_ms)) {
		case 0:
			break;
		case SIGHUP:
			reload(daemon);
			break;
		default:
			daemon_stopping();
			return;
		}
	}
}

/* Lets the group of -g connect, and becomes the user of -u. */
static int leave_privileges(const struct daemon *daemon, const struct daemon_arguments *arguments,
			    const char *path)
{
	if (path != NULL && arguments->of['g'] != NULL &&
	    daemon_share_socket(path, arguments->of['g']) < 0)
		return EX_UNAVAILABLE;
	return arguments->of['u'] == NULL || daemon_become(arguments->of['u'], daemon->group) == 0
		       ? EX_OK
		       : EX_UNAVAILABLE;
}

/* Returns the status, and logs the error that another than EX_OK comes with. */
static int logged(int status, const struct pl_error *err)
{
	if (status != EX_OK && err->code != PL_OK)
		daemon_log(LOG_ERR, "%s", err->msg);
	return status;
}

static int run(const struct daemon *daemon, const struct daemon_arguments *arguments)
{
	const char *path =
		daemon->socket_path == NULL ? NULL : daemon->socket_path(arguments->of['p']);
	struct pl_error err = { 0 };
	int status = logged(daemon->open(arguments, &err), &err), closed;
	const int is_open = status == EX_OK;

	if (status == EX_OK)
		status = leave_privileges(daemon, arguments, path);
	if (status == EX_OK)
		status = logged(daemon->start(arguments, &err), &err);
	if (status == EX_OK)
		serve(daemon);
	memset(&err, 0, sizeof(err));
	closed = logged(daemon->close(&err), &err);
	if (is_open && path != NULL)
		unlink(path);
	if (status == EX_OK)
		daemon_log(LOG_INFO, "stopped");
	return status == EX_OK ? closed : status;
}

int daemon_main(const struct daemon *daemon, int argc, char **argv)
{
	struct daemon_arguments arguments;
	int status = read_arguments(daemon, argc, argv, &arguments);

	if (status != GO_ON)
		return status;
	daemon_log_open(daemon->name, daemon->facility, arguments.of['f'] != NULL);
	if (daemon_catch_signals() < 0)
		return EX_OSERR;
	status = run(daemon, &arguments);
	if (status == EX_USAGE)
		usage(daemon, stderr);
	return status;
}
