/* check_recovery.c - whether recovery contacts can be used, where they are switched on. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/check/check.h"
#include "policy/recovery/consent_text.h"

static void check_texts(struct check *check)
{
	static const char *const languages[] = { "en", "ko" };
	struct pl_consent_text text;
	struct pl_error err = { 0 };

	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		if (pl_consent_text_load(check->policy->consent_dir, languages[i], &text, &err) <
		    0) {
			check_find(check, CHECK_FAULT,
				   "no member is asked for consent to recovery contacts: %s",
				   err.msg);
			return;
		}
		pl_consent_text_free(&text);
	}
	check_find(check, CHECK_OK, "the texts that ask for recovery contacts can be read");
}

static void check_password_recovery(struct check *check)
{
	const struct pl_policy *policy = check->policy;

	if (!policy->recovery_contacts)
		check_find(check, CHECK_FAULT,
			   "password_recovery is on, but nobody can set a forgotten password: it "
			   "needs "
			   "recovery_contacts = on; see doc/recovery-contacts.md");
	else if (policy->password_command[0] == '\0')
		check_find(check, CHECK_FAULT,
			   "password_recovery is on, but nobody can set a forgotten password: it "
			   "needs "
			   "password_command; see doc/passwords.md");
	else
		check_find(check, CHECK_OK, "members can set a forgotten password");
}

int check_recovery_contacts(struct check *check)
{
	const struct pl_policy *policy = check->policy;
	char program[1024];

	if (policy->password_recovery)
		check_password_recovery(check);
	if (!policy->recovery_contacts)
		return 0;
	check_texts(check);
	if (policy->sms_command[0] == '\0')
		return 0;
	snprintf(program, sizeof(program), "%.*s", (int)strcspn(policy->sms_command, " "),
		 policy->sms_command);
	if (access(program, X_OK) < 0)
		check_find(check, CHECK_FAULT,
			   "%s of sms_command cannot be run, so no member gets a text message; see "
			   "doc/recovery-contacts.md",
			   program);
	else
		check_find(check, CHECK_OK, "sms_command is a program");
	return 0;
}
