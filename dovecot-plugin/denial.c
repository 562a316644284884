/* denial.c - see denial.h. */
#include "lib.h"
#include "str-sanitize.h"

#include "dovecot-plugin/compat.h"
#include "dovecot-plugin/denial.h"
#include "policy/login/login.h"

/* As one word: what a stranger typed must not look like another field of a log line. */
static const char *log_name(const char *user)
{
	char *name = t_strdup_noconst(user == NULL ? "" : str_sanitize(user, 128));

	for (char *c = name; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ')
			*c = '?';
	}
	return name;
}

/* conf.d/fail2ban reads it, and what it reads stands before the name, which strangers choose. */
static void log_line(const struct auth_request *request, const char *rule, const char *user,
		     const char *sentence)
{
	i_info("postlatch: denied ip=%s service=%s rule=%s user=%s: %s",
	       net_ip2addr(&request->fields.remote_ip), compat_service(request), rule,
	       log_name(user), sentence);
}

void denial_log(const struct auth_request *request, const char *rule, const char *sentence)
{
	log_line(request, rule, request->fields.user, sentence);
}

/* Whether a name is a member's, or at least one of a domain of ours. */
static bool is_known(const char *user, const struct pl_login_result *result)
{
	if (result->account.member.id != 0)
		return TRUE;
	return strchr(user, '@') != NULL && result->verdict.rule != PL_RULE_NAME_INVALID &&
	       result->verdict.rule != PL_RULE_DOMAIN_UNKNOWN;
}

/* People type passwords where the name belongs. */
void denial_log_decided(const struct auth_request *request, const struct pl_login_result *result,
			const char *sentence)
{
	const char *user = request->fields.user;

	log_line(request, pl_rule_name(result->verdict.rule),
		 is_known(user, result) ? user : "unknown", sentence);
}

void denial_log_other_account(const struct auth_request *request)
{
	denial_log(request, "other-account",
		   "The app password or token is not the one of the account that would open.");
}
