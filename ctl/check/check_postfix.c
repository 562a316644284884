/* check_postfix.c - what `postconf` says about the milter, the SASL relay, forwards and what
 * services inherit. */
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
	const char *text;
	char milters[512], sasl[64], sasl_type[64], sasl_path[256];
};

static int has_option(const char *entry, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = entry; (at = strstr(at, name)) != NULL; at += len) {
		if (at > entry && at[-1] == ' ' && at[len] == '=')
			return 1;
	}
	return 0;
}

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

/* A restriction in main.cf is for mail from other servers, unless it says otherwise. */
static void check_restrictions(struct check *check, const char *name, const char *entry,
			       const struct main_cf *defaults, const char *permits)
{
	static const char *const restrictions[] = {
		"smtpd_client_restrictions",      "smtpd_helo_restrictions",
		"smtpd_sender_restrictions",      "smtpd_relay_restrictions",
		"smtpd_recipient_restrictions",   "smtpd_data_restrictions",
		"smtpd_end_of_data_restrictions",
	};
	char in_main[1024];

	for (size_t i = 0; i < sizeof(restrictions) / sizeof(restrictions[0]); i++) {
		parameter(defaults->text, restrictions[i], in_main, sizeof(in_main));
		if (in_main[0] != '\0' && !has_option(entry, restrictions[i]) &&
		    strstr(in_main, permits) == NULL)
			check_find(check, CHECK_WARNING,
				   "the service %s inherits %s from main.cf, which may refuse mail "
				   "of "
				   "your own members; set it for the service as "
				   "conf.d/postfix/master.cf.postlatch does",
				   name, restrictions[i]);
	}
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
			   "the service %s accepts AUTH but has no milter, so a client whose "
			   "credential is revoked after it signed in can send mail until it "
			   "disconnects; set smtpd_milters or smtpd_sasl_auth_enable=no for it",
			   name);
	if (!has_auth && has_milter && strcmp(name, "smtp") == 0)
		check_find(check, CHECK_WARNING,
			   "the service smtp has a milter but does not accept AUTH, so the milter "
			   "slows down incoming mail and decides nothing; set smtpd_milters= for "
			   "it");
	if (has_auth)
		check_restrictions(check, name, entry, defaults, "permit_sasl_authenticated");
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

/* Whether a service has milters of its own; those of mail from the sendmail command are none. */
static int sets_milters(const char *master_cf)
{
	static const char name[] = "smtpd_milters=", sendmail[] = "$non_smtpd_milters";

	for (const char *at = master_cf; (at = strstr(at, name)) != NULL;) {
		at += sizeof(name) - 1;
		if (*at != ' ' && *at != '\n' && strncmp(at, sendmail, sizeof(sendmail) - 1) != 0)
			return 1;
	}
	return 0;
}

/* What the version before this one added, and what decides nothing any more. */
static void check_former(struct check *check, const char *main_cf, const char *master_cf)
{
	char non_smtpd[512];

	parameter(main_cf, "non_smtpd_milters", non_smtpd, sizeof(non_smtpd));
	if (strstr(non_smtpd, "postlatch") != NULL)
		check_find(check, CHECK_WARNING,
			   "non_smtpd_milters = %s: Postlatch decides nothing about mail from the "
			   "sendmail command; remove its milter there",
			   non_smtpd);
	if (strstr(master_cf, "milter_macro_daemon_name=postlatch-redirect") != NULL)
		check_find(check, CHECK_WARNING,
			   "master.cf has a service with "
			   "milter_macro_daemon_name=postlatch-redirect, "
			   "which stops no redirects any more; replace it by the one in "
			   "conf.d/postfix/master.cf.postlatch");
}

/* Whether local(8) delivers mail of somebody. */
static int delivers_locally(const char *main_cf)
{
	char destinations[1024], transport[256];

	parameter(main_cf, "mydestination", destinations, sizeof(destinations));
	parameter(main_cf, "local_transport", transport, sizeof(transport));
	return (destinations[0] != '\0' || strstr(main_cf, "mydestination =") == NULL) &&
	       (transport[0] == '\0' || strncmp(transport, "local", 5) == 0);
}

