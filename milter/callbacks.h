/* callbacks.h - libmilter's side of postlatch-milter. */
#ifndef POSTLATCH_MILTER_CALLBACKS_H
#define POSTLATCH_MILTER_CALLBACKS_H

#include "milter/judge.h"

/* What Postfix's listener for Pigeonhole's submission_host calls itself in
 * milter_macro_daemon_name: there the other end waits for the answer. */
#define CALLBACKS_REDIRECT_DAEMON "postlatch-redirect"

/* Registers with libmilter. The judge stays the caller's. 0 or -1. */
int callbacks_register(struct judge *judge);

#endif
