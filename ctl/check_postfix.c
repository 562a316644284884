/* check_postfix.c - what `postconf` says about the milter. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

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

/* One smtpd service of `postconf -Mf` or -M, an entry on one line. */
static void check_service(struct check *check, const char *entry, const char *main_milters,
			  const char *main_sasl)
{
	const char *milters = strstr(entry, "smtpd_milters=");
	const char *sasl = strstr(entry, "smtpd_sasl_auth_enable=");
	char name[64];
	int has_milter, has_auth;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(entry, " "), entry);
	has_milter = milters != NULL ? strncmp(milters + 14, " ", 1) != 0 && milters[14] != '\0'
				     : main_milters[0] != '\0';
	has_auth = sasl != NULL ? strncmp(sasl + 23, "yes", 3) == 0 : strcmp(main_sasl, "yes") == 0;
	if (has_auth && !has_milter)
		check_find(check, CHECK_WARNING, "service %s takes AUTH but has no milter: a client that signed in "
						 "before smtp was switched off goes on sending until it hangs up; "
						 "set smtpd_milters there, or smtpd_sasl_auth_enable=no", name);
	if (!has_auth && has_milter && strcmp(name, "smtp") == 0)
		check_find(check, CHECK_WARNING, "service smtp has a milter but takes no AUTH: incoming mail pays "
						 "for it and nothing is decided; set smtpd_milters= there");
}

void check_postfix_text(struct check *check, const char *main_cf, const char *master_cf)
{
	enum check_level before = check->worst;
	char milters[512], sasl[64], action[64], non_smtpd[512];

	check->worst = CHECK_OK;
	parameter(main_cf, "smtpd_milters", milters, sizeof(milters));
	parameter(main_cf, "smtpd_sasl_auth_enable", sasl, sizeof(sasl));
	parameter(main_cf, "milter_default_action", action, sizeof(action));
	parameter(main_cf, "non_smtpd_milters", non_smtpd, sizeof(non_smtpd));
	if (strcmp(action, "accept") == 0)
		check_find(check, CHECK_FAULT, "milter_default_action = accept lets mail of switched-off members "
					       "through while the milter is down; set it to tempfail");
	if (strstr(master_cf, "smtpd_milters=") == NULL && milters[0] == '\0')
		check_find(check, CHECK_FAULT, "no service has a milter, so submitted mail is not judged; add "
					       "conf.d/postfix/master.cf.postlatch to master.cf");
	if (non_smtpd[0] == '\0')
		check_find(check, CHECK_WARNING, "non_smtpd_milters is empty, so forwards that go out through the "
						 "sendmail command are not judged; add conf.d/postfix/main.cf.postlatch");
	for (const char *line = master_cf; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');
		char entry[4096];

		snprintf(entry, sizeof(entry), "%.*s", (int)strcspn(line, "\n"), line);
		if (strstr(entry, " smtpd") != NULL)
			check_service(check, entry, milters, sasl);
		line = next == NULL ? NULL : next + 1;
	}
	if (check->worst == CHECK_OK)
		check_find(check, CHECK_OK, "the milter is attached where it decides something");
	if (before > check->worst)
		check->worst = before;
}

void check_postfix(struct check *check)
{
	const char *dir = check->ctl->option[CTL_OPTION_POSTFIX_CONF];
	const char *const main_argv[] = { "postconf", "-n", dir != NULL ? "-c" : NULL, dir, NULL };
	const char *const master_argv[] = { "postconf", "-M", dir != NULL ? "-c" : NULL, dir, NULL };
	char *main_cf = check_run(main_argv), *master_cf = check_run(master_argv);

	if (main_cf == NULL || master_cf == NULL)
		check_find(check, dir != NULL ? CHECK_FAULT : CHECK_WARNING,
			   "`postconf -n` cannot be run here or fails; run it yourself to see why");
	else
		check_postfix_text(check, main_cf, master_cf);
	free(main_cf);
	free(master_cf);
}
