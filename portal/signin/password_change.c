/* password_change.c - see password_change.h; password/change.c is the other side. */
#include "portal/signin/password_change.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "policy/base/address.h"
#include "policy/base/monotonic.h"
#include "policy/base/secret.h"
#include "policy/base/utf8.h"

/* The service may wait for a request and for the end of a process beside the command. */
#define BEYOND_MS 8000

static int connect_to(const char *path, struct pl_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path) + 1);
		if (connect(fd, (const void *)&address, sizeof(address)) == 0)
			return fd;
	}
	pl_error_set(err, PL_ERR_RETRY, "password_socket %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* 0, or -1: the service has not read all of it, and does nothing. */
static int ask(int fd, const struct password_change_request *asked, struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 2 * PL_SECRET_MAX + 4];
	const int len =
		snprintf(text, sizeof(text), "%s\n%s\n%s\n", asked->member, asked->old, asked->new);
	const ssize_t sent = len > 0 && (size_t)len < sizeof(text)
				     ? send(fd, text, (size_t)len, MSG_NOSIGNAL)
				     : -1;

	OPENSSL_cleanse(text, sizeof(text));
	if (sent != len || shutdown(fd, SHUT_WR) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "postlatch-password does not read");
	return 0;
}

/* The line of the answer. 0, or -1. */
static int receive(int fd, int64_t deadline_ms, char *line, size_t size)
{
	size_t len = 0;

	for (;;) {
		struct pollfd readable = { .fd = fd, .events = POLLIN };
		const int64_t left = deadline_ms - pl_monotonic_ms();
		ssize_t count;

		if (left <= 0 || (poll(&readable, 1, (int)left) < 0 && errno != EINTR))
			return -1;
		count = recv(fd, line + len, size - 1 - len, MSG_DONTWAIT);
		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (count <= 0)
			return -1;
		len += (size_t)count;
		line[len] = '\0';
		if (line[len - 1] == '\n') {
			line[len - 1] = '\0';
			return 0;
		}
	}
}

static enum password_change read_answer(const char *line, char reason_r[PASSWORD_CHANGE_REASON],
					struct pl_error *err)
{
	if (strcmp(line, "changed") == 0)
		return PASSWORD_CHANGED;
	if (strcmp(line, "wrong") == 0)
		return PASSWORD_WRONG;
	if (strncmp(line, "refused", 7) == 0) {
		reason_r[0] = '\0';
		if (line[7] == ' ' && strlen(line + 8) < PASSWORD_CHANGE_REASON &&
		    pl_is_utf8(line + 8))
			memcpy(reason_r, line + 8, strlen(line + 8) + 1);
		return PASSWORD_REFUSED;
	}
	pl_error_set(err, PL_ERR_RETRY,
		     "postlatch-password has not changed a password: its log "
		     "says why");
	return strcmp(line, "later") == 0 ? PASSWORD_LATER : PASSWORD_UNKNOWN;
}

enum password_change password_change(const struct pl_policy *policy,
				     const struct password_change_request *asked,
				     char reason_r[PASSWORD_CHANGE_REASON], struct pl_error *err)
{
	const int64_t deadline =
		pl_monotonic_ms() + policy->password_command_seconds * 1000 + BEYOND_MS;
	const int fd = connect_to(policy->password_socket, err);
	enum password_change result = PASSWORD_LATER;
	char line[PASSWORD_CHANGE_REASON + 8];

	reason_r[0] = '\0';
	if (fd < 0)
		return PASSWORD_LATER;
	if (ask(fd, asked, err) == 0) {
		if (receive(fd, deadline, line, sizeof(line)) == 0) {
			result = read_answer(line, reason_r, err);
		} else {
			pl_error_set(err, PL_ERR_RETRY, "postlatch-password does not answer");
			result = PASSWORD_UNKNOWN;
		}
	}
	close(fd);
	return result;
}
