/* work.h - what travels together through all that is done with the database: where, by whom,
 * when, and what went wrong.
 *
 * A program makes one for each request or command. A function that takes it uses all of it as
 * its own: it returns -1 and the error in err, and the time is now throughout, so that all
 * that one request writes bears one time.
 */
#ifndef POSTLATCH_WORK_H
#define POSTLATCH_WORK_H

#include "policy/store/store.h"

struct pl_keys;

/* Who does it; for the audit record. */
struct pl_actor {
	const char *who;  /* "root", "admin@example.com", "dovecot" */
	const char *from; /* an address, a terminal, "local" */
	/* Why, in the words of an administrator, which the member may read; NULL: nobody said. */
	const char *reason;
};

struct pl_work {
	struct pl_store *store;
	struct pl_actor actor;
	int64_t now;                  /* seconds since 1970 */
	struct pl_error *err;         /* NULL: nobody wants to know */
	const struct pl_keys *outbox; /* seals messages; NULL: see policy/outbox/outbox.h */
};

#endif
