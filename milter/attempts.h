/* attempts.h - messages of members, for their connection tests.
 *
 * Postfix tells Dovecot neither its port nor the version of TLS, but it tells a milter. A thread of
 * policy/account/login_log.h finds out whether a test shows the message; nothing waits for it.
 */
#ifndef POSTLATCH_MILTER_ATTEMPTS_H
#define POSTLATCH_MILTER_ATTEMPTS_H

#include "policy/account/connection_attempt.h"

struct milter_attempts;

/* For the database of this uri. NULL without memory or a thread: then nothing is shown. */
struct milter_attempts *milter_attempts_new(const char *uri);
void milter_attempts_free(struct milter_attempts **attempts);
/* The policy file has been read again, and may name another database. */
void milter_attempts_use(struct milter_attempts *attempts, const char *uri);
/* Never waits. attempts may be NULL. */
void milter_attempts_show(struct milter_attempts *attempts,
			  const struct pl_connection_attempt *attempt);

#endif
