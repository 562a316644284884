/* relay.c - see relay.h. */
#include "sasl-relay/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/log.h"
#include "sasl-relay/pair.h"

/* Dovecot may be on its way back from a restart, or its queue of connections be full
 * for a moment. Postfix is not told so at once: it would close the whole service for a
 * minute (service_throttle_time). */
#define RETRY_MS 20
#define PATIENCE 5 /* seconds; Postfix itself waits ten */

/* Where things are in the list for poll(2). */
enum { WAKE, LISTENER, FIRST_PAIR };

struct relay {
	int listener;
	struct sockaddr_un dovecot;
	size_t count;  /* of pairs */
	size_t in_use; /* pairs behind the last one that is not free */
	struct pair *pairs;
	time_t *since;         /* for each pair, when Postfix came */
	struct pollfd *polled; /* two for each pair */
};

int relay_new(int listener, const char *dovecot, size_t pairs, struct relay **relay_r,
	      struct pl_error *err)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	*relay_r = relay;
	if (relay == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	relay->listener = listener;
	fcntl(listener, F_SETFL, O_NONBLOCK);
	relay->count = pairs;
	relay->pairs = calloc(pairs, sizeof(*relay->pairs));
	relay->since = calloc(pairs, sizeof(*relay->since));
	relay->polled = calloc(FIRST_PAIR + 2 * pairs, sizeof(*relay->polled));
	if (relay->pairs == NULL || relay->since == NULL || relay->polled == NULL) {
		relay_free(relay_r);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	relay->dovecot.sun_family = AF_UNIX;
	if (strlen(dovecot) >= sizeof(relay->dovecot.sun_path)) {
		relay_free(relay_r);
		return pl_error_set(err, PL_ERR_CONFIG, "socket %s: the path is too long", dovecot);
	}
	snprintf(relay->dovecot.sun_path, sizeof(relay->dovecot.sun_path), "%s", dovecot);
	return 0;
}

void relay_free(struct relay **relay_p)
{
	struct relay *relay = *relay_p;

	*relay_p = NULL;
	if (relay == NULL)
		return;
	for (size_t i = 0; i < relay->in_use; i++) {
		if (relay->pairs[i].smtpd >= 0)
			pair_close(&relay->pairs[i]);
	}
	close(relay->listener);
	free(relay->pairs);
	free(relay->since);
	free(relay->polled);
	free(relay);
}

static time_t now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec;
}

static void log_failure(const char *what, const char *why)
{
	struct pl_error err;

	pl_error_set(&err, PL_ERR_RETRY, "%s: %s", what, why);
	daemon_log_failure(NULL, &err);
}

/* The first free pair, NULL when there is none. */
static struct pair *free_pair(struct relay *relay)
{
	for (size_t i = 0; i < relay->in_use; i++) {
		if (relay->pairs[i].smtpd < 0)
			return &relay->pairs[i];
	}
	return relay->in_use < relay->count ? &relay->pairs[relay->in_use] : NULL;
}

static void end(struct relay *relay, struct pair *pair)
{
	if (pair->failure != NULL)
		log_failure("a connection was closed", pair->failure);
	pair_close(pair);
	while (relay->in_use > 0 && relay->pairs[relay->in_use - 1].smtpd < 0)
		relay->in_use--;
}

static int may_pass(int error)
{
	return error == EAGAIN || error == ECONNREFUSED || error == ENOENT;
}

/* Who waits too long is hung up on, as if Postfix had come to Dovecot itself. */
static void connect_pair(struct relay *relay, struct pair *pair)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (const void *)&relay->dovecot, sizeof(relay->dovecot)) == 0) {
		pair->dovecot = fd;
		return;
	}
	if (!may_pass(errno) || now() - relay->since[pair - relay->pairs] >= PATIENCE) {
		log_failure(relay->dovecot.sun_path, strerror(errno));
		end(relay, pair);
	}
	if (fd >= 0)
		close(fd);
}

static void take_smtpd(struct relay *relay)
{
	struct pair *pair = free_pair(relay);
	int fd = pair == NULL ? -1
			      : accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	size_t number;

	if (fd < 0) {
		if (pair != NULL && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
			log_failure("a connection cannot be taken", strerror(errno));
			poll(NULL, 0, RETRY_MS);
		}
		return;
	}
	pair->smtpd = fd;
	pair->dovecot = -1;
	number = (size_t)(pair - relay->pairs);
	relay->since[number] = now();
	if (number >= relay->in_use)
		relay->in_use = number + 1;
	connect_pair(relay, pair);
}

/* Fills in what to wait for; 1 when some pair waits for a place in Dovecot's queue. */
static int look_around(struct relay *relay)
{
	int waits = 0;

	relay->polled[LISTENER].fd = free_pair(relay) != NULL ? relay->listener : -1;
	for (size_t i = 0; i < relay->in_use; i++) {
		struct pair *pair = &relay->pairs[i];
		struct pollfd *polled = &relay->polled[FIRST_PAIR + 2 * i];

		polled[0] = (struct pollfd){ .fd = pair->smtpd };
		polled[1] = (struct pollfd){ .fd = -1 };
		if (pair->smtpd < 0)
			continue;
		polled[0].events = pair_smtpd_events(pair);
		polled[1].events = pair_dovecot_events(pair);
		/* Its hang-up would be found again and again while nothing can be done about it. */
		if (polled[1].events != 0)
			polled[1].fd = pair->dovecot;
		waits |= pair->dovecot < 0;
	}
	return waits;
}

static void serve_pairs(struct relay *relay)
{
	for (size_t i = 0, count = relay->in_use; i < count; i++) {
		struct pair *pair = &relay->pairs[i];
		const struct pollfd *polled = &relay->polled[FIRST_PAIR + 2 * i];

		if (pair->smtpd >= 0 && pair->dovecot < 0)
			connect_pair(relay, pair);
		if (pair->smtpd >= 0 && !pair_serve(pair, polled[0].revents, polled[1].revents))
			end(relay, pair);
	}
}

void relay_run(struct relay *relay, int wake)
{
	relay->polled[WAKE] = (struct pollfd){ .fd = wake, .events = POLLIN };
	relay->polled[LISTENER] = (struct pollfd){ .events = POLLIN };
	while ((relay->polled[WAKE].revents & POLLIN) == 0) {
		int timeout = look_around(relay) ? RETRY_MS : -1;

		if (poll(relay->polled, FIRST_PAIR + 2 * relay->in_use, timeout) < 0)
			continue;
		serve_pairs(relay);
		if ((relay->polled[LISTENER].revents & POLLIN) != 0)
			take_smtpd(relay);
	}
}
