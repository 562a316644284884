/* check_local.c - ways out that Postfix's local(8) has for the mail of system users: their
 * .forward files, and the program that delivers to them. */
#include <string.h>

#include "ctl/check/check.h"
#include "ctl/check/doveconf.h"

static int delivers_here(const struct check *check)
{
	char destinations[POSTFIX_VALUE_MAX], transport[POSTFIX_VALUE_MAX];

	postfix_value(check->postfix, "mydestination", destinations);
	postfix_value(check->postfix, "local_transport", transport);
	return destinations[0] != '\0' && strncmp(transport, "local", 5) == 0;
}

static void check_forward_files(struct check *check)
{
	char path[POSTFIX_VALUE_MAX];

	postfix_value(check->postfix, "forward_path", path);
	if (path[0] != '\0')
		check_find(check, CHECK_FAULT,
			   "Postfix's local(8) reads .forward files, about which Postlatch cannot "
			   "decide; set forward_path = (with nothing behind it) in main.cf, or "
			   "deliver by LMTP alone");
}

/* Whether dovecot-lda runs Sieve scripts; yes where Dovecot's configuration cannot be read. */
static int lda_has_sieve(const struct check *check)
{
	char block[DOVECONF_BLOCK_MAX], plugins[512] = "";

	if (check->doveconf == NULL)
		return 1;
	doveconf_value(check->doveconf, "mail_plugins", plugins, sizeof(plugins));
	if (doveconf_block(check->doveconf, "protocol lda {", block, sizeof(block)) != NULL)
		(void)doveconf_block_value(block, "mail_plugins", plugins, sizeof(plugins));
	return strstr(plugins, "sieve") != NULL;
}

/* The name of a command's program, without the folder. */
static void program_of(const char *command, char *name, size_t size)
{
	const char *end, *start;

	command += strspn(command, " \t\"");
	end = command + strcspn(command, " \t\"");
	for (start = end; start > command && start[-1] != '/'; start--)
		;
	snprintf(name, size, "%.*s", (int)(end - start), start);
}

/* dovecot-lda asks the userdb about the user whom -d names, and about nobody without it. */
static void check_lda(struct check *check, const char *program, const char *command)
{
	if (strstr(command, " -d") == NULL && lda_has_sieve(check))
		check_find(check, CHECK_FAULT,
			   "%s delivers to system users and does not ask Dovecot's userdb, so "
			   "members whose forwarding is off can forward by Sieve; add -d \"$USER\" "
			   "to mailbox_command in main.cf",
			   program);
}

static void check_command(struct check *check, const char *command)
{
	static const struct reader {
		const char *program, *file;
	} readers[] = { { "procmail", ".procmailrc" }, { "maildrop", ".mailfilter" } };
	char program[256];

	program_of(command, program, sizeof(program));
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (strcmp(program, readers[i].program) == 0)
			check_find(check, CHECK_FAULT,
				   "%s delivers to system users and reads their %s files, about "
				   "which Postlatch cannot decide; set another mailbox_command in "
				   "main.cf, or deliver by LMTP (mailbox_transport)",
				   program, readers[i].file);
	}
	if (strcmp(program, "dovecot-lda") == 0 || strcmp(program, "deliver") == 0)
		check_lda(check, program, command);
}

void check_local_delivery(struct check *check)
{
	char transport[POSTFIX_VALUE_MAX], command[POSTFIX_VALUE_MAX];

	if (!delivers_here(check))
		return;
	check_forward_files(check);
	postfix_value(check->postfix, "mailbox_transport", transport);
	postfix_value(check->postfix, "mailbox_command", command);
	/* local(8) does not look at the command then. */
	if (transport[0] == '\0')
		check_command(check, command);
}
