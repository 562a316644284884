/* relay.h - passes the requests of Postfix's smtpd processes to Dovecot's auth process.
 *
 * Owns the listener and all pairs. main.c runs it in the only thread, which waits for all of
 * them at once. Its memory is allocated at the start; when no pair is free, connections wait
 * in the socket's queue. It reads no policy and no database, and decides nothing.
 */
#ifndef POSTLATCH_SASL_RELAY_RELAY_H
#define POSTLATCH_SASL_RELAY_RELAY_H

#include <stddef.h>

#include "policy/base/error.h"

struct relay;

/* dovecot is the path of Dovecot's socket; pairs, how many smtpd processes there may
 * be at a time. The listener is closed with the relay. */
int relay_new(int listener, const char *dovecot, size_t pairs, struct relay **relay_r,
	      struct pl_error *err);
/* Closes every connection. Accepts NULL. */
void relay_free(struct relay **relay);

/* Serves until wake can be read. */
void relay_run(struct relay *relay, int wake);

#endif
