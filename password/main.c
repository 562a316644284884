/* main.c - postlatch-password as a daemon. */
#include <sysexits.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "password/service.h"
#include "policy/settings/policy.h"

static struct pl_policy *policy;
static int listener = -1;

/* The policy file is read with the privileges of the start: the user of -u, which only changes
 * passwords, needs no right to read anything of Postlatch. */
static int open_service(const struct daemon_arguments *arguments, struct pl_error *err)
{
	/* Whoever can connect can try passwords: not a port, then. */
	if (listen_path(arguments->of['p']) == NULL)
		return EX_USAGE;
	if (pl_policy_load(arguments->of['c'], &policy, err) < 0)
		return EX_CONFIG;
	if (policy->password_command[0] == '\0') {
		pl_error_set(err, PL_ERR_CONFIG, "%s has no password_command", arguments->of['c']);
		return EX_CONFIG;
	}
	listener = listen_open(arguments->of['p'], err);
	return listener >= 0 ? EX_OK : EX_UNAVAILABLE;
}

static int start(const struct daemon_arguments *arguments, struct pl_error *err)
{
	(void)arguments;
	(void)err;
	return EX_OK;
}

static void work(void)
{
	const struct change_command command = { .command = policy->password_command,
						.seconds = policy->password_command_seconds,
						.may_recover = policy->password_recovery };

	service_run(listener, daemon_signal_fd(), &command);
}

static int close_service(struct pl_error *err)
{
	(void)err;
	if (listener >= 0)
		close(listener);
	service_finish();
	pl_policy_unref(&policy);
	return EX_OK;
}

static const struct daemon_option options[] = {
	{ 'p', "SOCKET", NULL, "where the portal connects (password_socket): unix:PATH" },
	{ 'c', "FILE", PL_POLICY_DEFAULT_PATH, "policy file, which is read at the start only" },
	{ 'g', "GROUP", NULL, "group that may connect, postlatch-portal" },
	{ 0 },
};

static const struct daemon postlatch_password = {
	.name = "postlatch-password",
	.purpose = "Changes account passwords with the operator's command (password_command), for\n"
		   "the portal, which may not write where they are.\n",
	.signals = "SIGTERM ends it, when the changes that have begun are done.",
	.facility = LOG_AUTH,
	.options = options,
	.socket_path = listen_path,
	.open = open_service,
	.start = start,
	.work = work,
	.work_every_ms = -1,
	.close = close_service,
};

int main(int argc, char **argv)
{
	return daemon_main(&postlatch_password, argc, argv);
}
