/* listen.h - the socket that a daemon listens on.
 *
 * It is on this machine: there is no TLS. Called once, before the privileges are dropped. A
 * socket file that a killed process left behind is removed, one that is in use never.
 */
#ifndef POSTLATCH_DAEMON_LISTEN_H
#define POSTLATCH_DAEMON_LISTEN_H

#include "policy/base/error.h"

/* Opens "unix:PATH" (mode 0660) or "inet:127.0.0.1:PORT". Returns a descriptor, or -1. */
int listen_open(const char *name, struct pl_error *err);
/* The path of a unix socket; NULL for inet. */
const char *listen_path(const char *name);

#endif
