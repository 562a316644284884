/* pair.h - one of Postfix's smtpd processes, and its connection to Dovecot's auth process.
 *
 * Owns both descriptors and what was read from either and not yet sent to the other. relay.c
 * calls it when poll(2) has found something. It never waits, never logs, and passes on whole
 * lines only, so that an answer is complete or does not come.
 */
#ifndef POSTLATCH_SASL_RELAY_PAIR_H
#define POSTLATCH_SASL_RELAY_PAIR_H

#include "dovecot/auth_lines.h"

struct pair {
	int smtpd;           /* -1: this one is free */
	int dovecot;         /* -1: not connected yet */
	int ending;          /* nothing more is read; answers that are whole still go out */
	const char *failure; /* why it ends, for the log; NULL: there is nothing to report */
	struct auth_lines requests, answers;
};

/* What to wait for with poll(2); 0 also means not to look for a hang-up. */
short pair_smtpd_events(const struct pair *pair);
short pair_dovecot_events(const struct pair *pair);

/* Does what poll(2) has found to be possible. 1 while it goes on, 0 when it is over. */
int pair_serve(struct pair *pair, short smtpd, short dovecot);

/* Wipes, closes, and is free. */
void pair_close(struct pair *pair);

#endif
