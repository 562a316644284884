/* traffic.c - see traffic.h. */
#include "milter/traffic.h"

static const char *const message_names[TRAFFIC_MESSAGES] = {
	[TRAFFIC_ACCEPT] = "accept",
	[TRAFFIC_SIGN_IN_AGAIN] = "sign-in-again",
	[TRAFFIC_TEMPFAIL] = "tempfail",
};

static const char *const attachments_names[TRAFFIC_ATTACHMENTS] = {
	[TRAFFIC_REPLACED] = "replaced",       [TRAFFIC_UNCHANGED] = "unchanged",
	[TRAFFIC_NOT_STORED] = "tempfail",     [TRAFFIC_INFECTED] = "infected",
	[TRAFFIC_NOT_SCANNED] = "not-scanned",
};

static const char *const forward_names[TRAFFIC_FORWARDS] = {
	[TRAFFIC_FOUND] = "found",
	[TRAFFIC_NOT_FOUND] = "not-found",
	[TRAFFIC_FAILED] = "tempfail",
};

const char *traffic_message_name(enum traffic_message answer)
{
	return message_names[answer];
}

const char *traffic_attachments_name(enum traffic_attachments outcome)
{
	return attachments_names[outcome];
}

static void add_one(uint64_t *count)
{
	__atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
}

void traffic_connect(struct traffic *traffic)
{
	add_one(&traffic->clients);
}

void traffic_disconnect(struct traffic *traffic)
{
	__atomic_sub_fetch(&traffic->clients, 1, __ATOMIC_RELAXED);
}

void traffic_count_message(struct traffic *traffic, enum traffic_message answer, int64_t ms)
{
	add_one(&traffic->messages[answer]);
	metrics_observe(&traffic->message_seconds, ms);
}

void traffic_count_attachments(struct traffic *traffic, enum traffic_attachments outcome)
{
	add_one(&traffic->attachments[outcome]);
}

void traffic_count_forward(struct traffic *traffic, enum traffic_forward answer, int64_t ms)
{
	add_one(&traffic->forwards[answer]);
	metrics_observe(&traffic->forward_seconds, ms);
}

static double read_count(const uint64_t *count)
{
	const uint64_t value = __atomic_load_n(count, __ATOMIC_RELAXED);

	return (double)value;
}

struct counter {
	const char *name, *label, *text;
	const char *const *words; /* the values of the label */
	const uint64_t *counts;
	size_t words_count;
};

static void add_counter(struct metrics *metrics, const struct counter *counter)
{
	metrics_describe(metrics, counter->name, "counter", counter->text);
	for (size_t i = 0; i < counter->words_count; i++)
		metrics_add(metrics, counter->name,
			    METRICS_LABELS({ counter->label, counter->words[i] }),
			    read_count(&counter->counts[i]));
}

static void add_seconds(struct metrics *metrics, const char *name, const char *text,
			const struct metrics_histogram *histogram)
{
	metrics_describe(metrics, name, "histogram", text);
	metrics_add_histogram(metrics, name, NULL, histogram);
}

void traffic_add(const struct traffic *traffic, struct metrics *metrics)
{
	const struct counter counters[] = {
		{ "postlatch_messages_total", "action", "Messages that members have submitted.",
		  message_names, traffic->messages, TRAFFIC_MESSAGES },
		{ "postlatch_attachments_total", "outcome",
		  "Messages with large attachments, and what has become of these.",
		  attachments_names, traffic->attachments, TRAFFIC_ATTACHMENTS },
		{ "postlatch_forward_lookups_total", "answer",
		  "Questions of Postfix about members' forwards.", forward_names, traffic->forwards,
		  TRAFFIC_FORWARDS },
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		add_counter(metrics, &counters[i]);
	add_seconds(metrics, "postlatch_message_seconds", "Time to decide about a message.",
		    &traffic->message_seconds);
	add_seconds(metrics, "postlatch_forward_lookup_seconds",
		    "Time to answer a question about a forward.", &traffic->forward_seconds);
	metrics_add_one(metrics, "postlatch_smtp_clients", "gauge",
			"SMTP sessions that Postfix has open with this milter.",
			read_count(&traffic->clients));
}
