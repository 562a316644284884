/* lines.h - one direction of a talk in Dovecot's auth protocol: bytes come in, whole lines go out.
 *
 * Has no I/O and no allocation: the shell fills the room there is, and sends what
 * is whole. Lines hold passwords, so what has gone out is wiped.
 */
#ifndef POSTLATCH_SASL_RELAY_LINES_H
#define POSTLATCH_SASL_RELAY_LINES_H

#include <stddef.h>

/* A line and its end; Dovecot takes no longer ones (AUTH_CLIENT_MAX_LINE_LENGTH). */
#define LINES_MAX_BYTES 16384

/* All zero is an empty one. */
struct lines {
	char bytes[LINES_MAX_BYTES];
	size_t used;  /* bytes that are held */
	size_t whole; /* of these, from the first, what whole lines have: it may go out */
};

/* Where to put more bytes, and how many. */
char *lines_end(struct lines *lines);
size_t lines_room(const struct lines *lines);

/* Takes note of bytes that were put there. */
void lines_filled(struct lines *lines, size_t count);
/* The same for Dovecot's answers: 1 when one of them is a temporary failure. It and
 * what follows are then gone, and what came before may still go out. */
int lines_filled_with_answers(struct lines *lines, size_t count);
/* Whether there is no room, and the line in it does not end. */
int lines_too_long(const struct lines *lines);

/* Takes away, and wipes, the first bytes, which have gone out. */
void lines_sent(struct lines *lines, size_t count);
void lines_wipe(struct lines *lines);

#endif
