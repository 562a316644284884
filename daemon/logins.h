/* logins.h - what daemons tell of logins: the milter of messages for connection tests, and the
 * milter and the portal of what they count.
 *
 * Postfix tells Dovecot neither its port nor the version of TLS, but it tells a milter. A thread of
 * policy/account/login_log.h writes what is to be written; nothing waits for it.
 */
#ifndef POSTLATCH_DAEMON_LOGINS_H
#define POSTLATCH_DAEMON_LOGINS_H

#include "policy/account/login_log.h"

struct daemon_logins;

/* For the database of this uri. NULL without memory: then nothing is told. */
struct daemon_logins *daemon_logins_new(const char *uri);
void daemon_logins_free(struct daemon_logins **logins);
/* The policy file may name another database by now. logins may be NULL, here and below. */
void daemon_logins_use(struct daemon_logins *logins, const char *uri);
/* See pl_login_log_show. Never waits. */
void daemon_logins_show(struct daemon_logins *logins, const struct pl_connection_attempt *attempt);
/* See pl_login_log_count. Never waits. */
void daemon_logins_count(struct daemon_logins *logins, const struct pl_login_count *count,
			 const struct pl_ip *ip);

#endif
