/* connection_test.h - a member watches how a device signs in.
 *
 * A test is a row of its member, which the portal writes, and runs for ten minutes. While it runs,
 * the auth processes write the attempts that are the member's; see connection_attempt.h. Both are
 * removed some time after the test has ended, or when the member starts another one.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_CONNECTION_TEST_H
#define POSTLATCH_CONNECTION_TEST_H

#include "policy/account/member.h"

#define PL_CONNECTION_TEST_SECONDS 600
#define PL_CONNECTION_TEST_KEPT 3600 /* seconds after its end, for a page that is loaded again */
#define PL_CONNECTION_TESTS 2000     /* that may run at a time */
#define PL_CONNECTION_TEST_DAY 86400 /* in which a member has so many audit records of starts: */
#define PL_CONNECTION_TEST_RECORDS 20
#define PL_CONNECTION_TEST_ATTEMPTS 100 /* that a test shows: the first ones */
#define PL_ATTEMPT_NAME 255             /* bytes of a name as it was typed */
#define PL_ATTEMPT_TLS 15               /* of the name of a version */
#define PL_ATTEMPT_MECHANISM 31         /* of the name of a SASL mechanism */

struct pl_connection_test {
	int64_t started_at, ends_at; /* ends_at 0: the member has none */
	int64_t attempts;            /* so many were recorded */
};

/* An attempt as it is shown. Texts are borrowed. */
struct pl_connection_row {
	int64_t id, at;
	const char *service; /* "smtp" */
	int64_t port;        /* 0: not known */
	const char *tls;     /* "none", "yes" where the version is not known, or "TLSv1.2" */
	const char *mechanism, *name, *ip;
	const char *rule; /* of rules.def, or one of those that only the driver has */
	int allowed;
};

/* Starts a test of the account's member, whose browser is at ip. 1 started, 0 one is running, -1;
 * PL_ERR_CONFLICT: too many members have one. */
int pl_connection_test_start(const struct pl_work *work, const struct pl_account *account,
			     const char *ip);
/* Ends it, if one is running. 0, or -1. */
int pl_connection_test_stop(const struct pl_work *work, int64_t member_id);
/* Reads the test, and calls each for the attempts behind that id, the oldest first. One statement.
 * 0, or -1. */
int pl_connection_test_read(const struct pl_work *work, int64_t member_id, int64_t since,
			    struct pl_connection_test *test_r,
			    void (*each)(const struct pl_connection_row *row, void *context),
			    void *context);

#endif
