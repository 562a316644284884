/* main.c - postlatch-sender as a daemon. */
#include <sysexits.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "policy/settings/policy.h"
#include "sender/sender.h"

static struct sender *sender;

static int open_sender(const struct daemon_arguments *arguments, struct pl_error *err)
{
	(void)arguments;
	(void)err;
	return EX_OK;
}

static int start(const struct daemon_arguments *arguments, struct pl_error *err)
{
	return sender_new(arguments->of['c'], &sender, err) == 0 ? EX_OK : EX_CONFIG;
}

static void work(void)
{
	sender_run(sender, daemon_signal_fd());
}

static int reload(struct pl_error *err)
{
	return sender_reload(sender, err);
}

static int close_sender(struct pl_error *err)
{
	(void)err;
	sender_free(&sender);
	return EX_OK;
}

static const struct daemon_option options[] = {
	{ 'c', "FILE", PL_POLICY_DEFAULT_PATH, "policy file" },
	{ 0 },
};

static const struct daemon postlatch_sender = {
	.name = "postlatch-sender",
	.purpose = "Sends what Postlatch has to tell members: mail, by the sendmail command.\n",
	.signals = "SIGHUP reads the policy file again, SIGTERM ends it.",
	.facility = LOG_MAIL,
	.options = options,
	.group = "postlatch",
	.open = open_sender,
	.start = start,
	.work = work,
	.work_every_ms = -1,
	.reload = reload,
	.close = close_sender,
};

int main(int argc, char **argv)
{
	return daemon_main(&postlatch_sender, argc, argv);
}
