/* auth_lines.h - lines of Dovecot's auth protocol: bytes come in, complete lines go out.
 *
 * Has no I/O and no allocation: the caller fills the room that there is, and uses or sends
 * the lines that are complete. Lines hold passwords, so what has been sent is wiped.
 */
#ifndef POSTLATCH_DOVECOT_AUTH_LINES_H
#define POSTLATCH_DOVECOT_AUTH_LINES_H

#include <stddef.h>

/* A line and its end; Dovecot accepts no longer ones (AUTH_CLIENT_MAX_LINE_LENGTH). */
#define AUTH_LINES_BYTES 16384

/* One direction of a conversation. All zero is an empty one. */
struct auth_lines {
	char bytes[AUTH_LINES_BYTES];
	size_t used;  /* bytes that are held */
	size_t whole; /* of these, from the first, the bytes of complete lines: they may go out */
};

/* Where to put more bytes, and how many. */
char *auth_lines_end(struct auth_lines *lines);
size_t auth_lines_room(const struct auth_lines *lines);

/* Says that count bytes were put there. */
void auth_lines_filled(struct auth_lines *lines, size_t count);
/* The same for Dovecot's answers: 1 when one of them is a temporary failure. That line and
 * those that follow are then gone, and those before it may still go out. */
int auth_lines_filled_with_answers(struct auth_lines *lines, size_t count);
/* Whether there is no room, and the line in it does not end. */
int auth_lines_too_long(const struct auth_lines *lines);

/* Removes and wipes the first count bytes, which have been sent or read. */
void auth_lines_sent(struct auth_lines *lines, size_t count);
void auth_lines_wipe(struct auth_lines *lines);

/* Whether a line, of len bytes without its end, is an answer "FAIL" that says that Dovecot
 * could not check the password: field code=temp_fail since 2.3, field temp before. */
int auth_line_is_temporary(const char *line, size_t len);

#endif
