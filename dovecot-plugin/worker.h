/* worker.h - has a login judged in an auth worker.
 *
 * What Dovecot itself does for a passdb that says `blocking`, with two differences:
 * it is decided for each login, and the worker's word on what to note is taken out of
 * the answer before a client could see it.
 */
#ifndef POSTLATCH_WORKER_H
#define POSTLATCH_WORKER_H

#include "lib.h"
#include "auth-common.h"
#include "passdb.h"

/* Called in the auth process before the request goes on, unless the worker denied it.
 * Both numbers are 0 when they are not known. */
typedef void worker_note_t(struct auth_request *request, int64_t member_id,
			   int64_t app_password_id);

/* In the auth process. */
void worker_verify_plain(struct auth_request *request, const char *password,
			 verify_plain_callback_t *callback, worker_note_t *note);
void worker_lookup_credentials(struct auth_request *request,
			       lookup_credentials_callback_t *callback, worker_note_t *note);

/* In the worker: what the auth process is to note if the login succeeds. */
void worker_report(struct auth_request *request, int64_t member_id, int64_t app_password_id);

#endif
