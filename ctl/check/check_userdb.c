/* check_userdb.c - what `doveconf -n` says about our userdb, which stops forwards. */
#include <stdlib.h>
#include <string.h>

#include "ctl/check/check.h"
#include "ctl/check/doveconf.h"

#define FORMER_LISTENER ":10588" /* of the version before this one */

/* The value of a field in the block of a userdb: on a line of its own, or among others. */
static int find_field(const char *block, const char *name, char *value, size_t size)
{
	const char *at = strstr(block, name);

	value[0] = '\0';
	if (at == NULL)
		return 0;
	at += strlen(name);
	at += strspn(at, " =");
	snprintf(value, size, "%.*s", (int)strcspn(at, " \t\n"), at);
	return 1;
}

/* The next userdb block of ours. */
static const char *our_userdb(const char *text, struct doveconf_database *userdb)
{
	while ((text = doveconf_database(text, "userdb", userdb)) != NULL &&
	       strcmp(userdb->driver, "postlatch") != 0)
		;
	return text;
}

int check_redirect_host(const char *doveconf, char *host, size_t size)
{
	struct doveconf_database userdb;

	return our_userdb(doveconf, &userdb) != NULL &&
	       find_field(userdb.block, "submission_host", host, size);
}

static int has_result(const struct doveconf_database *userdb, const char *name, const char *result)
{
	char value[64];

	return doveconf_block_value(userdb->block, name, value, sizeof(value)) &&
	       strcmp(value, result) == 0;
}

static void check_ours(struct check *check, const struct doveconf_database *userdb, int is_hidden)
{
	char value[256];

	if (!has_result(userdb, "result_success", "continue") ||
	    !has_result(userdb, "result_internalfail", "return-fail"))
		check_find(check, CHECK_FAULT,
			   "the userdb block of driver postlatch lacks result_success = continue "
			   "or "
			   "result_internalfail = return-fail, so it refuses to serve and no mail "
			   "is "
			   "delivered; include 05-postlatch.conf unchanged");
	if (is_hidden)
		check_find(check, CHECK_FAULT,
			   "another userdb comes before the one of driver postlatch, so members "
			   "whose "
			   "forwarding is off can forward, and when members last received mail "
			   "stays unknown; put the userdb of driver postlatch first, or add "
			   "result_success = continue-ok to those before it");
	if (!find_field(userdb->block, "submission_host", value, sizeof(value)) &&
	    !find_field(userdb->block, "sieve_max_redirects", value, sizeof(value)))
		check_find(check, CHECK_FAULT,
			   "the userdb block of driver postlatch sets no submission_host, so "
			   "members "
			   "whose forwarding is off can forward; include 05-postlatch.conf "
			   "unchanged");
}

static int forbids_forwarding(const struct pl_policy *policy)
{
	if (policy->defaults.value[PL_SETTING_FORWARDING] == PL_FORBIDDEN)
		return 1;
	for (size_t i = 0; i < policy->domain_count; i++) {
		if (policy->domains[i].settings.value[PL_SETTING_FORWARDING] == PL_FORBIDDEN)
			return 1;
	}
	return 0;
}

/* Whether scripts of members who may not forward can send mail notifications: not when the
 * extension is taken away there or for everybody, or is not in a list of all that there are. */
static int has_notifications(const char *doveconf, const struct doveconf_database *userdb)
{
	const char *at = strstr(doveconf, "sieve_extensions");
	char value[1024];

	if (strstr(userdb->block, "sieve_extensions") != NULL)
		at = strstr(userdb->block, "sieve_extensions");
	if (at == NULL)
		return 1;
	/* In 2.4 it may be a block, a word a line. */
	snprintf(value, sizeof(value), "%.*s",
		 (int)strcspn(at, at[strcspn(at, "{\n")] == '{' ? "}" : "\n"), at);
	if (strstr(value, "-enotify") != NULL || strstr(value, "enotify = no") != NULL)
		return 0;
	return strstr(value, "enotify") != NULL || strpbrk(value, "+-") != NULL;
}

static void check_notifications(struct check *check, const struct doveconf_database *userdb)
{
	if (check->policy != NULL && forbids_forwarding(check->policy) &&
	    has_notifications(check->doveconf, userdb))
		check_find(check, CHECK_WARNING,
			   "forwarding is forbidden, but a Sieve script can send the text of each "
			   "message away by mail notifications (enotify); add the field that "
			   "05-postlatch.conf names to the userdb of driver postlatch");
}

/* It has what a passdb has said at the login. Those that are asked without a password say it for an
 * app password or a token, too; without a login nobody has said anything. */
static void check_prefetch_alone(struct check *check)
{
	const char *text = check->doveconf;
	struct doveconf_database passdb;
	char protocols[256] = "imap pop3 lmtp";

	while ((text = doveconf_database(text, "passdb", &passdb)) != NULL) {
		if (check_is_mute(passdb.driver))
			check_find(check, CHECK_FAULT,
				   "userdb prefetch is the only userdb, and has no data of members "
				   "who sign in with an app password or a token, because a passdb "
				   "of "
				   "driver %s is not asked about them; add the userdb that belongs "
				   "to your passdb after it",
				   passdb.driver);
	}
	doveconf_value(check->doveconf, "protocols", protocols, sizeof(protocols));
	if (strstr(protocols, "lmtp") != NULL)
		check_find(check, CHECK_WARNING,
			   "userdb prefetch is the only userdb, and knows nobody to whom LMTP is "
			   "to "
			   "deliver mail, so all of it is refused; add the userdb that belongs to "
			   "your passdb after it, or take lmtp out of protocols");
}

void check_userdbs(struct check *check)
{
	struct doveconf_database userdb, ours = { .driver = "" };
	int prefetch = 0, other = 0, ends = 0;
	char value[256];

	for (const char *text = check->doveconf;
	     (text = doveconf_database(text, "userdb", &userdb)) != NULL;) {
		if (strcmp(userdb.driver, "postlatch") == 0) {
			check_ours(check, &userdb, ends);
			ours = userdb;
			continue;
		}
		prefetch |= strcmp(userdb.driver, "prefetch") == 0;
		other |= strcmp(userdb.driver, "prefetch") != 0;
		ends |= !has_result(&userdb, "result_success", "continue-ok");
	}
	if (ours.driver[0] == '\0')
		check_find(check, CHECK_FAULT,
			   "Dovecot has no userdb of driver postlatch, so members whose forwarding "
			   "is off can forward by Sieve, and when members last received mail stays "
			   "unknown; include 05-postlatch.conf");
	else
		check_notifications(check, &ours);
	if (prefetch && !other)
		check_prefetch_alone(check);
	if (doveconf_value(check->doveconf, "submission_host", value, sizeof(value)) &&
	    strstr(value, FORMER_LISTENER) != NULL)
		check_find(check, CHECK_WARNING,
			   "submission_host = %s is the listener of a former version of Postlatch; "
			   "remove 95-postlatch-sieve.conf, and the service from master.cf",
			   value);
}
