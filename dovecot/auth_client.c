/* auth_client.c - see auth_client.h. */
#include "dovecot/auth_client.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dovecot/auth_lines.h"
#include "policy/base/monotonic.h"

#define PATIENCE_MS 20000 /* Dovecot makes a suspicious address wait for up to 17 s */

struct connection {
	int fd;
	int64_t deadline_ms;
	size_t read; /* of the lines, by next_line */
	struct auth_lines lines;
};

static int connect_socket(const char *path, struct connection *connection, struct pl_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return pl_error_set(err, PL_ERR_CONFIG, "Dovecot's socket %s: the path is too long",
				    path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A full backlog is EAGAIN here: Dovecot is too busy, and we cannot tell. */
	if (connection->fd < 0 ||
	    connect(connection->fd, (const void *)&address, sizeof(address)) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "Dovecot's socket %s: %s", path,
				    strerror(errno));
	return 0;
}

static int wait_for(const struct connection *connection, short events, struct pl_error *err)
{
	struct pollfd fd = { .fd = connection->fd, .events = events };

	for (;;) {
		int64_t left = connection->deadline_ms - pl_monotonic_ms();
		int ret = left <= 0 ? 0 : poll(&fd, 1, (int)left);

		if (ret > 0)
			return 0;
		if (ret < 0 && errno == EINTR)
			continue;
		return pl_error_set(err, PL_ERR_RETRY, "Dovecot does not answer");
	}
}

static int send_all(struct connection *connection, const char *data, size_t len,
		    struct pl_error *err)
{
	while (len > 0) {
		ssize_t sent = send(connection->fd, data, len, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return pl_error_set(err, PL_ERR_RETRY, "Dovecot: %s", strerror(errno));
		if (sent < 0 && wait_for(connection, POLLOUT, err) < 0)
			return -1;
		if (sent > 0) {
			data += sent;
			len -= (size_t)sent;
		}
	}
	return 0;
}

/* The next line, without its end; good until the next call. */
static int next_line(struct connection *connection, char **line_r, struct pl_error *err)
{
	struct auth_lines *lines = &connection->lines;
	char *end;

	auth_lines_sent(lines, connection->read);
	connection->read = 0;
	while (lines->whole == 0) {
		ssize_t got;

		if (auth_lines_too_long(lines))
			return pl_error_set(err, PL_ERR_RETRY,
					    "Dovecot sent a line that is too long");
		if (wait_for(connection, POLLIN, err) < 0)
			return -1;
		got = read(connection->fd, auth_lines_end(lines), auth_lines_room(lines));
		if (got == 0)
			return pl_error_set(err, PL_ERR_RETRY, "Dovecot closed the connection");
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return pl_error_set(err, PL_ERR_RETRY, "Dovecot: %s", strerror(errno));
		if (got > 0)
			auth_lines_filled(lines, (size_t)got);
	}
	end = memchr(lines->bytes, '\n', lines->whole);
	*end = '\0';
	connection->read = (size_t)(end + 1 - lines->bytes);
	*line_r = lines->bytes;
	return 0;
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

/* Dovecot knows its clients by their process, and each connection is a client of its
 * own: the thread's number is that of no other process. */
static int send_request(struct connection *connection, const struct auth_client_login *login,
			struct pl_error *err)
{
	char encoded[2048], request[4096];
	int len, ret;

	if (encode_plain(login->user, login->password, encoded, sizeof(encoded)) < 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "Dovecot cannot be asked about this password");
	len = snprintf(request, sizeof(request),
		       "VERSION\t1\t2\nCPID\t%d\n"
		       "AUTH\t1\tPLAIN\tservice=%s\tsecured\tnologin\trip=%s\tresp=%s\n",
		       (int)gettid(), login->service, login->ip, encoded);
	ret = send_all(connection, request, (size_t)len, err);
	OPENSSL_cleanse(encoded, sizeof(encoded));
	OPENSSL_cleanse(request, sizeof(request));
	return ret;
}

/* The value of the field "user=..." of an answer; NULL: it has none. Cuts the line. */
static const char *find_user(char *fields)
{
	char *field;

	while ((field = strsep(&fields, "\t")) != NULL) {
		if (strncmp(field, "user=", 5) == 0)
			return field + 5;
	}
	return NULL;
}

/* Values as auth_client_check. line is "OK", "FAIL" or another word, and fields. */
static int read_answer(char *line, const char *user, char user_r[PL_ADDRESS_MAX + 1],
		       struct pl_error *err)
{
	const char *name;

	if (auth_line_is_temporary(line, strlen(line)))
		return pl_error_set(err, PL_ERR_RETRY, "Dovecot cannot tell at the moment");
	if (strncmp(line, "FAIL\t1", 6) == 0)
		return 0;
	if (strncmp(line, "OK\t1\t", 5) != 0 && strcmp(line, "OK\t1") != 0)
		return pl_error_set(err, PL_ERR_RETRY, "Dovecot sent an unknown answer");
	name = find_user(line);
	if (name == NULL)
		name = user;
	if (strlen(name) > PL_ADDRESS_MAX)
		return 0;
	snprintf(user_r, PL_ADDRESS_MAX + 1, "%s", name);
	return 1;
}

static int ask(struct connection *connection, const struct auth_client_login *login,
	       char user_r[PL_ADDRESS_MAX + 1], struct pl_error *err)
{
	char *line;

	if (connect_socket(login->socket, connection, err) < 0 ||
	    send_request(connection, login, err) < 0)
		return -1;
	/* The greeting ends with DONE; the answer follows. */
	do {
		if (next_line(connection, &line, err) < 0)
			return -1;
		if (strncmp(line, "VERSION\t", 8) == 0 && strncmp(line, "VERSION\t1\t", 10) != 0)
			return pl_error_set(err, PL_ERR_CONFIG,
					    "Dovecot speaks another version of the auth protocol");
	} while (strcmp(line, "DONE") != 0);
	if (next_line(connection, &line, err) < 0)
		return -1;
	return read_answer(line, login->user, user_r, err);
}

int auth_client_check(const struct auth_client_login *login, char user_r[PL_ADDRESS_MAX + 1],
		      struct pl_error *err)
{
	struct connection connection = { .fd = -1, .deadline_ms = pl_monotonic_ms() + PATIENCE_MS };
	int ret;

	/* Longer than any name: there is nothing to ask about. */
	if (strlen(login->user) > PL_ADDRESS_MAX)
		return 0;
	ret = ask(&connection, login, user_r, err);
	if (connection.fd >= 0)
		close(connection.fd);
	return ret;
}
