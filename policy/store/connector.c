/* connector.c - see connector.h. */
#include "policy/store/connector.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "policy/base/monotonic.h"
#include "policy/base/thread.h"
#include "policy/store/pipeline.h"

struct pl_connector {
	char *uri;
	enum pl_role role;
	enum pl_sql *statements;
	size_t count;
	pthread_t thread;
	int fd;

	pthread_mutex_t lock; /* for what follows */
	struct pl_store *store;
	struct pl_error err;
	int is_abandoned, is_finished;
};

static void free_connector(struct pl_connector *connector)
{
	pl_store_close(&connector->store);
	pthread_mutex_destroy(&connector->lock);
	close(connector->fd);
	free(connector->statements);
	free(connector->uri);
	free(connector);
}

static int open_pipeline(const struct pl_connector *connector, struct pl_store **store_r,
			 struct pl_error *err)
{
	if (pl_store_open(connector->uri, connector->role, store_r, err) < 0)
		return -1;
	for (size_t i = 0; i < connector->count; i++) {
		if (pl_pipeline_prepare(*store_r, connector->statements[i], err) < 0)
			return pl_store_error(connector->uri, err);
	}
	return pl_pipeline_begin(*store_r, err) < 0 ? pl_store_error(connector->uri, err) : 0;
}

static void *run(void *context)
{
	struct pl_connector *connector = context;
	const uint64_t one = 1;
	struct pl_store *store = NULL;
	struct pl_error err = { 0 };
	int is_abandoned;

	if (open_pipeline(connector, &store, &err) < 0)
		pl_store_close(&store);
	pthread_mutex_lock(&connector->lock);
	connector->store = store;
	connector->err = err;
	connector->is_finished = 1;
	is_abandoned = connector->is_abandoned;
	/* Under the lock: the other side frees it as soon as it knows. */
	if (!is_abandoned)
		(void)!write(connector->fd, &one, sizeof(one));
	pthread_mutex_unlock(&connector->lock);
	if (is_abandoned)
		free_connector(connector);
	return NULL;
}

int pl_connector_start(const char *uri, enum pl_role role, const enum pl_sql *statements,
		       size_t count, struct pl_connector **connector_r, struct pl_error *err)
{
	struct pl_connector *connector = calloc(1, sizeof(*connector));
	int ret;

	*connector_r = NULL;
	if (connector == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	pthread_mutex_init(&connector->lock, NULL);
	connector->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	connector->uri = strdup(uri);
	connector->role = role;
	connector->statements = calloc(count, sizeof(*statements));
	if (connector->fd < 0 || connector->uri == NULL || connector->statements == NULL) {
		free_connector(connector);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	memcpy(connector->statements, statements, count * sizeof(*statements));
	connector->count = count;
	ret = pl_thread_start(&connector->thread, run, connector);
	if (ret != 0) {
		free_connector(connector);
		return pl_error_set(err, PL_ERR_RETRY, "no thread to connect in: %s",
				    strerror(ret));
	}
	*connector_r = connector;
	return 0;
}

int pl_connector_fd(const struct pl_connector *connector)
{
	return connector->fd;
}

int pl_connector_finish(struct pl_connector **connector_p, struct pl_store **store_r,
			struct pl_error *err)
{
	struct pl_connector *connector = *connector_p;

	*connector_p = NULL;
	pthread_join(connector->thread, NULL);
	*store_r = connector->store;
	connector->store = NULL;
	*err = connector->err;
	free_connector(connector);
	return *store_r == NULL ? -1 : 0;
}

void pl_connector_abandon(struct pl_connector **connector_p, int wait_ms)
{
	struct pl_connector *connector = *connector_p;
	const struct timespec deadline = pl_monotonic_after(wait_ms);
	int is_finished;

	*connector_p = NULL;
	if (connector == NULL)
		return;
	if (pl_thread_join_until(connector->thread, &deadline) == 0) {
		free_connector(connector);
		return;
	}
	pthread_mutex_lock(&connector->lock);
	connector->is_abandoned = 1;
	is_finished = connector->is_finished;
	pthread_mutex_unlock(&connector->lock);
	if (is_finished) { /* just now */
		pthread_join(connector->thread, NULL);
		free_connector(connector);
	} else {
		pthread_detach(connector->thread);
	}
}
