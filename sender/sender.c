/* sender.c - see sender.h.
 *
 * There are two lanes, each with places of its own: in one the messages that have waited longest,
 * in the other the newest of those that nobody has tried yet. So neither many messages that cannot
 * be sent nor many new ones keep the others waiting, and memory is the same however many there are.
 */
#include "sender/sender.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "policy/approval/push.h"
#include "policy/base/monotonic.h"
#include "policy/login/live_policy.h"
#include "policy/outbox/contact_message.h"
#include "policy/outbox/digest_message.h"
#include "policy/outbox/notice.h"
#include "policy/store/store_pool.h"
#include "sender/contact_message.h"
#include "sender/digest_mail.h"
#include "sender/notice_mail.h"
#include "sender/push.h"
#include "sender/sendmail.h"

#define LANES 2
#define LANE_PLACES 8
#define PLACES (LANES * LANE_PLACES)
#define LOOK_EVERY_MS 1000
#define SWEEP_EVERY_MS (10 * 60 * 1000)
#define SWEEP_PORTIONS 100 /* in one run, so that a signal is answered soon */
#define SWEEP_PORTION PLACES
#define FINISH_MS 5000
/* What is claimed is sent at once or not at all: another sender may have it before a command that
 * begins later has ended. */
#define CLAIM_MS ((PL_OUTBOX_HOLD - 2 * SENDMAIL_SECONDS) * 1000)

enum place_state {
	PLACE_FREE,
	PLACE_CLAIMED,
	PLACE_SENDING,
	PLACE_SENT,
	PLACE_FAILED,  /* it is tried again */
	PLACE_REFUSED, /* it is given up */
};

/* A message that this sender has claimed. */
struct place {
	enum place_state state;
	struct pl_message message;
	struct process process;
};

struct sender {
	struct pl_live_policy *live;
	struct pl_store_pool *pool;
	struct place places[LANES][LANE_PLACES];
	int64_t sweep_at_ms;
};

int sender_new(const char *policy_path, struct sender **sender_r, struct pl_error *err)
{
	const struct pl_live_options options = { .policy_path = policy_path,
						 .keys = PL_LIVE_OUTBOX_KEY,
						 .look_every_ms = LOOK_EVERY_MS,
						 .report = daemon_log_report };
	struct sender *sender = calloc(1, sizeof(*sender));

	*sender_r = sender;
	if (sender == NULL || (sender->live = pl_live_policy_new(&options)) == NULL ||
	    (sender->pool = pl_store_pool_new(PL_ROLE_SENDER, 1)) == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return sender_reload(sender, err);
}

int sender_reload(struct sender *sender, struct pl_error *err)
{
	return pl_live_policy_read(sender->live, pl_monotonic_ms(), err);
}

static struct place *place_at(struct sender *sender, size_t i)
{
	return &sender->places[i / LANE_PLACES][i % LANE_PLACES];
}

static size_t count(const struct sender *sender, enum place_state state)
{
	size_t found = 0;

	for (size_t i = 0; i < PLACES; i++)
		found += sender->places[i / LANE_PLACES][i % LANE_PLACES].state == state;
	return found;
}

/* What is to be recorded. */
static int is_over(const struct place *place)
{
	return place->state == PLACE_SENT || place->state == PLACE_FAILED ||
	       place->state == PLACE_REFUSED;
}

static int has_ended(struct sender *sender)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (is_over(place_at(sender, i)))
			return 1;
	}
	return 0;
}

/* What the member of a message is to it. */
static const char *direction(const struct pl_message *message)
{
	return strcmp(message->kind, PL_NOTICE_KIND) == 0 ||
			       strcmp(message->kind, PL_DIGEST_KIND) == 0
		       ? "to"
		       : "of";
}

/* Says which message, once for many of them. */
static void log_failure(const struct pl_message *message, struct pl_error *err)
{
	char subject[PL_ADDRESS_MAX + PL_MESSAGE_WHAT + 32], address[PL_ADDRESS_MAX + 1];

	snprintf(subject, sizeof(subject), "%s %s %s", message->what, direction(message),
		 pl_address_format(&message->address, address));
	daemon_log_failure(subject, err);
}

