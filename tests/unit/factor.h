/* factor.h - members with one-time codes, for tests that need them. */
#ifndef POSTLATCH_TEST_FACTOR_H
#define POSTLATCH_TEST_FACTOR_H

#include "tests/unit/fixture.h"
#include "policy/credential/totp.h"

#define OWNER "owner@example.test"
#define OTHER "other@example.test"
#define T INT64_C(1700000010)
#define STEP PL_TOTP_STEP

/* Opens a pending session of the member, who is added at need. Returns its id. */
int64_t open_pending(struct fixture *fixture, const char *address, int64_t now);
/* Begins a registration in the member's newest session, which is opened at need. Returns the
 * member's id. */
int64_t begin(struct fixture *fixture, const char *address, int64_t now,
	      struct pl_secret *secret_r);
/* The id of the member's newest session; 0: none. */
int64_t newest_session(struct fixture *fixture, int64_t member_id);
/* Registers a factor at a time; secret_r is base32. The code of that step is
 * spent. Returns the member's id. */
int64_t register_factor(struct fixture *fixture, const char *address, int64_t now,
			struct pl_secret *secret_r);
/* The code of a secret at a time. Returns buf. */
const char *code_at(const struct pl_secret *secret, int64_t at, char buf[8]);
/* In the member's newest session. */
enum pl_code_result confirm(struct fixture *fixture, const char *address, const char *code,
			    int64_t now);
/* wait_r may be NULL. */
enum pl_code_result take(struct fixture *fixture, int64_t member_id, const char *code, int64_t now,
			 int64_t *wait_r);
/* Takes a wrong code so many times, each as soon as that is possible. Returns
 * the time after the last. */
int64_t fail_codes(struct fixture *fixture, int64_t member_id, int times, int64_t now);
/* Six digits that are no code of the secret at that time. */
const char *wrong_code(const struct pl_secret *secret, int64_t now, char buf[8]);

#endif
