/* denial.c - see denial.h. */
#include "lib.h"
#include "str-sanitize.h"

#include "dovecot-plugin/compat.h"
#include "dovecot-plugin/denial.h"

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
void denial_log(const struct auth_request *request, const char *rule, const char *sentence)
{
	i_info("postlatch: denied ip=%s service=%s rule=%s user=%s: %s",
	       net_ip2addr(&request->fields.remote_ip), compat_service(request), rule,
	       log_name(request->fields.user), sentence);
}

void denial_log_other_account(const struct auth_request *request)
{
	denial_log(request, "other-account",
		   "The app password or token is not the one of the account that would open.");
}
