/* attempt.h - what Dovecot knows of an attempt to sign in, for connection tests. */
#ifndef POSTLATCH_ATTEMPT_H
#define POSTLATCH_ATTEMPT_H

#include "policy/account/connection_attempt.h"

struct login;

/* An attempt that is refused by the rule, a static text. */
void attempt_fill(const struct login *login, const char *rule,
		  struct pl_connection_attempt *attempt_r);

#endif
