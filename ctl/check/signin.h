/* signin.h - tries to sign in with a wrong password, at any number of listeners at once.
 *
 * Such a sign-in shows that the listener, Dovecot's auth process, Postlatch's driver and its
 * database work together: each failure on this way is answered as a temporary one.
 */
#ifndef POSTLATCH_SIGNIN_H
#define POSTLATCH_SIGNIN_H

#include <stddef.h>

#define SIGNIN_MAX 32 /* listeners */

/* What a listener speaks; the table is in signin.c. */
struct signin_protocol;
/* By the name that Dovecot has for it: imap, pop3, sieve or submission; NULL for others. */
const struct signin_protocol *signin_protocol(const char *name);

enum signin_answer {
	SIGNIN_REFUSED,   /* as it should be */
	SIGNIN_ACCEPTED,  /* with a password that is wrong */
	SIGNIN_TEMPORARY, /* it answers that it cannot tell at the moment */
	SIGNIN_SILENT,    /* nothing listens there, or it does not answer as the protocol wants */
};

struct signin {
	char name[64], host[256], port[32]; /* name: for people */
	const struct signin_protocol *protocol;
	int tls;   /* from the first byte on; otherwise after STARTTLS, if it is offered */
	int proxy; /* it wants a line of the PROXY protocol first */
	enum signin_answer answer;
	char said[256]; /* its answer, or what went wrong */
};

/* Fills answer and said of each. Waits for 40 seconds at the most. */
void signin_try(struct signin *list, size_t count, const char *user);

#endif
