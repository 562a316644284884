/* cmd_check.c - postlatch check: the table of checks, and its report. */
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/check/check.h"

/* What a check looks at. Where an earlier one could not read it, and has said so, the check is left
 * out. */
enum { POLICY = 1, STORE = 2, DOVECONF = 4, POSTFIX = 8 };

static const struct {
	const char *topic;
	unsigned int needs; /* a store has a policy, too */
	int (*run)(struct check *check);
	const char *right; /* when it has found nothing; NULL: it says so itself */
} checks[] = {
	{ "policy", 0, check_policy, NULL },
	{ "keys", POLICY, check_keys, NULL },
	{ "database", POLICY, check_database, NULL },
	{ "keys", STORE, check_key_rows, "the database needs no key that is missing" },
	{ "domains", STORE, check_domains, NULL },
	{ "domains", STORE, check_requirement, "no member must still register a second factor" },
	{ "services", STORE, check_denials, "Dovecot knows the services of all who have asked it" },
	{ "dovecot", 0, check_dovecot, "the passdb of driver postlatch is configured correctly" },
	{ "dovecot", DOVECONF, check_dovecot_signin,
	  "each listener of Dovecot refuses a wrong password" },
	{ "postfix", 0, check_postfix, "the services of Postfix are configured correctly" },
	{ "postfix", POSTFIX, check_milters,
	  "Postlatch's milter answers at each service that accepts AUTH" },
	{ "postfix", POSTFIX, check_delivery, NULL },
	{ "postfix", POSTFIX, check_relay, "Dovecot answers at each smtpd_sasl_path" },
	{ "postfix", POLICY | POSTFIX, check_forwards,
	  "Postfix is answered about the forwards of members" },
	{ "postfix", POSTFIX, check_postfix_signin,
	  "each service that accepts AUTH refuses a wrong password" },
	{ "portal", POLICY, check_portal, NULL },
	{ "portal", POLICY, check_portal_signin,
	  "Dovecot refuses a wrong password from the portal" },
	{ "portal", POLICY, check_portal_address, "the portal answers at its public address" },
	{ "portal", POLICY, check_doveadm_address, "doveadm answers the portal" },
	{ "portal", POLICY, check_profiles, NULL },
	{ "portal", POLICY, check_password_service, NULL },
	{ "portal", POLICY, check_recovery_contacts, NULL },
	{ "console", STORE, check_console, "every administrator has a second factor" },
	{ "sender", STORE, check_outbox, "no message to a member has waited for long" },
	{ "sender", POLICY, check_sendmail, "the sender's user can send mail" },
	{ "attachments", STORE, check_attachments, NULL },
};

static const char *const level_names[] = { "ok", "warning", "fault" };

void check_find(struct check *check, enum check_level level, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (level > check->worst)
		check->worst = level;
	json_array_append_new(check->findings,
			      json_pack("{s:s, s:s, s:s}", "topic", check->topic, "level",
					level_names[level], "text", text));
}

static void print_findings(const json_t *findings)
{
	size_t i;
	const json_t *finding;

	json_array_foreach(findings, i, finding)
	{
		printf("%-8s %-9s ", json_string_value(json_object_get(finding, "level")),
		       json_string_value(json_object_get(finding, "topic")));
		ctl_put(stdout, json_string_value(json_object_get(finding, "text")));
		putchar('\n');
	}
}

static unsigned int have(const struct check *check)
{
	return (check->policy != NULL ? POLICY : 0) | (check->store != NULL ? STORE : 0) |
	       (check->doveconf != NULL ? DOVECONF : 0) | (check->postfix != NULL ? POSTFIX : 0);
}

int cmd_check(struct ctl *ctl, struct pl_error *err)
{
	struct check check = { .ctl = ctl, .findings = json_array() };

	/* Where a program closes a connection early, that is a finding. */
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		size_t before = json_array_size(check.findings);

		check.topic = checks[i].topic;
		if ((checks[i].needs & ~have(&check)) != 0)
			continue;
		if (checks[i].run(&check) && checks[i].right != NULL &&
		    json_array_size(check.findings) == before)
			check_find(&check, CHECK_OK, "%s", checks[i].right);
	}
	pl_store_close(&check.store);
	pl_policy_unref(&check.policy);
	free(check.doveconf);
	postfix_close(&check.postfix_conf);
	if (!ctl->json) {
		print_findings(check.findings);
		json_decref(check.findings);
	} else if (ctl_print_json(check.findings, err) < 0) {
		return -1;
	}
	return (int)check.worst;
}
