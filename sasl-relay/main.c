/* main.c - postlatch-sasl-relay as a daemon. */
#include <sysexits.h>

#include "daemon/daemon.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "sasl-relay/relay.h"

#define DOVECOT_SOCKET "unix:/run/dovecot/auth-sasl-relay"
/* Postfix's own limit for a service is a hundred processes. */
#define PAIRS_MAX 2048
#define OTHER_FILES 16

static struct relay *relay;

/* How many pairs there are files for. 0: not even one. */
static size_t count_pairs(size_t files)
{
	if (files >= 2 * PAIRS_MAX + OTHER_FILES)
		return PAIRS_MAX;
	return files < OTHER_FILES ? 0 : (files - OTHER_FILES) / 2;
}

static int open_relay(const struct daemon_arguments *arguments, struct pl_error *err)
{
	const char *dovecot = listen_path(arguments->of['d']);
	const size_t files = daemon_allow_files(2 * PAIRS_MAX + OTHER_FILES);
	const size_t pairs = count_pairs(files);
	int listener;

	/* Whoever can connect can try passwords and say where from: not a port, then. */
	if (dovecot == NULL || listen_path(arguments->of['p']) == NULL)
		return EX_USAGE;
	if (pairs == 0) {
		pl_error_set(err, PL_ERR_CONFIG,
			     "no more than %zu files may be open; raise the limit", files);
		return EX_OSERR;
	}
	listener = listen_open(arguments->of['p'], err);
	return listener >= 0 && relay_new(listener, dovecot, pairs, &relay, err) == 0
		       ? EX_OK
		       : EX_UNAVAILABLE;
}

static int start(const struct daemon_arguments *arguments, struct pl_error *err)
{
	(void)arguments;
	(void)err;
	return EX_OK;
}

static void work(void)
{
	relay_run(relay, daemon_signal_fd());
}

static int close_relay(struct pl_error *err)
{
	(void)err;
	relay_free(&relay);
	return EX_OK;
}

static const struct daemon_option options[] = {
	{ 'p', "SOCKET", NULL, "where Postfix connects (smtpd_sasl_path): unix:PATH" },
	{ 'd', "SOCKET", DOVECOT_SOCKET, "Dovecot's socket" },
	{ 'g', "GROUP", NULL, "group that may connect, for example postfix" },
	{ 0 },
};

static const struct daemon postlatch_sasl_relay = {
	.name = "postlatch-sasl-relay",
	.purpose =
		"Stands between Postfix and Dovecot's auth process, so that a temporary failure\n"
		"of Dovecot becomes 454 for SMTP clients, and not 535.\n",
	.signals = "SIGTERM ends it.",
	.facility = LOG_MAIL,
	.options = options,
	.socket_path = listen_path,
	.open = open_relay,
	.start = start,
	.work = work,
	.work_every_ms = -1,
	.close = close_relay,
};

int main(int argc, char **argv)
{
	return daemon_main(&postlatch_sasl_relay, argc, argv);
}
