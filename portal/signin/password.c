/* password.c - asks Dovecot whether an account password is right, over its auth
 * client protocol (version 1.2), one connection for each question. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy/base/monotonic.h"
#include "portal/portal.h"

#define PATIENCE_MS 20000 /* Dovecot makes a suspicious address wait for up to 17 s */
#define LINE_BYTES 8192

struct talk {
	int fd;
	int64_t deadline_ms;
	size_t used;
	char buf[LINE_BYTES];
};

static int connect_socket(const char *path, struct talk *talk, struct pl_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return pl_error_set(err, PL_ERR_CONFIG, "Dovecot's socket %s: the path is too long",
				    path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	talk->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A full backlog is EAGAIN here: Dovecot is too busy, and we cannot tell. */
	if (talk->fd < 0 || connect(talk->fd, (const void *)&address, sizeof(address)) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "Dovecot's socket %s: %s", path,
				    strerror(errno));
	return 0;
}

static int wait_for(const struct talk *talk, short events, struct pl_error *err)
{
	struct pollfd fd = { .fd = talk->fd, .events = events };

	for (;;) {
		int64_t left = talk->deadline_ms - pl_monotonic_ms();
		int ret = left <= 0 ? 0 : poll(&fd, 1, (int)left);

		if (ret > 0)
			return 0;
		if (ret < 0 && errno == EINTR)
			continue;
		return pl_error_set(err, PL_ERR_RETRY, "Dovecot does not answer");
	}
}

static int send_all(struct talk *talk, const char *data, size_t len, struct pl_error *err)
{
	while (len > 0) {
		ssize_t sent = send(talk->fd, data, len, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return pl_error_set(err, PL_ERR_RETRY, "Dovecot: %s", strerror(errno));
		if (sent < 0 && wait_for(talk, POLLOUT, err) < 0)
			return -1;
		if (sent > 0) {
			data += sent;
			len -= (size_t)sent;
		}
	}
	return 0;
}

/* The next line, without its end; good until the next call. */
static int read_line(struct talk *talk, size_t *taken, char **line_r, struct pl_error *err)
{
	memmove(talk->buf, talk->buf + *taken, talk->used - *taken);
	talk->used -= *taken;
	*taken = 0;
	for (;;) {
		char *end = memchr(talk->buf, '\n', talk->used);
		ssize_t got;

		if (end != NULL) {
			*end = '\0';
			*line_r = talk->buf;
			*taken = (size_t)(end + 1 - talk->buf);
			return 0;
		}
		if (talk->used == sizeof(talk->buf))
			return pl_error_set(err, PL_ERR_RETRY,
					    "Dovecot sent a line that is too long");
		if (wait_for(talk, POLLIN, err) < 0)
			return -1;
		got = read(talk->fd, talk->buf + talk->used, sizeof(talk->buf) - talk->used);
		if (got == 0)
			return pl_error_set(err, PL_ERR_RETRY, "Dovecot closed the connection");
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return pl_error_set(err, PL_ERR_RETRY, "Dovecot: %s", strerror(errno));
		if (got > 0)
			talk->used += (size_t)got;
	}
}

/* base64 of "\0USER\0PASSWORD" (RFC 4616). */
static int encode_plain(const char *user, const struct pl_secret *password, char *text_r,
			size_t size)
{
	unsigned char plain[1 + PL_ADDRESS_MAX + 1 + PL_SECRET_MAX];
	size_t user_len = strlen(user);
	size_t len = 1 + user_len + 1 + password->len;

	if (len > sizeof(plain) || 4 * ((len + 2) / 3) + 1 > size ||
	    memchr(password->data, '\0', password->len) != NULL)
		return -1;
	plain[0] = '\0';
	memcpy(plain + 1, user, user_len + 1);
	memcpy(plain + 2 + user_len, password->data, password->len);
	EVP_EncodeBlock((unsigned char *)text_r, plain, (int)len);
	OPENSSL_cleanse(plain, sizeof(plain));
	return 0;
}

/* Dovecot knows its clients by their process, and each connection is one of its
 * own: the thread's number is no other process's. */
static int ask(struct talk *talk, const struct request *request, const char *user,
	       const struct pl_secret *password, struct pl_error *err)
{
	char encoded[2048], line[4096];
	int len, ret;

	if (encode_plain(user, password, encoded, sizeof(encoded)) < 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "a password that Dovecot cannot be asked about");
	len = snprintf(line, sizeof(line),
		       "VERSION\t1\t2\nCPID\t%d\nAUTH\t1\tPLAIN\tservice="
		       "webmail\tsecured\tnologin\t"
		       "rip=%s\tresp=%s\n",
		       (int)gettid(), request->ip_text, encoded);
	ret = send_all(talk, line, (size_t)len, err);
	OPENSSL_cleanse(encoded, sizeof(encoded));
	OPENSSL_cleanse(line, sizeof(line));
	return ret;
}

/* The value of a field of an answer, "user=alice"; NULL: it has none. Cuts the line. */
static char *take_user(char *fields)
{
	char *field;

	while ((field = strsep(&fields, "\t")) != NULL) {
		if (strncmp(field, "user=", 5) == 0)
			return field + 5;
	}
	return NULL;
}

static int has_field(const char *fields, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = fields; (at = strchr(at, '\t')) != NULL;) {
		at++;
		if (strncmp(at, name, len) == 0 && (at[len] == '\t' || at[len] == '\0'))
			return 1;
	}
	return 0;
}

/* 1, 0, or -1, as password_check. line is "OK", "FAIL" or another word, and fields. */
static int judge(char *line, const char *user, char user_r[PL_ADDRESS_MAX + 1],
		 struct pl_error *err)
{
	const char *name = user;

	if (strncmp(line, "FAIL\t1", 6) == 0) {
		if (has_field(line, "temp") || has_field(line, "code=temp_fail"))
			return pl_error_set(err, PL_ERR_RETRY, "Dovecot cannot tell at the moment");
		return 0;
	}
	if (strncmp(line, "OK\t1\t", 5) != 0 && strcmp(line, "OK\t1") != 0)
		return pl_error_set(err, PL_ERR_RETRY, "Dovecot gave an answer that is none");
	line = take_user(line);
	if (line != NULL)
		name = line;
	if (strlen(name) > PL_ADDRESS_MAX)
		return 0;
	snprintf(user_r, PL_ADDRESS_MAX + 1, "%s", name);
	return 1;
}

static int talk_to_dovecot(struct talk *talk, const struct request *request, const char *user,
			   const struct pl_secret *password, char user_r[PL_ADDRESS_MAX + 1],
			   struct pl_error *err)
{
	size_t taken = 0;
	char *line;

	if (ask(talk, request, user, password, err) < 0)
		return -1;
	/* The greeting ends with DONE; the answer comes behind it. */
	do {
		if (read_line(talk, &taken, &line, err) < 0)
			return -1;
		if (strncmp(line, "VERSION\t", 8) == 0 && strncmp(line, "VERSION\t1\t", 10) != 0)
			return pl_error_set(err, PL_ERR_CONFIG,
					    "Dovecot speaks another auth protocol");
	} while (strcmp(line, "DONE") != 0);
	if (read_line(talk, &taken, &line, err) < 0)
		return -1;
	return judge(line, user, user_r, err);
}

int password_check(const struct request *request, const char *user,
		   const struct pl_secret *password, char user_r[PL_ADDRESS_MAX + 1],
		   struct pl_error *err)
{
	struct talk talk = { .fd = -1, .deadline_ms = pl_monotonic_ms() + PATIENCE_MS };
	int ret = -1;

	/* Longer than any name; nothing to ask about. */
	if (strlen(user) > PL_ADDRESS_MAX)
		return 0;
	if (connect_socket(request->policy->auth_socket, &talk, err) == 0)
		ret = talk_to_dovecot(&talk, request, user, password, user_r, err);
	if (talk.fd >= 0)
		close(talk.fd);
	return ret;
}
