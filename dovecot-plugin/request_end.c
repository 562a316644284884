/* request_end.c - see request_end.h. */
#include "lib.h"
#include "array.h"

#include "dovecot-plugin/attempt.h"
#include "dovecot-plugin/compat.h"
#include "dovecot-plugin/denial.h"
#include "dovecot-plugin/login_end.h"
#include "dovecot-plugin/request_end.h"

#define RECORD_KEY "postlatch-record"

/* Hangs on the request's event until its end tells whether the login succeeded. A report
 * to an auth policy server keeps the event, but not the request: so this does. */
struct pending_record {
	pool_t pool; /* the request's */
	struct auth_request *request;
	struct pl_driver *driver;
	struct pl_login_record record;
	struct pl_connection_attempt *attempt; /* NULL: no connection test shows it */
	bool is_proven; /* otherwise the mechanism looks at the password after the chain */
};

/* The portal has told Dovecot that it is no token. */
static void log_refused_token(const struct auth_request *request)
{
	const struct pl_verdict verdict = { .outcome = PL_DENY, .rule = PL_RULE_TOKEN_INVALID };
	char sentence[256];

	pl_verdict_sentence(&verdict, sentence, sizeof(sentence));
	denial_log(request, pl_rule_name(verdict.rule), sentence);
}

/* The password is wrong, of which only the mechanism knows. */
static bool is_wrong_password(const struct pending_record *pending)
{
	return !pending->is_proven && pending->request->state == AUTH_REQUEST_STATE_FINISHED &&
	       !pending->request->internal_failure;
}

/* Who hangs up has neither been let in nor refused. */
static void show_pending(const struct pending_record *pending)
{
	const struct auth_request *request = pending->request;
	struct pl_connection_attempt *attempt = pending->attempt;

	if (attempt == NULL ||
	    (!request->fields.successful && request->state != AUTH_REQUEST_STATE_FINISHED))
		return;
	attempt->allowed = request->fields.successful ? 1 : 0;
	if (!request->fields.successful)
		attempt->rule = request->internal_failure ? "unavailable"
				: pending->is_proven      ? "passdb-refused"
							  : "wrong-password";
	pl_driver_show(pending->driver, attempt);
}

static void record_pending(struct pending_record *pending)
{
	struct pl_login_record *record = &pending->record;
	pool_t pool = pending->pool;

	if (pending->request->fields.successful) {
		pl_driver_record(pending->driver, record);
	} else if (is_wrong_password(pending)) {
		record->refused = 1;
		record->credential = PL_LOGIN_BY_UNKNOWN;
		record->rule = "wrong-password";
		pl_driver_record(pending->driver, record);
	}
	show_pending(pending);
	pool_unref(&pool);
}

static void event_freed(struct event *event)
{
	struct pending_record *pending = event_get_ptr(event, RECORD_KEY);
	const struct auth_request *refused = compat_token_refused(event);

	if (refused != NULL)
		log_refused_token(refused);
	if (pending != NULL)
		record_pending(pending);
}

/* Called for every event of the process when it is logged and when it is freed; those of
 * our requests have a pending record. */
ATTR_FORMAT(4, 0)
static bool event_seen(struct event *event, enum event_callback_type type,
		       struct failure_context *ctx, const char *fmt, va_list args)
{
	if (type == EVENT_CALLBACK_TYPE_FREE)
		event_freed(event);
	else if (type == EVENT_CALLBACK_TYPE_SEND)
		return compat_logged(event, ctx->type, fmt, args);
	return TRUE;
}

void request_end_init(void)
{
	event_register_callback(event_seen);
}

void request_end_deinit(void)
{
	event_unregister_callback(event_seen);
}

void request_end_record(const struct login *login)
{
	struct auth_request *request = login->request;
	struct pending_record *pending;

	if (!login_is_attempt(request))
		return;
	pending = p_new(request->pool, struct pending_record, 1);
	pending->pool = request->pool;
	pool_ref(pending->pool);
	pending->request = request;
	pending->driver = login->asked.driver;
	pending->record = login->record;
	/* No test shows a name that is not an address. */
	if (login->is_client && login->record.address.local[0] != '\0') {
		pending->attempt = p_new(request->pool, struct pl_connection_attempt, 1);
		attempt_fill(login, login->record.rule, pending->attempt);
	}
	pending->is_proven = login->is_ours || login->verify_plain != NULL;
	event_set_ptr(request->event, RECORD_KEY, pending);
}