static void log_message(int level, const struct pl_message *message, const char *what)
{
	char address[PL_ADDRESS_MAX + 1];

	daemon_log(level, "%s %s %s: %s", message->what, direction(message),
		   pl_address_format(&message->address, address), what);
}

/* The text of a message, by its kind, which the caller frees, and its recipient. NULL and the
 * error: it has none now. */
static char *make_text(const struct pl_message *message, const struct pl_snapshot *snapshot,
		       char to_r[PL_ADDRESS_MAX + 1], size_t *len_r, struct pl_error *err)
{
	pl_address_format(&message->address, to_r);
	if (strcmp(message->kind, PL_NOTICE_KIND) == 0)
		return notice_mail(snapshot->policy, snapshot->outbox_key, message, len_r, err);
	if (strcmp(message->kind, PL_DIGEST_KIND) == 0)
		return digest_mail(snapshot->policy, snapshot->outbox_key, message, len_r, err);
	if (strcmp(message->kind, PL_CONTACT_KIND) == 0)
		return contact_message(snapshot->policy, snapshot->outbox_key, message, to_r, len_r,
				       err);
	pl_error_set(err, PL_ERR_DATA,
		     "this version of the sender does not know messages of the kind %s",
		     message->kind);
	return NULL;
}

/* Makes the text of a message, and starts the command. 0, or -1. */
static int start_command(struct place *place, const struct pl_snapshot *snapshot,
			 struct pl_error *err)
{
	const struct pl_policy *policy = snapshot->policy;
	char to[PL_ADDRESS_MAX + 1];
	struct mail mail = { .from = policy->mail_from, .to = to };
	char *text = make_text(&place->message, snapshot, to, &mail.len, err);
	int ret;

	if (text == NULL)
		return -1;
	mail.text = text;
	ret = contact_message_is_sms(&place->message)
		      ? sms_start(policy->sms_command, &mail, &place->process, err)
		      : sendmail_start(policy->sendmail, &mail, &place->process, err);
	free(text);
	return ret;
}

/* The error in work->err. 0, or -1. */
static int start_place(struct place *place, const struct pl_snapshot *snapshot,
		       const struct pl_work *work)
{
	return push_is(&place->message)
		       ? push_start(snapshot->policy, work, &place->message, &place->process)
		       : start_command(place, snapshot, work->err);
}

/* A message whose text cannot be made now may be one that a newer sender knows; a phone that cannot
 * be woken now never can be by this message. */
static enum place_state state_without_start(const struct place *place, const struct pl_error *err)
{
	return push_is(&place->message) && err->code == PL_ERR_DATA ? PLACE_REFUSED : PLACE_FAILED;
}

static void start_claimed(struct sender *sender, const struct pl_work *round_work,
			  const struct pl_snapshot *snapshot, int64_t claimed_ms)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = place_at(sender, i);
		struct pl_error err = { 0 };
		struct pl_work work = *round_work;

		work.err = &err;

		if (place->state != PLACE_CLAIMED)
			continue;
		if (pl_monotonic_ms() - claimed_ms > CLAIM_MS) {
			place->state = PLACE_FREE;
		} else if (start_place(place, snapshot, &work) == 0) {
			place->state = PLACE_SENDING;
		} else {
			place->state = state_without_start(place, &err);
			log_failure(&place->message, &err);
		}
	}
}

/* Looks which commands have ended. Whether one has. */
static int reap(struct sender *sender)
{
	int ended = 0;

	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = place_at(sender, i);
		struct pl_error err = { 0 };
		int ret;

		if (place->state != PLACE_SENDING)
			continue;
		ret = process_result(&place->process, &err);
		if (ret == 0)
			continue;
		ended = 1;
		place->state = ret == 1                  ? PLACE_SENT
			       : err.code == PL_ERR_DATA ? PLACE_REFUSED
							 : PLACE_FAILED;
		if (ret < 0) {
			pl_error_prefix(&err, "%s did not take it, and it is %s",
					place->process.name,
					place->state == PLACE_REFUSED ? "given up" : "tried again");
			log_failure(&place->message, &err);
		}
	}
	return ended;
}

