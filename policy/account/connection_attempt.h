/* connection_attempt.h - an attempt to sign in, and the test that shows it.
 *
 * Every attempt that comes to the driver becomes one, and is passed to login_log.h, whose thread
 * looks which tests are running and writes those attempts that they show. It never has anything of
 * the password. Whose an attempt is:
 *
 * - It is the member's whose account the name stands for, and nobody else's.
 * - If the name can be nobody's on this server, because it is no address or is one of another
 *   domain while domains are known, it may be that a device of the member leaves out the domain or
 *   has a wrong one. It is shown only to the member whose local part it has, if the device is in
 *   the network of the browser that has started the test, and if no other member has that local
 *   part.
 */
#ifndef POSTLATCH_CONNECTION_ATTEMPT_H
#define POSTLATCH_CONNECTION_ATTEMPT_H

#include "policy/account/connection_test.h"

struct pl_connection_attempt {
	struct pl_address address;      /* of the account; empty when the name is not an address */
	char name[PL_ATTEMPT_NAME + 1]; /* as it was typed, in bytes of any kind */
	int is_nobody;                  /* the name can be nobody's on this server */
	enum pl_setting service;
	unsigned int port;            /* 0: not known */
	char tls[PL_ATTEMPT_TLS + 1]; /* as in struct pl_connection_row */
	char mechanism[PL_ATTEMPT_MECHANISM + 1];
	struct pl_ip ip;
	const char *rule; /* static */
	int allowed;
	int64_t ms; /* when, by the monotonic clock */
};

/* A test that is running and has room for more attempts. */
struct pl_running_test {
	int64_t member_id, started_at;
	struct pl_address address;
	struct pl_ip ip; /* of the browser that has started it */
};

struct pl_running_tests {
	size_t count;
	struct pl_running_test *test;
};

/* Reads those that run at that time. 0, or -1; the caller frees them. */
int pl_running_tests_read(struct pl_store *store, int64_t now, struct pl_running_tests *running_r,
			  struct pl_error *err);
void pl_running_tests_free(struct pl_running_tests *running);
/* The test that may show the attempt, or NULL. Pure. */
const struct pl_running_test *pl_running_tests_find(const struct pl_running_tests *running,
						    const struct pl_connection_attempt *attempt);

/* Writes the attempt, unless the test has enough or has ended, or the attempt may be another
 * member's. Takes part in the caller's write transaction, at work->now. 0, or -1. */
int pl_connection_attempt_add(const struct pl_work *work, const struct pl_running_test *test,
			      const struct pl_connection_attempt *attempt);

#endif
