/* driver.h - what the Dovecot driver does, without a line of Dovecot.
 *
 * Owns the live policy with the HMAC key, the database connection and the log of
 * uses of one auth process, and keeps them fresh: it looks at the files now and
 * then, so that nothing needs a restart. Logins of one turn of the event loop
 * share one read transaction; the caller ends the turn.
 *
 * A database on a server is asked in worker processes, which have one login at a
 * time, so that nobody waits for the network of another's. The auth process then
 * judges nothing; it notes uses, for only it knows how a login ended.
 */
#ifndef POSTLATCH_DRIVER_H
#define POSTLATCH_DRIVER_H

#include "policy/login/login.h"
#include "policy/account/last_use.h"

enum pl_driver_level { PL_DRIVER_INFO, PL_DRIVER_ERROR };

typedef void pl_driver_log_t(enum pl_driver_level level, const char *msg);

struct pl_driver;

/* Never fails but for memory (NULL): a policy file that is bad now may be
 * mended later, and until then every judgement is an error. Without notes_uses
 * pl_driver_note_use does nothing. */
struct pl_driver *pl_driver_new(const char *policy_path, int notes_uses, pl_driver_log_t *log);
void pl_driver_free(struct pl_driver **driver);

/* Judges one login. now_ms only goes forward. 1 when this opened a turn, which
 * the caller must end with pl_driver_end_turn; 0 when one is open already;
 * -1 for an error, which is never a verdict. login->now is filled in. */
int pl_driver_judge(struct pl_driver *driver, struct pl_login *login, int64_t now_ms,
		    struct pl_login_result *result_r, struct pl_error *err);
void pl_driver_end_turn(struct pl_driver *driver);

/* 1 when logins are to be judged in a worker. now_ms as above. */
int pl_driver_wants_worker(struct pl_driver *driver, int64_t now_ms);
/* The address that a login name stands for; -1 for none. Only once there is a policy,
 * as there is when a worker is wanted. */
int pl_driver_address(const struct pl_driver *driver, const char *user, size_t len,
		      struct pl_address *address_r);

/* Notes that a login succeeded. Never waits. */
void pl_driver_note_use(struct pl_driver *driver, const struct pl_use *use);

#endif