static void check_forward_files(struct check *check, const char *main_cf)
{
	char path[512];

	parameter(main_cf, "forward_path", path, sizeof(path));
	if ((path[0] != '\0' || strstr(main_cf, "forward_path =") == NULL) &&
	    delivers_locally(main_cf))
		check_find(check, CHECK_FAULT,
			   "Postfix's local(8) reads .forward files, about which Postlatch cannot "
			   "decide; set forward_path = (with nothing behind it) in main.cf, or "
			   "deliver by LMTP alone");
}

/* The entry of `postconf -M` for a service of a type, "" when there is none. */
static void find_entry(const char *master_cf, const char *name, const char *type, char *entry,
		       size_t size)
{
	size_t len = strlen(name);

	entry[0] = '\0';
	for (const char *line = master_cf; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');

		if (strncmp(line, name, len) == 0 && line[len] == ' ' &&
		    strncmp(line + len + strspn(line + len, " "), type, strlen(type)) == 0)
			snprintf(entry, size, "%.*s", (int)strcspn(line, "\n"), line);
		line = next == NULL ? NULL : next + 1;
	}
}

/* The listener to which Dovecot's userdb of ours sends redirects of members who may not
 * forward. */
static void check_redirects(struct check *check, const char *host, const struct main_cf *defaults,
			    const char *master_cf)
{
	char entry[4096], cleanup[256], cleanup_entry[4096];

	/* On another machine, it is for the check there. */
	if (strncmp(host, "127.", 4) != 0 && strncmp(host, "localhost", 9) != 0)
		return;
	find_entry(master_cf, host, "inet", entry, sizeof(entry));
	option(entry, "cleanup_service_name", "", cleanup, sizeof(cleanup));
	find_entry(master_cf, cleanup, "unix", cleanup_entry, sizeof(cleanup_entry));
	if (cleanup[0] == '\0' || strstr(cleanup_entry, "X-Sieve-Redirected-From") == NULL ||
	    strstr(cleanup_entry, " REJECT") == NULL) {
		check_find(check, CHECK_FAULT,
			   "Dovecot sends mail of members whose forwarding is off to "
			   "submission_host = %s, but Postfix has no service there that refuses "
			   "their redirects; add the services of "
			   "conf.d/postfix/master.cf.postlatch",
			   host);
		return;
	}
	check_restrictions(check, host, entry, defaults, "permit_mynetworks");
}

void check_postfix_text(struct check *check, const char *main_cf, const char *master_cf)
{
	enum check_level before = check->worst;
	struct main_cf defaults = { .text = main_cf };
	char action[64], host[256];
	int relay = 0;

	check->worst = CHECK_OK;
	parameter(main_cf, "smtpd_milters", defaults.milters, sizeof(defaults.milters));
	parameter(main_cf, "smtpd_sasl_auth_enable", defaults.sasl, sizeof(defaults.sasl));
	parameter(main_cf, "smtpd_sasl_type", defaults.sasl_type, sizeof(defaults.sasl_type));
	parameter(main_cf, "smtpd_sasl_path", defaults.sasl_path, sizeof(defaults.sasl_path));
	parameter(main_cf, "milter_default_action", action, sizeof(action));
	if (strcmp(action, "accept") == 0)
		check_find(check, CHECK_FAULT,
			   "milter_default_action = accept accepts mail of clients whose "
			   "credential "
			   "was revoked while the milter is down; set it to tempfail");
	if (!sets_milters(master_cf) && defaults.milters[0] == '\0')
		check_find(check, CHECK_FAULT,
			   "no service has a milter, so Postlatch does not decide about submitted "
			   "mail; add conf.d/postfix/master.cf.postlatch to master.cf");
	check_former(check, main_cf, master_cf);
	check_forward_files(check, main_cf);
	if (check->doveconf != NULL && check_redirect_host(check->doveconf, host, sizeof(host)))
		check_redirects(check, host, &defaults, master_cf);
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
	char *main_cf = ctl_run(main_argv), *master_cf = ctl_run(master_argv);

	if (main_cf == NULL || master_cf == NULL)
		check_find(check, dir != NULL ? CHECK_FAULT : CHECK_WARNING,
			   "`postconf -n` cannot be run or fails; run it yourself to see the "
			   "reason");
	else
		check_postfix_text(check, main_cf, master_cf);
	free(main_cf);
	free(master_cf);
}
