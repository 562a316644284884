/* cutter.c - see cutter.h. */
#include "portal/download/cutter.h"

#include <pthread.h>
#include <stdlib.h>

#include "daemon/log.h"
#include "policy/attachment/download.h"
#include "policy/base/monotonic.h"
#include "policy/base/thread.h"

#define LOOK_EVERY_MS 500

struct cutter {
	struct portal *portal;
	struct http *http;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	int stops; /* with the lock held */
	int64_t ids[HTTP_DOWNLOADS_MAX];
	size_t count;
};

static int look(const struct pl_work *work, const struct pl_policy *policy, void *context)
{
	struct cutter *cutter = context;

	(void)policy;
	for (size_t i = 0; i < cutter->count; i++) {
		const int goes_on = pl_download_goes_on(work, cutter->ids[i]);

		if (goes_on < 0)
			return -1;
		if (!goes_on && http_cut_download(cutter->http, cutter->ids[i]) > 0)
			daemon_log(LOG_INFO, "download file=%lld result=cut-off reason=withdrawn",
				   (long long)cutter->ids[i]);
	}
	return 0;
}

/* Whether it is to stop. */
static int wait_a_little(struct cutter *cutter)
{
	const struct timespec end = pl_monotonic_after(LOOK_EVERY_MS);
	int stops, ret = 0;

	pthread_mutex_lock(&cutter->lock);
	while (!cutter->stops && ret == 0)
		ret = pthread_cond_clockwait(&cutter->woken, &cutter->lock, CLOCK_MONOTONIC, &end);
	stops = cutter->stops;
	pthread_mutex_unlock(&cutter->lock);
	return stops;
}

static void *run(void *context)
{
	struct cutter *cutter = context;

	while (!wait_a_little(cutter)) {
		cutter->count = http_downloads(cutter->http, cutter->ids, HTTP_DOWNLOADS_MAX);
		if (cutter->count > 0)
			portal_run_as(cutter->portal, PL_ROLE_PORTAL,
				      "looking at links whose files are being sent", look, cutter);
	}
	return NULL;
}

int cutter_start(struct portal *portal, struct http *http, struct cutter **cutter_r,
		 struct pl_error *err)
{
	struct cutter *cutter = calloc(1, sizeof(*cutter));

	*cutter_r = NULL;
	if (cutter == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	cutter->portal = portal;
	cutter->http = http;
	pthread_mutex_init(&cutter->lock, NULL);
	pthread_cond_init(&cutter->woken, NULL);
	if (pl_thread_start(&cutter->thread, run, cutter) != 0) {
		free(cutter);
		return pl_error_set(err, PL_ERR_RETRY, "no thread to look at downloads in");
	}
	*cutter_r = cutter;
	return 0;
}

void cutter_stop(struct cutter **cutter_p)
{
	struct cutter *cutter = *cutter_p;

	*cutter_p = NULL;
	if (cutter == NULL)
		return;
	pthread_mutex_lock(&cutter->lock);
	cutter->stops = 1;
	pthread_cond_signal(&cutter->woken);
	pthread_mutex_unlock(&cutter->lock);
	pthread_join(cutter->thread, NULL);
	pthread_cond_destroy(&cutter->woken);
	pthread_mutex_destroy(&cutter->lock);
	free(cutter);
}
