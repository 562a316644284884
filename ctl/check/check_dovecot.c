/* check_dovecot.c - what `doveconf -n` says about our passdb; check_userdb.c has the userdb. */
#include <stdlib.h>
#include <string.h>

#include "ctl/check/check.h"
#include "ctl/check/doveconf.h"

#define PASSDBS_MAX 32

static size_t read_passdbs(const char *text, struct doveconf_database *passdbs)
{
	size_t count = 0;

	while (count < PASSDBS_MAX &&
	       (text = doveconf_database(text, "passdb", &passdbs[count])) != NULL)
		count++;
	return count;
}

static int is_ours(const struct doveconf_database *passdb)
{
	return strcmp(passdb->driver, "postlatch") == 0;
}

/* Settings that take logins away from a passdb, and the value with which they take none. */
static void check_limits(struct check *check, const struct doveconf_database *passdb)
{
	const struct {
		const char *name, *harmless;
	} limits[] = {
		{ doveconf_release(check->doveconf)->mechanisms, "" },
		{ "username_filter", "" },
		{ "skip", "never" },
		{ "deny", "no" },
		{ "master", "no" },
		{ "pass", "no" },
	};
	char value[256];

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (doveconf_block_value(passdb->block, limits[i].name, value, sizeof(value)) &&
		    strcmp(value, limits[i].harmless) != 0)
			check_find(check, CHECK_WARNING,
				   "%s = %s limits the passdb of driver postlatch, so Postlatch "
				   "does not decide about all logins; remove the line",
				   limits[i].name, value);
	}
}

static void check_our_passdb(struct check *check, const struct doveconf_database *passdb,
			     int is_first)
{
	char value[256];

	if (!doveconf_block_value(passdb->block, "result_internalfail", value, sizeof(value)) ||
	    strcmp(value, "return-fail") != 0)
		check_find(check, CHECK_FAULT,
			   "the passdb block of driver postlatch lacks result_internalfail = "
			   "return-fail, so Dovecot would accept everyone while the database is "
			   "unavailable; include 05-postlatch.conf unchanged");
	if (!is_first)
		check_find(check, CHECK_FAULT,
			   "another passdb comes before the one of driver postlatch, and accepts "
			   "logins that the policy denies; put the passdb of driver postlatch "
			   "first; only one with deny = yes may come before it");
	check_limits(check, passdb);
}

/* Mechanisms that offer a password or a token to a passdb, or ask one for the password. */
static void check_mechanisms(struct check *check, const char *mechanisms)
{
	static const char *const offers[] = { "plain", "login", "xoauth2", "oauthbearer" };
	static const char *const asks[] = { "cram-md5", "digest-md5", "apop", "scram-sha-1",
					    "scram-sha-256" };
	char word[64];
	int is_asked = 0;

	for (const char *at = mechanisms; (at = postfix_word(at, word, sizeof(word))) != NULL;) {
		int is_known = 0;

		for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
			is_known |= strcasecmp(word, offers[i]) == 0;
		for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
			if (strcasecmp(word, asks[i]) == 0)
				is_known = is_asked = 1;
		}
		if (!is_known)
			check_find(check, CHECK_FAULT,
				   "auth_mechanisms has %s, for which Dovecot checks no password "
				   "or token, so Postlatch does not decide about its logins; "
				   "remove "
				   "it",
				   word);
	}
	if (is_asked)
		check_find(check, CHECK_WARNING,
			   "auth_mechanisms = %s: clients that choose CRAM-MD5, SCRAM or "
			   "DIGEST-MD5 cannot use app passwords; remove these mechanisms",
			   mechanisms);
}

static void check_other_passdbs(struct check *check, const struct doveconf_database *passdbs,
				size_t count)
{
	const char *text = check->doveconf;
	char mechanisms[256], value[256];

	if (!doveconf_value(text, "auth_mechanisms", mechanisms, sizeof(mechanisms)))
		return;
	check_mechanisms(check, mechanisms);
	if (strstr(mechanisms, "xoauth2") == NULL && strstr(mechanisms, "oauthbearer") == NULL)
		return;
	if (doveconf_release(text)->introspects) {
		check_introspection(check);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_ours(&passdbs[i]) && !check_denies(&passdbs[i]) &&
		    !doveconf_block_value(passdbs[i].block, "mechanisms", value, sizeof(value)))
			check_find(check, CHECK_WARNING,
				   "one of your own passdbs checks bearer tokens as if they were "
				   "passwords; add mechanisms = plain login none (and others that "
				   "you use) to it");
	}
}

