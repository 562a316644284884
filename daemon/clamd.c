/* clamd.c - see clamd.h. */
#include "daemon/clamd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND_S 60    /* that a write may take */
#define ANSWER_S 240 /* that the answer may take, once everything is sent */
#define WAITING_MS 5000

void clamd_drop(struct clamd *clamd)
{
	if (clamd->fd >= 0)
		close(clamd->fd);
	clamd->fd = -1;
}

static void fail(struct clamd *clamd, const char *what)
{
	snprintf(clamd->said, sizeof(clamd->said), "%s: %s", what, strerror(errno));
	clamd_drop(clamd);
}

static int send_all(struct clamd *clamd, const void *bytes, size_t count)
{
	const char *at = bytes;

	while (count > 0) {
		const ssize_t len = send(clamd->fd, at, count, MSG_NOSIGNAL);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return -1;
		at += len;
		count -= (size_t)len;
	}
	return 0;
}

void clamd_begin(struct clamd *clamd, const char *path)
{
	const struct timeval limit = { .tv_sec = SEND_S };
	union {
		struct sockaddr any;
		struct sockaddr_un local;
	} address = { .local = { .sun_family = AF_UNIX } };

	clamd->said[0] = '\0';
	clamd->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (clamd->fd < 0 || strlen(path) >= sizeof(address.local.sun_path)) {
		fail(clamd, "socket");
		return;
	}
	memcpy(address.local.sun_path, path, strlen(path));
	(void)setsockopt(clamd->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(clamd->fd, &address.any, sizeof(address.local)) < 0)
		fail(clamd, "connect");
	else if (send_all(clamd, "zINSTREAM", sizeof("zINSTREAM")) < 0)
		fail(clamd, "send");
}

/* It stops reading at its limit, and then says so: a failure is found out at the end. */
void clamd_write(struct clamd *clamd, const unsigned char *bytes, size_t count)
{
	const uint32_t len = htonl((uint32_t)count);

	if (clamd->fd < 0 || clamd->said[0] != '\0' || count == 0)
		return;
	if (send_all(clamd, &len, sizeof(len)) == 0 && send_all(clamd, bytes, count) == 0)
		return;
	/* One that has not read for so long has nothing to say, either. */
	if (errno == EAGAIN)
		fail(clamd, "send");
	else
		snprintf(clamd->said, sizeof(clamd->said), "send: %s", strerror(errno));
}

/* The answer up to its NUL. 0 or -1. */
static int receive(struct clamd *clamd, char *answer, size_t size, void (*waiting)(void *context),
		   void *context)
{
	size_t used = 0;
	int left_ms = ANSWER_S * 1000;

	while (left_ms > 0 && used + 1 < size) {
		struct pollfd wait = { .fd = clamd->fd, .events = POLLIN };
		ssize_t len;

		if (poll(&wait, 1, WAITING_MS) == 0) {
			left_ms -= WAITING_MS;
			waiting(context);
			continue;
		}
		len = recv(clamd->fd, answer + used, size - 1 - used, 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			break;
		used += (size_t)len;
		if (answer[used - 1] == '\0')
			return 0;
	}
	answer[used] = '\0';
	return -1;
}

static int ends_with(const char *text, const char *end)
{
	const size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* "stream: OK", "stream: NAME FOUND", or what is wrong and "ERROR". */
static enum clamd_result read_answer(struct clamd *clamd, char *answer)
{
	static const char stream[] = "stream: ", found[] = " FOUND";

	if (strcmp(answer, "stream: OK") == 0)
		return CLAMD_CLEAN;
	snprintf(clamd->said, sizeof(clamd->said), "%.*s", CLAMD_NAME - 1, answer);
	if (strstr(answer, "size limit exceeded") != NULL ||
	    strstr(answer, "Heuristics.Limits.Exceeded") != NULL)
		return CLAMD_TOO_LARGE;
	if (strncmp(answer, stream, strlen(stream)) != 0 || !ends_with(answer, found))
		return CLAMD_SILENT;
	snprintf(clamd->said, sizeof(clamd->said), "%.*s",
		 (int)(strlen(answer) - strlen(stream) - strlen(found)), answer + strlen(stream));
	return CLAMD_INFECTED;
}

enum clamd_result clamd_end(struct clamd *clamd, void (*waiting)(void *context), void *context)
{
	const uint32_t zero = 0;
	char answer[256];
	enum clamd_result result = CLAMD_SILENT;

	if (clamd->fd < 0)
		return CLAMD_SILENT;
	if (clamd->said[0] == '\0')
		(void)send_all(clamd, &zero, sizeof(zero));
	if (receive(clamd, answer, sizeof(answer), waiting, context) == 0)
		result = read_answer(clamd, answer);
	else if (clamd->said[0] == '\0')
		snprintf(clamd->said, sizeof(clamd->said), "it does not answer");
	/* Whoever did not get everything has not scanned it. */
	if (result == CLAMD_CLEAN && clamd->said[0] != '\0')
		result = CLAMD_SILENT;
	clamd_drop(clamd);
	return result;
}
