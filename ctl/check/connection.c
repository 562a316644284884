/* connection.c - see connection.h. */
#include "ctl/check/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy/base/monotonic.h"

struct connection {
	int fd;
	int64_t deadline;
	SSL_CTX *context; /* NULL: without TLS */
	SSL *tls;
	char buffer[4096];
	size_t from, to; /* what was read and not yet returned */
};

static int failed(struct pl_error *err, const char *what)
{
	return pl_error_set(err, PL_ERR_RETRY, "%s", what);
}

/* Waits until the descriptor is ready. */
static int wait_for(const struct connection *connection, short events, struct pl_error *err)
{
	struct pollfd poll_fd = { .fd = connection->fd, .events = events };

	for (;;) {
		int64_t left = connection->deadline - pl_monotonic_ms();
		int ret = left <= 0 ? 0 : poll(&poll_fd, 1, (int)left);

		if (ret > 0)
			return 0;
		if (ret == 0)
			return failed(err, "no answer in time");
		if (errno != EINTR)
			return failed(err, strerror(errno));
	}
}

static struct connection *connection_new(int fd, int deadline_ms, struct pl_error *err)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (fd < 0 || connection == NULL) {
		failed(err, fd < 0 ? strerror(errno) : "out of memory");
		free(connection);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	connection->fd = fd;
	connection->deadline = pl_monotonic_ms() + deadline_ms;
	return connection;
}