static void check_auth_service(struct check *check, const char *text)
{
	char block[DOVECONF_BLOCK_MAX], groups[256];

	if (doveconf_block(text, "service auth {", block, sizeof(block)) == NULL ||
	    ((!doveconf_block_value(block, "extra_groups", groups, sizeof(groups)) ||
	      strstr(groups, "postlatch") == NULL) &&
	     (!doveconf_block_value(block, "group", groups, sizeof(groups)) ||
	      strcmp(groups, "postlatch") != 0)))
		check_find(check, CHECK_FAULT,
			   "Dovecot's auth process is not in the group postlatch, so it cannot "
			   "read the database; add service auth { extra_groups = postlatch }");
}

/* Dovecot tells a passdb the address of the connection and the one that was handed on last. */
static void check_webmail_behind_proxy(struct check *check)
{
	char trusted[1024];

	if (check->policy == NULL || check->policy->webmail_networks.count == 0 ||
	    !doveconf_value(check->doveconf, "login_trusted_networks", trusted, sizeof(trusted)) ||
	    trusted[0] == '\0' || strstr(check->doveconf, " haproxy = yes\n") == NULL)
		return;
	check_find(check, CHECK_WARNING,
		   "a webmail of webmail_networks that comes through HAProxy and hands on the "
		   "browsers' addresses (login_trusted_networks = %s) counts as a mail client, "
		   "because Dovecot then tells nobody its own address; give it a listener of "
		   "its own without haproxy = yes, and set login_trusted_networks in local "
		   "ADDRESS { } of this listener alone",
		   trusted);
}

/* Settings that write what members type into the log, and the value with which they do not. */
static void check_logs(struct check *check)
{
	static const char *const settings[] = { "auth_debug_passwords", "auth_verbose_passwords" };
	char value[64];

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (doveconf_value(check->doveconf, settings[i], value, sizeof(value)) &&
		    strcmp(value, "no") != 0)
			check_find(check, CHECK_WARNING,
				   "%s = %s writes passwords, app passwords and tokens to "
				   "Dovecot's "
				   "log; remove the line",
				   settings[i], value);
	}
}

static void check_doveconf(struct check *check)
{
	const char *doveconf = check->doveconf;
	struct doveconf_database *passdbs = calloc(PASSDBS_MAX, sizeof(*passdbs));
	size_t count = passdbs == NULL ? 0 : read_passdbs(doveconf, passdbs);
	int ours = 0;
	char value[64];

	for (size_t i = 0; i < count; i++) {
		if (!is_ours(&passdbs[i]))
			continue;
		check_our_passdb(check, &passdbs[i], check_denies_only(doveconf, (int)i));
		ours = 1;
	}
	if (!ours)
		check_find(check, CHECK_FAULT,
			   "Dovecot has no passdb of driver postlatch, so Postlatch does not "
			   "decide about any login; include 05-postlatch.conf");
	else if (count < 2)
		check_find(check, CHECK_WARNING,
			   "Dovecot has no other passdb than the one of driver postlatch, so it "
			   "accepts only app passwords and tokens; add a passdb for account "
			   "passwords");
	check_other_passdbs(check, passdbs, count);
	check_auth_service(check, doveconf);
	check_webmail_behind_proxy(check);
	check_logs(check);
	check_passdbs(check);
	check_userdbs(check);
	if (doveconf_value(doveconf, "auth_failure_delay", value, sizeof(value)) &&
	    strtol(value, NULL, 10) == 0)
		check_find(check, CHECK_WARNING,
			   "auth_failure_delay = %s allows fast guessing of passwords; remove the "
			   "line",
			   value);
	free(passdbs);
}

int check_dovecot(struct check *check)
{
	const char *file = check->ctl->option[CTL_OPTION_DOVECOT_CONF];
	const char *const argv[] = { "doveconf", "-n", file != NULL ? "-c" : NULL, file, NULL };

	check->doveconf = ctl_run(argv);
	if (check->doveconf == NULL)
		check_find(check, file != NULL ? CHECK_FAULT : CHECK_WARNING,
			   "`doveconf -n` cannot be run or fails; run it yourself to see the "
			   "reason");
	else
		check_doveconf(check);
	return 1;
}
