/* request_end.c - see request_end.h. */
#include "lib.h"
#include "array.h"

#include "dovecot-plugin/compat.h"
#include "dovecot-plugin/denial.h"
#include "dovecot-plugin/request_end.h"

#define USE_KEY "postlatch-use"

/* Hangs on the request's event until its end tells whether the login succeeded. A report
 * to an auth policy server keeps the event, but not the request: so this does. */
struct pending_use {
	pool_t pool; /* the request's */
	struct auth_request *request;
	struct pl_driver *driver;
	struct pl_last_use use;
};

/* The portal has told Dovecot that it is no token. */
static void log_refused_token(const struct auth_request *request)
{
	const struct pl_verdict verdict = { .outcome = PL_DENY, .rule = PL_RULE_TOKEN_INVALID };
	char sentence[256];

	pl_verdict_sentence(&verdict, sentence, sizeof(sentence));
	denial_log(request, pl_rule_name(verdict.rule), sentence);
}

static void record_pending(struct pending_use *pending)
{
	pool_t pool = pending->pool;

	if (pending->request->fields.successful)
		pl_driver_record_use(pending->driver, &pending->use);
	pool_unref(&pool);
}

static void event_freed(struct event *event)
{
	struct pending_use *pending = event_get_ptr(event, USE_KEY);
	const struct auth_request *refused = compat_token_refused(event);

	if (refused != NULL)
		log_refused_token(refused);
	if (pending != NULL)
		record_pending(pending);
}

/* Called for every event of the process when it is logged and when it is freed; those of
 * our requests have a pending use. */
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

void request_end_record(struct auth_request *request, struct pl_driver *driver,
			const struct pl_last_use *use)
{
	struct pending_use *pending;

	if (use->address.local[0] == '\0')
		return;
	pending = p_new(request->pool, struct pending_use, 1);
	pending->pool = request->pool;
	pool_ref(pending->pool);
	pending->request = request;
	pending->driver = driver;
	pending->use = *use;
	event_set_ptr(request->event, USE_KEY, pending);
}
