/* metrics_server.h - answers Prometheus what the milter has counted: GET /metrics over HTTP.
 *
 * It listens on this machine alone. Whoever can connect may read: the figures are about nobody.
 */
#ifndef POSTLATCH_MILTER_METRICS_SERVER_H
#define POSTLATCH_MILTER_METRICS_SERVER_H

#include "milter/evaluate.h"

struct metrics_server;

/* Opens the socket, unix:PATH (mode 0660) or inet:127.0.0.1:PORT. What it has opened is the
 * caller's to close, also after a failure. 0 or -1. */
int metrics_server_open(const char *socket, struct metrics_server **server_r, struct pl_error *err);
/* Begins to answer; the milter stays the caller's, and is needed until the end. 0 or -1. */
int metrics_server_start(struct metrics_server *server, struct milter *milter,
			 struct pl_error *err);
/* Waits for answers under way. */
void metrics_server_close(struct metrics_server **server);

#endif
