/* connection.h - one connection to a program that is checked, with a deadline for all of it.
 *
 * No call waits beyond the deadline that connection_open() was given. Several threads may
 * each have connections of their own.
 */
#ifndef POSTLATCH_CONNECTION_H
#define POSTLATCH_CONNECTION_H

#include <stddef.h>

#include "policy/base/error.h"

struct connection;

/* Connects to a port, a number or a name of /etc/services, or to a UNIX socket. To 127.0.0.1
 * it connects from another address of 127.0.0.0/8, so that delays which Dovecot imposes
 * on an address after failures meet nobody else. NULL and the error. */
struct connection *connection_open(const char *host, const char *port, int deadline_ms,
				   struct pl_error *err);
struct connection *connection_open_unix(const char *path, int deadline_ms, struct pl_error *err);
/* Takes the brackets of an IPv6 address (RFC 3986 3.2.2) away, which connection_open() wants
 * without them. */
void connection_strip_brackets(char *host);
/* Accepts NULL. */
void connection_close(struct connection **connection);

/* Begins TLS. With a name, the certificate must be valid for it: PL_ERR_INVALID otherwise.
 * Without one (NULL), every certificate is accepted. 0 or -1. */
int connection_tls(struct connection *connection, const char *name, struct pl_error *err);

/* 0 or -1. */
int connection_write(struct connection *connection, const void *data, size_t len,
		     struct pl_error *err);
/* Reads exactly len bytes: 1, or 0 when the other end has closed before, or -1. */
int connection_read(struct connection *connection, void *data, size_t len, struct pl_error *err);
/* Reads one line, without its end, which is cut to size: 1, or 0 when the other end has
 * closed before, or -1. */
int connection_line(struct connection *connection, char *line, size_t size, struct pl_error *err);

#endif
