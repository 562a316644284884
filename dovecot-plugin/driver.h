/* driver.h - what the Dovecot driver does, without a line of Dovecot.
 *
 * Owns the database connections and the recording of logins of one auth process, and
 * has the policy and the HMAC key as they are now, so that nothing needs a restart.
 *
 * An SQLite database is read in this very process, and a login is answered before
 * pl_driver_evaluate() returns; logins of one round of the event loop are one batch and
 * share one read transaction. A database on a server is asked without waiting, and
 * whatever it does, it delays nobody but those that are to be answered by it.
 */
#ifndef POSTLATCH_DRIVER_H
#define POSTLATCH_DRIVER_H

#include "policy/account/login_log.h"
#include "policy/base/event_loop.h"
#include "policy/login/login.h"
#include "policy/store/async_store.h"

enum pl_driver_level { PL_DRIVER_INFO, PL_DRIVER_ERROR };

struct pl_driver;
struct pl_driver_request;
struct pl_snapshot;

typedef void pl_driver_log_t(enum pl_driver_level level, const char *msg);
/* Called once. result is NULL for an error, which is never a verdict. The request may be
 * freed; nothing of it is touched afterwards. */
typedef void pl_driver_answer_t(struct pl_driver_request *request,
				const struct pl_login_result *result, const struct pl_error *err);

struct pl_driver_options {
	const char *policy_path;
	int records_logins; /* without it, nothing is recorded or shown */
	pl_driver_log_t *log;
	const struct pl_event_loop *loop;
};

/* One login: the caller's, who fills the first part, until it is answered. What the login
 * points to stays as long. */
struct pl_driver_request {
	struct pl_login login; /* but for now, which the driver fills */
	pl_driver_answer_t *answer;

	struct pl_driver *driver; /* the rest is the driver's */
	struct pl_snapshot *snapshot;
	struct pl_login_question question;
	struct pl_async_question asked;
};

/* Never fails but for memory (NULL): a policy file that is bad now may be corrected
 * later, and until then every login fails for now. */
struct pl_driver *pl_driver_new(const struct pl_driver_options *options);
/* Answers what is not answered yet with an error. */
void pl_driver_free(struct pl_driver **driver);

/* Decides one login. now_ms only goes forward. */
void pl_driver_evaluate(struct pl_driver *driver, struct pl_driver_request *request,
			int64_t now_ms);

/* Whether the policy file names this service of another program, and its switch. Logs, once in a
 * while, the name of a service that is denied. -1 while there is no good policy. */
int pl_driver_other_service(struct pl_driver *driver, const char *service, int64_t now_ms,
			    enum pl_setting *setting_r);

/* The portal's address as the policy has it now; "": there is none. */
const char *pl_driver_portal_url(const struct pl_driver *driver);

/* Records how a login has ended. Never waits. */
void pl_driver_record(struct pl_driver *driver, const struct pl_login_record *record);
/* Records that mail is delivered to user, at that time. member_id is that of the user's account, if
 * somebody has looked it up, or 0. Never waits. */
void pl_driver_deliver(struct pl_driver *driver, const char *user, int64_t member_id, int64_t at);
/* Hands an attempt to whatever connection test shows it. Never waits. */
void pl_driver_show(struct pl_driver *driver, const struct pl_connection_attempt *attempt);

#endif
