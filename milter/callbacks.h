/* callbacks.h - libmilter's side of postlatch-milter.
 *
 * Owns the state of each SMTP session, in libmilter's private pointer, and the answers that
 * Postfix gets. main.c registers it; libmilter calls it from its own threads. What is to
 * happen to a message is decided in evaluate.c.
 */
#ifndef POSTLATCH_MILTER_CALLBACKS_H
#define POSTLATCH_MILTER_CALLBACKS_H

#include "milter/evaluate.h"

/* Registers with libmilter. The milter stays the caller's. 0 or -1. */
int callbacks_register(struct milter *milter);

#endif
