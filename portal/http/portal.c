/* portal.c - policy, keys and database connections of the process; see portal.h.
 *
 * A request holds one snapshot of policy and keys from its begin to its end, so
 * that a reload changes nothing under its feet.
 */
#include "portal/http/portal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "portal/http/clock.h"
#include "portal/http/form.h"
#include "policy/store/store_pool.h"
#include "policy/base/watch.h"
#include "daemon/log.h"
#include "policy/session/session.h"

#define WATCHES_MAX 67 /* policy.c reads at most 64 files; and two keys */
#define NAME_BYTES 64  /* authenticator apps show it, and divide it from the account by a colon */

struct snapshot {
	int refcount; /* atomic */
	struct pl_policy *policy;
	struct pl_keys *verify, *seal; /* NULL: refused, and logged */
};

/* The roles whose connections serve requests, and how many each may have at a server. */
static const struct {
	enum pl_role role;
	size_t most;
} roles[] = { { PL_ROLE_PORTAL, PL_STORE_POOL_MOST } };
#define ROLES (sizeof(roles) / sizeof(roles[0]))

struct portal {
	char *path;
	struct pl_store_pool *pools[ROLES]; /* of the roles, in their order */
	const struct route *routes;
	struct pages *pages;
	pthread_mutex_t lock; /* for what follows */
	struct snapshot *now;
	struct pl_watch watches[WATCHES_MAX];
	size_t watch_count;
	time_t looked_at;
	struct clock_guard clock;
};

