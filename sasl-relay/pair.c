/* pair.c - see pair.h.
 *
 * Postfix has one way to learn of a temporary failure: its connection is closed
 * before the answer. It then says 454 to its client, and connects again for the
 * next AUTH.
 */
#include "sasl-relay/pair.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

short pair_smtpd_events(const struct pair *pair)
{
	short events = !pair->ending && auth_lines_room(&pair->requests) > 0 ? POLLIN : 0;

	return pair->answers.whole > 0 ? events | POLLOUT : events;
}

short pair_dovecot_events(const struct pair *pair)
{
	short events = auth_lines_room(&pair->answers) > 0 ? POLLIN : 0;

	if (pair->ending)
		return 0;
	return pair->requests.whole > 0 ? events | POLLOUT : events;
}

/* The number of bytes; 0 at the end; -1 when there are none now. */
static ssize_t receive(int fd, struct auth_lines *lines)
{
	ssize_t count;

	if (auth_lines_room(lines) == 0)
		return -1;
	count = recv(fd, auth_lines_end(lines), auth_lines_room(lines), MSG_DONTWAIT);
	if (count < 0)
		return errno == EAGAIN || errno == EINTR ? -1 : 0;
	return count;
}

/* -1 when the other end is gone. */
static int send_whole(int fd, struct auth_lines *lines)
{
	ssize_t count;

	if (lines->whole == 0)
		return 0;
	count = send(fd, lines->bytes, lines->whole, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (count < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	auth_lines_sent(lines, (size_t)count);
	return 0;
}

/* These return as pair_serve does. */
static int read_requests(struct pair *pair)
{
	ssize_t count = receive(pair->smtpd, &pair->requests);

	if (count == 0)
		return 0;
	if (count > 0)
		auth_lines_filled(&pair->requests, (size_t)count);
	if (!auth_lines_too_long(&pair->requests))
		return 1;
	pair->failure = "Postfix sent a line that is longer than Dovecot takes";
	return 0;
}

static int read_answers(struct pair *pair)
{
	ssize_t count = receive(pair->dovecot, &pair->answers);

	if (count == 0)
		pair->ending = 1;
	if (count > 0 && auth_lines_filled_with_answers(&pair->answers, (size_t)count)) {
		pair->ending = 1;
		pair->failure = "Dovecot reports a temporary failure, and its log says why; "
				"clients are told to try again";
	}
	if (!auth_lines_too_long(&pair->answers))
		return 1;
	pair->failure = "Dovecot sent a line that is longer than its protocol allows";
	return 0;
}

int pair_serve(struct pair *pair, short smtpd, short dovecot)
{
	/* Whoever has hung up reads no answers. */
	if ((smtpd & (POLLHUP | POLLERR)) != 0)
		return 0;
	if (!pair->ending && (smtpd & POLLIN) != 0 && !read_requests(pair))
		return 0;
	if (!pair->ending && (dovecot & (POLLIN | POLLHUP | POLLERR)) != 0 && !read_answers(pair))
		return 0;
	/* When Dovecot is gone its last answers are read first, and then its end. */
	if (!pair->ending && pair->dovecot >= 0 && send_whole(pair->dovecot, &pair->requests) < 0)
		auth_lines_wipe(&pair->requests);
	if (send_whole(pair->smtpd, &pair->answers) < 0)
		return 0;
	return !pair->ending || pair->answers.whole > 0;
}

void pair_close(struct pair *pair)
{
	auth_lines_wipe(&pair->requests);
	auth_lines_wipe(&pair->answers);
	if (pair->dovecot >= 0)
		close(pair->dovecot);
	close(pair->smtpd);
	pair->smtpd = pair->dovecot = -1;
	pair->ending = 0;
	pair->failure = NULL;
}
