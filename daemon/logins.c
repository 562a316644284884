/* logins.c - see logins.h. */
#include "daemon/logins.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "policy/base/log_limit.h"
#include "policy/base/monotonic.h"

#define CLOSE_WAIT_MS 1000

struct daemon_logins {
	pthread_mutex_t lock; /* of all that follows */
	char *uri;
	struct pl_login_log *log; /* NULL: it could not be started */
	struct pl_log_limit limit;
};

static void report(struct daemon_logins *logins, const struct pl_error *err)
{
	if (pl_log_limit_failed(&logins->limit, err->msg, pl_monotonic_ms()))
		daemon_log_failure(NULL, err);
}

static void open_log(struct daemon_logins *logins, const char *uri)
{
	struct pl_error err;

	free(logins->uri);
	logins->uri = strdup(uri);
	if (pl_login_log_open(uri, &logins->log, &err) < 0)
		report(logins, &err);
}

struct daemon_logins *daemon_logins_new(const char *uri)
{
	struct daemon_logins *logins = calloc(1, sizeof(*logins));

	if (logins == NULL)
		return NULL;
	pthread_mutex_init(&logins->lock, NULL);
	open_log(logins, uri);
	return logins;
}

void daemon_logins_free(struct daemon_logins **logins_p)
{
	struct daemon_logins *logins = *logins_p;

	*logins_p = NULL;
	if (logins == NULL)
		return;
	pl_login_log_close(&logins->log, CLOSE_WAIT_MS);
	pthread_mutex_destroy(&logins->lock);
	free(logins->uri);
	free(logins);
}

void daemon_logins_use(struct daemon_logins *logins, const char *uri)
{
	struct pl_login_log *before = NULL;

	if (logins == NULL)
		return;
	pthread_mutex_lock(&logins->lock);
	if (logins->uri == NULL || strcmp(logins->uri, uri) != 0) {
		before = logins->log;
		open_log(logins, uri);
	}
	pthread_mutex_unlock(&logins->lock);
	pl_login_log_close(&before, CLOSE_WAIT_MS);
}

/* The writer tries again each second, and may fail each time. */
static void report_failure(struct daemon_logins *logins)
{
	struct pl_error err;

	if (pl_login_log_failure(logins->log, &err))
		report(logins, &err);
}

void daemon_logins_show(struct daemon_logins *logins, const struct pl_connection_attempt *attempt)
{
	if (logins == NULL)
		return;
	pthread_mutex_lock(&logins->lock);
	if (logins->log != NULL) {
		pl_login_log_show(logins->log, attempt);
		report_failure(logins);
	}
	pthread_mutex_unlock(&logins->lock);
}

void daemon_logins_count(struct daemon_logins *logins, const struct pl_login_count *count,
			 const struct pl_ip *ip)
{
	if (logins == NULL)
		return;
	pthread_mutex_lock(&logins->lock);
	if (logins->log != NULL) {
		pl_login_log_count(logins->log, count, ip);
		report_failure(logins);
	}
	pthread_mutex_unlock(&logins->lock);
}