static int connect_to(const struct connection *connection, const struct sockaddr *address,
		      socklen_t len, struct pl_error *err)
{
	int status = 0;
	socklen_t size = sizeof(status);

	if (connect(connection->fd, address, len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return failed(err, strerror(errno));
	if (wait_for(connection, POLLOUT, err) < 0)
		return -1;
	getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &status, &size);
	return status == 0 ? 0 : failed(err, strerror(status));
}

/* An address of 127.0.0.0/8 at random, if the other end is one. */
static void choose_source(int fd, const struct sockaddr *address)
{
	union {
		struct sockaddr_in in;
		struct sockaddr any;
	} to, from = { .in = { .sin_family = AF_INET } };
	unsigned char random[3];

	if (address->sa_family != AF_INET)
		return;
	memcpy(&to.in, address, sizeof(to.in));
	if (ntohl(to.in.sin_addr.s_addr) >> 24 != 127 || RAND_bytes(random, sizeof(random)) != 1)
		return;
	from.in.sin_addr.s_addr = htonl(127u << 24 | (random[0] & 127u) << 16 | random[1] << 8 |
					(random[2] % 250u + 2u));
	/* Without it, the connection has the usual address. */
	(void)bind(fd, &from.any, sizeof(from.in));
}

struct connection *connection_open(const char *host, const char *port, int deadline_ms,
				   struct pl_error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	struct connection *connection = NULL;
	int ret = getaddrinfo(host, port, &hints, &list);

	if (ret != 0)
		failed(err, gai_strerror(ret));
	for (const struct addrinfo *at = list; at != NULL; at = at->ai_next) {
		connection_close(&connection);
		connection = connection_new(socket(at->ai_family,
						   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
					    deadline_ms, err);
		if (connection == NULL)
			break;
		choose_source(connection->fd, at->ai_addr);
		ret = connect_to(connection, at->ai_addr, at->ai_addrlen, err);
		if (ret == 0)
			break;
	}
	freeaddrinfo(list);
	if (ret != 0)
		connection_close(&connection);
	return connection;
}

struct connection *connection_open_unix(const char *path, int deadline_ms, struct pl_error *err)
{
	union {
		struct sockaddr_un un;
		struct sockaddr any;
	} address = { .un = { .sun_family = AF_UNIX } };
	struct connection *connection =
		connection_new(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
			       deadline_ms, err);

	if (connection == NULL)
		return NULL;
	if (strlen(path) >= sizeof(address.un.sun_path)) {
		failed(err, "the path is too long");
		connection_close(&connection);
		return NULL;
	}
	snprintf(address.un.sun_path, sizeof(address.un.sun_path), "%s", path);
	if (connect_to(connection, &address.any, sizeof(address.un), err) < 0)
		connection_close(&connection);
	return connection;
}

void connection_strip_brackets(char *host)
{
	if (host[0] != '[')
		return;
	memmove(host, host + 1, strlen(host));
	host[strcspn(host, "]")] = '\0';
}

void connection_close(struct connection **connection)
{
	if (*connection == NULL)
		return;
	SSL_free((*connection)->tls);
	SSL_CTX_free((*connection)->context);
	close((*connection)->fd);
	OPENSSL_cleanse((*connection)->buffer, sizeof((*connection)->buffer));
	free(*connection);
	*connection = NULL;
}

/* After an operation of TLS that has not succeeded: 0 to do it again, 1 at the end of the
 * connection, or -1. */
static int tls_retry(const struct connection *connection, int ret, struct pl_error *err)
{
	unsigned long code;

	switch (SSL_get_error(connection->tls, ret)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(connection, POLLIN, err);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(connection, POLLOUT, err);
	case SSL_ERROR_ZERO_RETURN:
		return 1;
	}
	code = ERR_get_error();
	if (SSL_get_verify_result(connection->tls) != X509_V_OK)
		return pl_error_set(err, PL_ERR_INVALID, "%s",
				    X509_verify_cert_error_string(
					    SSL_get_verify_result(connection->tls)));
	return failed(err, code == 0 ? "the connection was closed" : ERR_reason_error_string(code));
}

int connection_tls(struct connection *connection, const char *name, struct pl_error *err)
{
	int ret;

	ERR_clear_error();
	connection->context = SSL_CTX_new(TLS_client_method());
	/* Dovecot's doveadm closes connections without saying so in TLS, and is not wrong. */
	if (connection->context != NULL) {
		SSL_CTX_set_options(connection->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
		connection->tls = SSL_new(connection->context);
	}
	if (connection->tls == NULL || SSL_set_fd(connection->tls, connection->fd) != 1)
		return failed(err, "TLS cannot be used");
	if (name != NULL) {
		X509_VERIFY_PARAM *verify = SSL_get0_param(connection->tls);

		if (SSL_CTX_set_default_verify_paths(connection->context) != 1 ||
		    (X509_VERIFY_PARAM_set1_ip_asc(verify, name) != 1 &&
		     (SSL_set_tlsext_host_name(connection->tls, name) != 1 ||
		      SSL_set1_host(connection->tls, name) != 1)))
			return failed(err, "TLS cannot be used");
		SSL_set_verify(connection->tls, SSL_VERIFY_PEER, NULL);
	}
	/* What came before TLS began does not count. */
	connection->from = connection->to = 0;
	while ((ret = SSL_connect(connection->tls)) != 1) {
		if (tls_retry(connection, ret, err) != 0)
			return -1;
	}
	return 0;
}

int connection_write(struct connection *connection, const void *data, size_t len,
		     struct pl_error *err)
{
	const char *at = data;

	while (len > 0) {
		ssize_t done = connection->tls != NULL
				       ? SSL_write(connection->tls, at, (int)len)
				       : send(connection->fd, at, len, MSG_NOSIGNAL);

		if (done > 0) {
			at += done;
			len -= (size_t)done;
		} else if (connection->tls != NULL) {
			if (tls_retry(connection, (int)done, err) != 0)
				return -1;
		} else if (errno != EAGAIN && errno != EINTR) {
			return failed(err, strerror(errno));
		} else if (wait_for(connection, POLLOUT, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* 1 when there is something in the buffer; 0 at the end of the connection. */
static int fill(struct connection *connection, struct pl_error *err)
{
	while (connection->from == connection->to) {
		ssize_t got = connection->tls != NULL
				      ? SSL_read(connection->tls, connection->buffer,
						 sizeof(connection->buffer))
				      : recv(connection->fd, connection->buffer,
					     sizeof(connection->buffer), 0);

		if (got > 0) {
			connection->from = 0;
			connection->to = (size_t)got;
		} else if (connection->tls != NULL) {
			int ret = tls_retry(connection, (int)got, err);

			if (ret != 0)
				return ret > 0 ? 0 : -1;
		} else if (got == 0) {
			return 0;
		} else if (errno != EAGAIN && errno != EINTR) {
			return failed(err, strerror(errno));
		} else if (wait_for(connection, POLLIN, err) < 0) {
			return -1;
		}
	}
	return 1;
}

int connection_read(struct connection *connection, void *data, size_t len, struct pl_error *err)
{
	char *to = data;

	while (len > 0) {
		int ret = fill(connection, err);
		size_t part = connection->to - connection->from;

		if (ret <= 0)
			return ret;
		if (part > len)
			part = len;
		memcpy(to, connection->buffer + connection->from, part);
		connection->from += part;
		to += part;
		len -= part;
	}
	return 1;
}

int connection_line(struct connection *connection, char *line, size_t size, struct pl_error *err)
{
	size_t len = 0;
	char c = '\0';
	int ret;

	while ((ret = connection_read(connection, &c, 1, err)) == 1 && c != '\n') {
		if (len + 1 < size)
			line[len++] = c;
	}
	line[len] = '\0';
	line[strcspn(line, "\r")] = '\0';
	return ret;
}
