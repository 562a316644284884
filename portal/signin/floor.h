/* floor.h - the time that an answer takes at least, so that work that is done for some names only
 * does not show. */
#ifndef POSTLATCH_PORTAL_FLOOR_H
#define POSTLATCH_PORTAL_FLOOR_H

#include <time.h>

void floor_begin(struct timespec *start_r);
/* Waits until a quarter of a second, and a little that nobody knows, has passed since then.
 * Without a connection to the database. Dovecot adds a delay of its own to refusals. */
void floor_end(const struct timespec *start);

#endif
