/* request_end.h - what is known of a login only when its request ends.
 *
 * Whether somebody was let in is only known after Dovecot's own policy checks, and whether Dovecot
 * has refused a token without asking us.
 */
#ifndef POSTLATCH_REQUEST_END_H
#define POSTLATCH_REQUEST_END_H

struct login;

/* Once in a process, before its first request, and after its last one. */
void request_end_init(void);
void request_end_deinit(void);

/* Has the driver record the login that the chain of passdbs lets in, once it is known whether it
 * succeeds. */
void request_end_record(const struct login *login);

#endif
