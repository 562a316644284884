/* check_delivery.c - whether Dovecot is asked about recipients, and so notes when members receive
 * mail. Nothing else depends on it: no way of delivery is a fault. */
#include <string.h>

#include "ctl/check/check.h"

/* Not noted, as this daemon of Postfix delivers. */
static void find_unknown(struct check *check, const char *daemon, const char *parameter)
{
	check_find(check, CHECK_OK,
		   "when members last received mail stays unknown, as Postfix's %s writes their "
		   "mailboxes and Dovecot is not asked; to have it noted, deliver by Dovecot's "
		   "LMTP "
		   "(%s in main.cf)",
		   daemon, parameter);
}

static void find_noted(struct check *check, const char *parameter, const char *value)
{
	check_find(check, CHECK_OK,
		   "when members last received mail is noted, as Dovecot delivers it (%s = %s)",
		   parameter, value);
}

static int is_local(const char *transport)
{
	return strcspn(transport, ":") == 5 && strncmp(transport, "local", 5) == 0;
}

/* local(8): it hands mail over to a transport, to a program, or writes mailboxes. */
static void check_local(struct check *check)
{
	char transport[POSTFIX_VALUE_MAX], command[POSTFIX_VALUE_MAX];

	postfix_value(check->postfix, "mailbox_transport", transport);
	postfix_value(check->postfix, "mailbox_command", command);
	if (transport[0] != '\0')
		find_noted(check, "mailbox_transport", transport);
	else if (strstr(command, "dovecot-lda") != NULL && strstr(command, " -d") != NULL)
		find_noted(check, "mailbox_command", command);
	else
		find_unknown(check, "local(8)", "mailbox_transport");
}

int check_delivery(struct check *check)
{
	char domains[POSTFIX_VALUE_MAX], transport[POSTFIX_VALUE_MAX];

	postfix_value(check->postfix, "virtual_mailbox_domains", domains);
	postfix_value(check->postfix, domains[0] != '\0' ? "virtual_transport" : "local_transport",
		      transport);
	if (domains[0] == '\0' && is_local(transport))
		check_local(check);
	else if (domains[0] != '\0' && strcspn(transport, ":") == 7 &&
		 strncmp(transport, "virtual", 7) == 0)
		find_unknown(check, "virtual(8)", "virtual_transport");
	else
		find_noted(check, domains[0] != '\0' ? "virtual_transport" : "local_transport",
			   transport);
	return 1;
}
