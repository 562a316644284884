/* outbox.c - see outbox.h. */
#include "policy/outbox/outbox.h"

#include <stdio.h>
#include <string.h>

#define FIRST_DELAY 60 /* seconds, doubled with every try */
#define LAST_DELAY 3600
#define REFUSED_TRIES 3
#define SEALED_AS (PL_MESSAGE_KIND + PL_MESSAGE_WHAT)

/* What a sealed payload is bound to, beside the member. */
static const char *sealed_as(const char *kind, const char *what, char buf[SEALED_AS])
{
	snprintf(buf, SEALED_AS, "%s %s", kind, what);
	return buf;
}

int pl_outbox_add(const struct pl_work *work, const struct pl_new_message *message)
{
	const char *payload = (const char *)message->payload->data;
	struct pl_sealed sealed = { .len = 0 };
	char name[SEALED_AS];

	if (work->outbox != NULL) {
		if (pl_seal(work->outbox, sealed_as(message->kind, message->what, name),
			    message->member_id, message->payload, &sealed, work->err) < 0)
			return -1;
		payload = "";
	}
	return pl_exec(work->store, PL_SQL_OUTBOX_ADD,
		       PL_PARAMS(PL_INT("member_id", message->member_id),
				 PL_TEXT("kind", message->kind), PL_TEXT("what", message->what),
				 PL_INT("now", work->now),
				 PL_INT("expires_at", work->now + message->life),
				 PL_TEXT("payload", payload),
				 PL_BLOB("sealed", sealed.len > 0 ? sealed.data : NULL,
					 sealed.len)),
		       work->err);
}

static int read_message(struct pl_stmt *stmt, struct pl_message *message_r, struct pl_error *err)
{
	memset(message_r, 0, sizeof(*message_r));
	message_r->id = pl_col_int(stmt, "id");
	message_r->member_id = pl_col_int(stmt, "member_id");
	message_r->at = pl_col_int(stmt, "made_at");
	message_r->tries = pl_col_int(stmt, "tries");
	pl_col_copy(stmt, "kind", message_r->kind, sizeof(message_r->kind));
	pl_col_copy(stmt, "what", message_r->what, sizeof(message_r->what));
	pl_col_copy(stmt, "local", message_r->address.local, sizeof(message_r->address.local));
	pl_col_copy(stmt, "domain", message_r->address.domain, sizeof(message_r->address.domain));
	pl_col_copy(stmt, "payload", (char *)message_r->payload.data,
		    sizeof(message_r->payload.data));
	message_r->payload.len = strlen((const char *)message_r->payload.data);
	message_r->sealed.len =
		pl_col_blob(stmt, "sealed", message_r->sealed.data, sizeof(message_r->sealed.data));
	return pl_row_ok(stmt, err);
}

static int read_messages(const struct pl_work *work, enum pl_sql sql, struct pl_message *messages_r,
			 int most)
{
	struct pl_stmt *stmt = pl_query(work->store, sql,
					PL_PARAMS(PL_INT("now", work->now), PL_INT("most", most)));
	int count = 0, ret = 0;

	while (count < most && (ret = pl_step(stmt, work->err)) == 1) {
		ret = read_message(stmt, &messages_r[count], work->err);
		if (ret < 0)
			break;
		count++;
	}
	pl_reset(stmt);
	return ret < 0 ? -1 : count;
}

int pl_outbox_due(const struct pl_work *work, enum pl_outbox_order order,
		  struct pl_message *messages_r, int most)
{
	return read_messages(work, order == PL_OUTBOX_NEW ? PL_SQL_OUTBOX_NEW : PL_SQL_OUTBOX_DUE,
			     messages_r, most);
}

int pl_outbox_expired(const struct pl_work *work, struct pl_message *messages_r, int most)
{
	return read_messages(work, PL_SQL_OUTBOX_EXPIRED, messages_r, most);
}

int pl_outbox_claim(const struct pl_work *work, struct pl_message *message)
{
	int64_t claimed =
		pl_exec_count(work->store, PL_SQL_OUTBOX_CLAIM,
			      PL_PARAMS(PL_INT("until", work->now + PL_OUTBOX_HOLD),
					PL_INT("id", message->id), PL_INT("tries", message->tries),
					PL_INT("now", work->now)),
			      work->err);

	if (claimed == 1)
		message->tries++;
	return (int)claimed;
}

int pl_outbox_remove(const struct pl_work *work, const struct pl_message *message)
{
	return (int)pl_exec_count(work->store, PL_SQL_OUTBOX_DELETE,
				  PL_PARAMS(PL_INT("id", message->id)), work->err);
}

int pl_outbox_put_off(const struct pl_work *work, const struct pl_message *message)
{
	int64_t delay = FIRST_DELAY;

	for (int64_t tries = message->tries; tries > 1 && delay < LAST_DELAY; tries--)
		delay *= 2;
	if (delay > LAST_DELAY)
		delay = LAST_DELAY;
	return pl_exec(work->store, PL_SQL_OUTBOX_PUT_OFF,
		       PL_PARAMS(PL_INT("until", work->now + delay), PL_INT("id", message->id),
				 PL_INT("tries", message->tries)),
		       work->err);
}

int pl_message_open(const struct pl_message *message, const struct pl_keys *keys,
		    struct pl_secret *payload_r, struct pl_error *err)
{
	char name[SEALED_AS];

	*payload_r = message->payload;
	if (message->sealed.len == 0)
		return 0;
	if (keys == NULL)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "messages cannot be opened without the outbox key "
				    "(outbox_key)");
	return pl_unseal(keys, sealed_as(message->kind, message->what, name), message->member_id,
			 &message->sealed, payload_r, err);
}

int pl_outbox_read_state(const struct pl_work *work, struct pl_outbox_state *state_r)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_OUTBOX_STATE,
			 PL_PARAMS(PL_INT("now", work->now), PL_INT("tries", REFUSED_TRIES)));
	int ret = pl_step(stmt, work->err);

	memset(state_r, 0, sizeof(*state_r));
	if (ret != 1)
		return -1;
	state_r->due_since = pl_col_int(stmt, "due_since");
	state_r->refused = pl_col_int(stmt, "refused");
	return pl_row_end(stmt, work->err) < 0 ? -1 : 0;
}
