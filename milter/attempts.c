/* attempts.c - see attempts.h. */
#include "milter/attempts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "policy/account/login_log.h"
#include "policy/base/log_limit.h"
#include "policy/base/monotonic.h"

#define CLOSE_WAIT_MS 1000

struct milter_attempts {
	pthread_mutex_t lock; /* of all that follows */
	char *uri;
	struct pl_login_log *log; /* NULL: it could not be started */
	struct pl_log_limit limit;
};

static void report(struct milter_attempts *attempts, const struct pl_error *err)
{
	if (pl_log_limit_failed(&attempts->limit, err->msg, pl_monotonic_ms()))
		daemon_log_failure(NULL, err);
}

static void open_log(struct milter_attempts *attempts, const char *uri)
{
	struct pl_error err;

	free(attempts->uri);
	attempts->uri = strdup(uri);
	if (pl_login_log_open(uri, &attempts->log, &err) < 0)
		report(attempts, &err);
}

struct milter_attempts *milter_attempts_new(const char *uri)
{
	struct milter_attempts *attempts = calloc(1, sizeof(*attempts));

	if (attempts == NULL)
		return NULL;
	pthread_mutex_init(&attempts->lock, NULL);
	open_log(attempts, uri);
	return attempts;
}

void milter_attempts_free(struct milter_attempts **attempts_p)
{
	struct milter_attempts *attempts = *attempts_p;

	*attempts_p = NULL;
	if (attempts == NULL)
		return;
	pl_login_log_close(&attempts->log, CLOSE_WAIT_MS);
	pthread_mutex_destroy(&attempts->lock);
	free(attempts->uri);
	free(attempts);
}

void milter_attempts_use(struct milter_attempts *attempts, const char *uri)
{
	struct pl_login_log *before = NULL;

	if (attempts == NULL)
		return;
	pthread_mutex_lock(&attempts->lock);
	if (attempts->uri == NULL || strcmp(attempts->uri, uri) != 0) {
		before = attempts->log;
		open_log(attempts, uri);
	}
	pthread_mutex_unlock(&attempts->lock);
	pl_login_log_close(&before, CLOSE_WAIT_MS);
}

void milter_attempts_show(struct milter_attempts *attempts,
			  const struct pl_connection_attempt *attempt)
{
	struct pl_error err;

	if (attempts == NULL)
		return;
	pthread_mutex_lock(&attempts->lock);
	if (attempts->log != NULL) {
		pl_login_log_show(attempts->log, attempt);
		if (pl_login_log_failure(attempts->log, &err))
			report(attempts, &err);
	}
	pthread_mutex_unlock(&attempts->lock);
}
