/* check_postfix.c - what `postconf` says about the milter and the SASL relay. */
#include <stdlib.h>
#include <string.h>

#include "ctl/check/check.h"

/* The value of "name = value" in `postconf -n`; "" when it is not there. */
static void parameter(const char *main_cf, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);

	value[0] = '\0';
	for (const char *line = main_cf; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');

		if (strncmp(line, name, len) == 0 && strncmp(line + len, " =", 2) == 0) {
			const char *start = line + len + 2 + strspn(line + len + 2, " ");

			snprintf(value, size, "%.*s", (int)strcspn(start, "\n"), start);
		}
		line = next == NULL ? NULL : next + 1;
	}
}

/* The values in main.cf, for smtpd services without options of their own. */
struct main_cf {
	char milters[512], sasl[64], sasl_type[64], sasl_path[256];
};

/* The value of "-o name=value" in a service's entry, or main.cf's. */
static void option(const char *entry, const char *name, const char *in_main, char *value,
		   size_t size)
{
	size_t len = strlen(name);

	snprintf(value, size, "%s", in_main);
	for (const char *at = entry; (at = strstr(at, name)) != NULL; at += len) {
		if (at > entry && at[-1] == ' ' && at[len] == '=')
			snprintf(value, size, "%.*s", (int)strcspn(at + len + 1, " "),
				 at + len + 1);
	}
}

/* For a service that accepts AUTH: returns 1 when it asks the SASL relay. */
static int check_sasl_path(struct check *check, const char *name, const char *entry,
			   const struct main_cf *defaults)
{
	char type[64], path[256];

	option(entry, "smtpd_sasl_type", defaults->sasl_type, type, sizeof(type));
	option(entry, "smtpd_sasl_path", defaults->sasl_path, path, sizeof(path));
	if (strcmp(type, "dovecot") != 0)
		return 0;
	/* The relay's directory, or another one whose name contains it. */
	if (strstr(path, "postlatch") != NULL)
		return 1;
	check_find(check, CHECK_WARNING,
		   "the service %s asks Dovecot without the SASL relay (smtpd_sasl_path = %s), so "
		   "it answers a temporary failure with 535, as if the password were wrong; start "
		   "postlatch-sasl-relay and set smtpd_sasl_path = postlatch-sasl/auth",
		   name, path);
	return 0;
}

/* Checks one smtpd service of `postconf -M`, an entry on one line. Returns 1 when it asks the
 * SASL relay. */
static int check_service(struct check *check, const char *entry, const struct main_cf *defaults)
{
	char name[64], milters[512], sasl[64];
	int has_milter, has_auth;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(entry, " "), entry);
	option(entry, "smtpd_milters", defaults->milters, milters, sizeof(milters));
	option(entry, "smtpd_sasl_auth_enable", defaults->sasl, sasl, sizeof(sasl));
	has_milter = milters[0] != '\0';
	has_auth = strcmp(sasl, "yes") == 0;
	if (has_auth && !has_milter)
		check_find(check, CHECK_WARNING,
			   "the service %s accepts AUTH but has no milter, so a client that signed "
			   "in before smtp was switched off can send mail until it disconnects; "
			   "set smtpd_milters or smtpd_sasl_auth_enable=no for it",
			   name);
	if (!has_auth && has_milter && strcmp(name, "smtp") == 0)
		check_find(check, CHECK_WARNING,
			   "the service smtp has a milter but does not accept AUTH, so the milter "
			   "slows down incoming mail and decides nothing; set smtpd_milters= for "
			   "it");
	return has_auth && check_sasl_path(check, name, entry, defaults);
}

/* The relay needs a socket of Dovecot. */
static void check_relay_socket(struct check *check)
{
	check_auth_socket(check, "auth-sasl-relay",
			  &(const struct check_socket_user){
				  .user = "postlatch-sasl-relay",
				  .who = "the SASL relay",
				  .missing = CHECK_WARNING,
				  .fix = "nobody can sign in at Postfix, unless "
					 "postlatch-sasl-relay uses another socket; include "
					 "07-postlatch-sasl-relay.conf" });
}

void check_postfix_text(struct check *check, const char *main_cf, const char *master_cf)
{
	enum check_level before = check->worst;
	struct main_cf defaults = { .milters = "" };
	char action[64], non_smtpd[512];
	int relay = 0;

	check->worst = CHECK_OK;
	parameter(main_cf, "smtpd_milters", defaults.milters, sizeof(defaults.milters));
	parameter(main_cf, "smtpd_sasl_auth_enable", defaults.sasl, sizeof(defaults.sasl));
	parameter(main_cf, "smtpd_sasl_type", defaults.sasl_type, sizeof(defaults.sasl_type));
	parameter(main_cf, "smtpd_sasl_path", defaults.sasl_path, sizeof(defaults.sasl_path));
	parameter(main_cf, "milter_default_action", action, sizeof(action));
	parameter(main_cf, "non_smtpd_milters", non_smtpd, sizeof(non_smtpd));
	if (strcmp(action, "accept") == 0)
		check_find(check, CHECK_FAULT,
			   "milter_default_action = accept accepts mail of members whose service "
			   "is switched off while the milter is down; set it to tempfail");
	if (strstr(master_cf, "smtpd_milters=") == NULL && defaults.milters[0] == '\0')
		check_find(check, CHECK_FAULT,
			   "no service has a milter, so Postlatch does not decide about submitted "
			   "mail; add conf.d/postfix/master.cf.postlatch to master.cf");
	if (non_smtpd[0] == '\0')
		check_find(check, CHECK_WARNING,
			   "non_smtpd_milters is empty, so Postlatch does not decide about mail "
			   "that is redirected through the sendmail command; add "
			   "conf.d/postfix/main.cf.postlatch to main.cf");
	for (const char *line = master_cf; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');
		char entry[4096];

		snprintf(entry, sizeof(entry), "%.*s", (int)strcspn(line, "\n"), line);
		if (strstr(entry, " smtpd") != NULL)
			relay |= check_service(check, entry, &defaults);
		line = next == NULL ? NULL : next + 1;
	}
	if (relay && check->doveconf != NULL)
		check_relay_socket(check);
	if (check->worst == CHECK_OK)
		check_find(check, CHECK_OK, "the milter is attached to the services that need it");
	if (before > check->worst)
		check->worst = before;
}

void check_postfix(struct check *check)
{
	const char *dir = check->ctl->option[CTL_OPTION_POSTFIX_CONF];
	const char *const main_argv[] = { "postconf", "-n", dir != NULL ? "-c" : NULL, dir, NULL };
	const char *const master_argv[] = { "postconf", "-M", dir != NULL ? "-c" : NULL, dir,
					    NULL };
	char *main_cf = check_run(main_argv), *master_cf = check_run(master_argv);

	if (main_cf == NULL || master_cf == NULL)
		check_find(check, dir != NULL ? CHECK_FAULT : CHECK_WARNING,
			   "`postconf -n` cannot be run or fails; run it yourself to see the "
			   "reason");
	else
		check_postfix_text(check, main_cf, master_cf);
	free(main_cf);
	free(master_cf);
}
