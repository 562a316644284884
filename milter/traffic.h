/* traffic.h - counts what the milter has answered, for Prometheus; no figure is about a member, a
 * domain or a message. */
#ifndef POSTLATCH_MILTER_TRAFFIC_H
#define POSTLATCH_MILTER_TRAFFIC_H

#include "daemon/metrics.h"

/* The answer to a message that a member submits, by what the log calls it. */
enum traffic_message {
	TRAFFIC_ACCEPT,
	TRAFFIC_SIGN_IN_AGAIN,
	TRAFFIC_TEMPFAIL,
	TRAFFIC_MESSAGES /* how many there are */
};

/* What has become of large attachments, by what the log calls it. */
enum traffic_attachments {
	TRAFFIC_REPLACED,
	TRAFFIC_UNCHANGED,
	TRAFFIC_NOT_STORED,
	TRAFFIC_INFECTED,
	TRAFFIC_NOT_SCANNED,
	TRAFFIC_ATTACHMENTS /* how many there are */
};

/* The answer to a question of Postfix about a forward. */
enum traffic_forward {
	TRAFFIC_FOUND,
	TRAFFIC_NOT_FOUND,
	TRAFFIC_FAILED,
	TRAFFIC_FORWARDS /* how many there are */
};

/* All zero at first; any thread may count. */
struct traffic {
	uint64_t clients; /* that are connected now */
	uint64_t messages[TRAFFIC_MESSAGES];
	uint64_t attachments[TRAFFIC_ATTACHMENTS];
	uint64_t forwards[TRAFFIC_FORWARDS];
	struct metrics_histogram message_seconds, forward_seconds;
};

const char *traffic_message_name(enum traffic_message answer);
const char *traffic_attachments_name(enum traffic_attachments outcome);

void traffic_connect(struct traffic *traffic);
void traffic_disconnect(struct traffic *traffic);
/* With the milliseconds that it has taken. */
void traffic_count_message(struct traffic *traffic, enum traffic_message answer, int64_t ms);
void traffic_count_forward(struct traffic *traffic, enum traffic_forward answer, int64_t ms);
void traffic_count_attachments(struct traffic *traffic, enum traffic_attachments outcome);

/* The lines of all that is counted. */
void traffic_add(const struct traffic *traffic, struct metrics *metrics);

#endif