static int record_places(struct sender *sender, const struct pl_work *work)
{
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *place = place_at(sender, i);

		if (place->state == PLACE_REFUSED && push_is(&place->message) &&
		    pl_push_forget(work, &place->message) < 0)
			return -1;
		if ((place->state == PLACE_SENT || place->state == PLACE_REFUSED) &&
		    pl_outbox_remove(work, &place->message) < 0)
			return -1;
		if (place->state == PLACE_FAILED && pl_outbox_put_off(work, &place->message) < 0)
			return -1;
	}
	return 0;
}

/* In the database first; what was not recorded is recorded at the next time. */
static int record(struct sender *sender, const struct pl_work *work)
{
	if (!has_ended(sender))
		return 0;
	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	if (record_places(sender, work) < 0 || pl_store_commit(work->store, work->err) < 0) {
		pl_store_rollback(work->store);
		return -1;
	}
	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = place_at(sender, i);

		if (place->state == PLACE_SENT)
			log_message(LOG_INFO, &place->message, "sent");
		if (is_over(place))
			place->state = PLACE_FREE;
	}
	return 0;
}

/* Puts messages that are due into the free places of a lane. 0, or -1. */
static int claim_lane(const struct pl_work *work, struct place *lane,
		      const struct pl_message *messages, int due)
{
	for (int i = 0, at = 0; i < due; i++) {
		while (lane[at].state != PLACE_FREE)
			at++;
		lane[at].message = messages[i];
		switch (pl_outbox_claim(work, &lane[at].message)) {
		case 1:
			lane[at].state = PLACE_CLAIMED;
			break;
		case 0:
			break;
		default:
			return -1;
		}
	}
	return 0;
}

static int claim_in(const struct pl_work *work, struct place lane[LANE_PLACES],
		    enum pl_outbox_order order)
{
	struct pl_message messages[LANE_PLACES];
	int due = 0, ret = -1;

	for (int i = 0; i < LANE_PLACES; i++)
		due += lane[i].state == PLACE_FREE;
	if (due > 0)
		due = pl_outbox_due(work, order, messages, due);
	if (due <= 0)
		return due;
	if (pl_store_begin_write(work->store, work->err) == 0 &&
	    claim_lane(work, lane, messages, due) == 0)
		ret = pl_store_commit(work->store, work->err);
	if (ret == 0)
		return 0;
	pl_store_rollback(work->store);
	for (int i = 0; i < LANE_PLACES; i++) {
		if (lane[i].state == PLACE_CLAIMED)
			lane[i].state = PLACE_FREE;
	}
	return -1;
}

static int send_due(struct sender *sender, const struct pl_work *work,
		    const struct pl_snapshot *snapshot)
{
	static const enum pl_outbox_order orders[LANES] = { PL_OUTBOX_NEW, PL_OUTBOX_OLDEST };

	for (size_t i = 0; i < LANES && snapshot->policy->sendmail[0] != '\0'; i++) {
		const int64_t claimed_ms = pl_monotonic_ms();

		if (claim_in(work, sender->places[i], orders[i]) < 0)
			return -1;
		start_claimed(sender, work, snapshot, claimed_ms);
	}
	return 0;
}

/* Gives up what has expired: 1 when there may be more, 0 or -1. */
static int sweep_portion(const struct pl_work *work, const struct pl_policy *policy)
{
	struct pl_message messages[SWEEP_PORTION];
	const int expired = pl_outbox_expired(work, messages, SWEEP_PORTION);
	int removed[SWEEP_PORTION] = { 0 }, ret = 0;

	if (expired <= 0)
		return expired;
	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	for (int i = 0; i < expired && ret >= 0; i++)
		ret = removed[i] = pl_outbox_remove(work, &messages[i]);
	if (ret < 0 || pl_store_commit(work->store, work->err) < 0) {
		pl_store_rollback(work->store);
		return -1;
	}
	for (int i = 0; i < expired && policy->sendmail[0] != '\0'; i++) {
		if (removed[i] == 1)
			log_message(LOG_WARNING, &messages[i],
				    "could not be sent in time, and is given up");
	}
	return expired == SWEEP_PORTION;
}