static void unref(struct snapshot **snapshot_p)
{
	struct snapshot *snapshot = *snapshot_p;

	*snapshot_p = NULL;
	if (snapshot == NULL || __atomic_sub_fetch(&snapshot->refcount, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	pl_policy_unref(&snapshot->policy);
	pl_keys_free(&snapshot->verify);
	pl_keys_free(&snapshot->seal);
	free(snapshot);
}

/* Where a browser's Origin header must be equal to it, spelling matters. */
static int check_url(const struct pl_policy *policy, struct pl_error *err)
{
	const char *url = policy->portal_url;
	size_t scheme = strncmp(url, "https://", 8) == 0  ? 8
			: strncmp(url, "http://", 7) == 0 ? 7
							  : 0;

	if (url[0] == '\0')
		return pl_error_set(err, PL_ERR_CONFIG, "%s: portal_url is not set",
				    policy->files[0]);
	if (scheme == 0 || url[scheme] == '\0' ||
	    url[scheme + strspn(url + scheme, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]")] != '\0')
		return pl_error_set(err, PL_ERR_CONFIG,
				    "%s: portal_url = %s: it must be https://NAME or "
				    "https://NAME:PORT, in "
				    "lower case, with nothing behind",
				    policy->files[0], url);
	return 0;
}

/* A link of our pages: nothing that a browser would run. */
static int check_webmail(const struct pl_policy *policy, struct pl_error *err)
{
	const char *url = policy->webmail_url;

	if (url[0] == '\0' ||
	    ((strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0) &&
	     text_is_clean(url, strlen(url)) && strchr(url, ' ') == NULL))
		return 0;
	return pl_error_set(err, PL_ERR_CONFIG, "%s: webmail_url = %s: it must begin with https://",
			    policy->files[0], url);
}

/* Both stand in headers of mail. */
static int check_mail(const struct pl_policy *policy, struct pl_error *err)
{
	const char *from = policy->mail_from, *name = policy->portal_name;

	if (strchr(from, '@') == NULL || !text_is_clean(from, strlen(from)) ||
	    from[strcspn(from, " <>()[],;:\"\\")] != '\0' || from[0] == '-')
		return pl_error_set(err, PL_ERR_CONFIG,
				    "%s: mail_from = %s: it must be a mail address",
				    policy->files[0], from);
	if (name[0] == '\0' || strlen(name) > NAME_BYTES || !text_is_clean(name, strlen(name)) ||
	    strchr(name, ':') != NULL)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "%s: portal_name must have 1 to %d bytes, without a colon",
				    policy->files[0], NAME_BYTES);
	return 0;
}

static void load_key(const char *path, struct pl_keys **keys_r)
{
	struct pl_error err = { 0 };

	if (pl_keys_load(path, keys_r, &err) < 0)
		daemon_log(LOG_ERR, "%s; what needs it is refused", err.msg);
}

static int load(const char *path, struct snapshot **snapshot_r, struct pl_error *err)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	*snapshot_r = NULL;
	if (snapshot == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	snapshot->refcount = 1;
	if (pl_policy_load(path, &snapshot->policy, err) < 0 ||
	    check_url(snapshot->policy, err) < 0 || check_webmail(snapshot->policy, err) < 0 ||
	    check_mail(snapshot->policy, err) < 0) {
		unref(&snapshot);
		return -1;
	}
	load_key(snapshot->policy->verify_key, &snapshot->verify);
	load_key(snapshot->policy->seal_key, &snapshot->seal);
	*snapshot_r = snapshot;
	return 0;
}

static void watch_files(struct portal *portal)
{
	const struct pl_policy *policy = portal->now->policy;
	size_t count = 0;

	pl_watch_set(&portal->watches[count++], policy->verify_key);
	pl_watch_set(&portal->watches[count++], policy->seal_key);
	for (size_t i = 0; i < policy->file_count && count < WATCHES_MAX; i++)
		pl_watch_set(&portal->watches[count++], policy->files[i]);
	portal->watch_count = count;
}

static int open_pools(struct portal *portal)
{
	for (size_t i = 0; i < ROLES; i++) {
		portal->pools[i] = pl_store_pool_new(roles[i].role, roles[i].most);
		if (portal->pools[i] == NULL)
			return -1;
	}
	return 0;
}

/* NULL: no pool has that role; then the row is wrong. */
static struct pl_store_pool *pool_of(const struct portal *portal, enum pl_role role)
{
	for (size_t i = 0; i < ROLES; i++) {
		if (roles[i].role == role)
			return portal->pools[i];
	}
	return NULL;
}

int portal_new(const char *policy_path, const char *web_path, const struct route *routes,
	       struct portal **portal_r, struct pl_error *err)
{
	struct portal *portal = calloc(1, sizeof(*portal));

	*portal_r = NULL;
	if (portal == NULL || (portal->path = strdup(policy_path)) == NULL ||
	    open_pools(portal) < 0) {
		portal_free(&portal);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	portal->routes = routes;
	pthread_mutex_init(&portal->lock, NULL);
	if (load(policy_path, &portal->now, err) < 0 ||
	    pages_load(web_path, &portal->pages, err) < 0) {
		portal_free(&portal);
		return -1;
	}
	watch_files(portal);
	clock_guard_start(&portal->clock, time(NULL), clock_since_boot());
	*portal_r = portal;
	return 0;
}

void portal_free(struct portal **portal_p)
{
	struct portal *portal = *portal_p;

	*portal_p = NULL;
	if (portal == NULL)
		return;
	for (size_t i = 0; i < ROLES; i++)
		pl_store_pool_free(&portal->pools[i]);
	pages_free(&portal->pages);
	unref(&portal->now);
	free(portal->path);
	free(portal);
}

const struct pages *portal_pages(const struct portal *portal)
{
	return portal->pages;
}

const struct route *portal_routes(const struct portal *portal)
{
	return portal->routes;
}

static void drain(struct portal *portal)
{
	for (size_t i = 0; i < ROLES; i++)
		pl_store_pool_drain(portal->pools[i]);
}

/* With the lock held: libconfuse does not read two files at once either. */
static int reload(struct portal *portal, struct pl_error *err)
{
	struct snapshot *snapshot;

	if (load(portal->path, &snapshot, err) < 0)
		return pl_error_prefix(err, "keeping the last good policy");
	if (strcmp(snapshot->policy->database, portal->now->policy->database) != 0)
		drain(portal);
	unref(&portal->now);
	portal->now = snapshot;
	watch_files(portal);
	return 0;
}

int portal_reload(struct portal *portal, struct pl_error *err)
{
	int ret;

	pthread_mutex_lock(&portal->lock);
	ret = reload(portal, err);
	pthread_mutex_unlock(&portal->lock);
	return ret;
}

/* With the lock held; looks at most once a second. */
static void reload_if_changed(struct portal *portal)
{
	struct pl_error err = { 0 };
	int changed = 0, ret;

	if (portal->looked_at == time(NULL))
		return;
	portal->looked_at = time(NULL);
	/* Every one is looked at, so that each is noted as it is now. */
	for (size_t i = 0; i < portal->watch_count; i++)
		changed |= pl_watch_changed(&portal->watches[i]);
	if (!changed)
		return;
	ret = reload(portal, &err);
	daemon_log(ret < 0 ? LOG_ERR : LOG_INFO, "%s",
		   ret < 0 ? err.msg : "policy file: read again");
}

void portal_hold(struct portal *portal, struct request *request)
{
	pthread_mutex_lock(&portal->lock);
	reload_if_changed(portal);
	request->held = portal->now;
	__atomic_add_fetch(&request->held->refcount, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&portal->lock);
	request->portal = portal;
	request->policy = request->held->policy;
	request->verify = request->held->verify;
	request->seal = request->held->seal;
}

void portal_release(struct request *request)
{
	unref(&request->held);
	request->policy = NULL;
	request->verify = request->seal = NULL;
}

int portal_clock(const struct request *request, struct pl_error *err)
{
	struct portal *portal = request->portal;
	int ret;

	pthread_mutex_lock(&portal->lock);
	ret = clock_guard_check(&portal->clock, request->now, clock_since_boot(), err);
	pthread_mutex_unlock(&portal->lock);
	return ret;
}

int portal_take(struct request *request, struct pl_error *err)
{
	struct pl_store_pool *pool = pool_of(request->portal, request->route->role);

	if (pool == NULL)
		return pl_error_set(err, PL_ERR_INTERNAL, "route %s %s: its role has no pool",
				    request->route->method, request->route->path);
	return pl_store_pool_take(pool, request->policy->database, &request->store, err);
}

void portal_give(struct request *request, int failed)
{
	pl_store_pool_give(pool_of(request->portal, request->route->role), &request->store, failed);
}

void portal_sweep(struct portal *portal)
{
	struct pl_store_pool *pool = pool_of(portal, PL_ROLE_PORTAL);
	struct request request = { .portal = NULL };
	struct pl_store *store;
	struct pl_error err = { 0 };
	int ret;

	portal_hold(portal, &request);
	ret = pl_store_pool_take(pool, request.policy->database, &store, &err);
	if (ret == 0) {
		ret = pl_session_sweep(store, time(NULL), &err);
		pl_store_pool_give(pool, &store, ret < 0);
	}
	portal_release(&request);
	if (ret < 0) {
		pl_error_prefix(&err, "removing what has expired");
		daemon_log_failure(NULL, &err);
	}
}
