/* connector.h - opens one connection in a thread of its own; private to the store. */
#ifndef POSTLATCH_CONNECTOR_H
#define POSTLATCH_CONNECTOR_H

#include "policy/store/store.h"

struct pl_connector;

/* Everything that it is given is copied. */
int pl_connector_start(const char *uri, enum pl_role role, const enum pl_sql *statements,
		       size_t count, struct pl_connector **connector_r, struct pl_error *err);
/* Can be read once there is a result. */
int pl_connector_fd(const struct pl_connector *connector);
/* Then: the connection, turned into a pipeline, with its statements prepared; or -1. */
int pl_connector_finish(struct pl_connector **connector, struct pl_store **store_r,
			struct pl_error *err);
/* Gives up waiting for it. A thread that is stuck, as in a name server, for longer than
 * wait_ms cleans up after itself. Accepts NULL. */
void pl_connector_abandon(struct pl_connector **connector, int wait_ms);

#endif