static int sweep(struct sender *sender, const struct pl_work *work, const struct pl_policy *policy)
{
	const int64_t now_ms = pl_monotonic_ms();
	int ret = 1;

	if (now_ms < sender->sweep_at_ms)
		return 0;
	for (int i = 0; ret == 1 && i < SWEEP_PORTIONS; i++)
		ret = sweep_portion(work, policy);
	if (ret == 0)
		sender->sweep_at_ms = now_ms + SWEEP_EVERY_MS;
	return ret < 0 ? -1 : 0;
}

/* What was sent is recorded first. When the sender ends, nothing else is done. */
static int work_with(struct sender *sender, const struct pl_work *work,
		     const struct pl_snapshot *snapshot, int is_last)
{
	if (record(sender, work) < 0)
		return -1;
	if (is_last)
		return 0;
	return send_due(sender, work, snapshot) < 0 || sweep(sender, work, snapshot->policy) < 0
		       ? -1
		       : 0;
}

static int run_round(struct sender *sender, int is_last, struct pl_error *err)
{
	struct pl_work work = { .err = err };
	struct pl_snapshot *snapshot;
	int ret;

	if (pl_live_policy_hold(sender->live, pl_monotonic_ms(), &snapshot, err) < 0)
		return -1;
	ret = pl_store_pool_take(sender->pool, snapshot->policy->database, NULL, &work.store, err);
	if (ret == 0) {
		work.now = pl_store_now(work.store);
		work.outbox = snapshot->outbox_key;
		ret = work_with(sender, &work, snapshot, is_last);
		pl_store_pool_give(sender->pool, &work.store, ret < 0);
	}
	pl_snapshot_unref(&snapshot);
	return ret;
}

static int do_round(struct sender *sender, int is_last)
{
	struct pl_error err = { 0 };

	if (run_round(sender, is_last, &err) == 0)
		return 0;
	pl_error_prefix(&err, "messages to members");
	daemon_log_failure(NULL, &err);
	return -1;
}

/* Until a command ends, fd (-1: none) can be read, or it is time. Whether fd can be read. */
static int wait_for_more(const struct sender *sender, int fd, int timeout_ms)
{
	struct pollfd fds[1 + PLACES] = { { .fd = fd, .events = POLLIN } };
	nfds_t used = 1;

	for (size_t i = 0; i < PLACES; i++) {
		const struct place *place = &sender->places[i / LANE_PLACES][i % LANE_PLACES];

		if (place->state == PLACE_SENDING)
			fds[used++] = (struct pollfd){ .fd = place->process.fd, .events = POLLIN };
	}
	return poll(fds, used, timeout_ms) > 0 && fds[0].revents != 0;
}

void sender_run(struct sender *sender, int fd)
{
	int64_t look_at_ms = 0;

	do {
		const int some_ended = reap(sender);

		if (some_ended || pl_monotonic_ms() >= look_at_ms) {
			(void)do_round(sender, 0);
			look_at_ms = pl_monotonic_ms() + LOOK_EVERY_MS;
		}
	} while (!wait_for_more(sender, fd, LOOK_EVERY_MS));
}

static void finish(struct sender *sender)
{
	const int64_t until_ms = pl_monotonic_ms() + FINISH_MS;

	while (count(sender, PLACE_SENDING) > 0 && pl_monotonic_ms() < until_ms) {
		(void)wait_for_more(sender, -1, LOOK_EVERY_MS);
		if (reap(sender))
			(void)do_round(sender, 1);
	}
	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = place_at(sender, i);

		if (place->state != PLACE_SENDING)
			continue;
		process_kill(&place->process);
		place->state = PLACE_FAILED;
	}
	if (has_ended(sender))
		(void)do_round(sender, 1);
}

void sender_free(struct sender **sender_p)
{
	struct sender *sender = *sender_p;

	*sender_p = NULL;
	if (sender == NULL)
		return;
	if (sender->pool != NULL)
		finish(sender);
	pl_store_pool_free(&sender->pool);
	pl_live_policy_free(&sender->live);
	free(sender);
}
