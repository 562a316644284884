/* callbacks.h - libmilter's side of postlatch-milter.
 *
 * Owns the state of each SMTP session, in libmilter's private pointer, and the answers that
 * Postfix gets. main.c registers it; libmilter calls it from its own threads. What is to
 * happen to a message is decided in evaluate.c.
 */
#ifndef POSTLATCH_MILTER_CALLBACKS_H
#define POSTLATCH_MILTER_CALLBACKS_H

#include "milter/evaluate.h"

/* What Postfix's listener for Pigeonhole's submission_host calls itself in
 * milter_macro_daemon_name: there the other end waits for the answer. */
#define CALLBACKS_REDIRECT_DAEMON "postlatch-redirect"

/* Registers with libmilter. The milter stays the caller's. 0 or -1. */
int callbacks_register(struct milter *milter);

#endif
