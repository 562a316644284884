/* denial.h - the log line of a login that is denied. */
#ifndef POSTLATCH_DENIAL_H
#define POSTLATCH_DENIAL_H

struct auth_request;
struct pl_login_result;

/* Always logged, also without auth_verbose: a policy that keeps someone out must be found in the
 * log. rule is one of rules.def, or one of those that only the driver has. */
void denial_log(const struct auth_request *request, const char *rule, const char *sentence);
/* The name has become another one behind an app password or a token. */
void denial_log_other_account(const struct auth_request *request);
/* Of a decision, whose name may be nobody's: then the line does not have it. */
void denial_log_decided(const struct auth_request *request, const struct pl_login_result *result,
			const char *sentence);

#endif
