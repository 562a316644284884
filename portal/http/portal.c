/* portal.c - policy, keys and database connections of the process; see portal.h.
 *
 * A request holds one snapshot of policy and keys from its beginning to its end, so that a
 * reload changes nothing that it already works with.
 */
#include "portal/http/portal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/logins.h"
#include "daemon/metrics_pools.h"
#include "policy/base/monotonic.h"
#include "policy/login/live_policy.h"
#include "policy/store/store_pool.h"
#include "portal/http/clock.h"
#include "portal/http/traffic.h"

#define LOOK_EVERY_MS 1000 /* between two looks at the policy file and the keys */

/* The roles whose connections serve requests, and how many each may have at a server. */
static const struct {
	enum pl_role role;
	const char *name; /* for metrics */
	size_t most;
} roles[] = { { PL_ROLE_PORTAL, "portal", PL_STORE_POOL_MOST },
	      { PL_ROLE_CONSOLE, "console", PL_STORE_POOL_MOST } };
#define ROLES (sizeof(roles) / sizeof(roles[0]))

struct portal {
	struct pl_live_policy *live;
	struct pl_store_pool *pools[ROLES]; /* of the roles, in their order */
	const struct route *routes;
	struct pages *pages;
	struct daemon_logins *logins;
	struct pl_member_index *members;
	struct traffic traffic;
	int64_t pruned_at;    /* seconds since 1970; atomic. 0: not yet */
	pthread_mutex_t lock; /* for what follows */
	struct clock_guard clock;
	struct pl_brand *brand; /* of the last good policy */
};

static void take_brand(struct portal *portal, struct pl_brand *brand)
{
	struct pl_brand *former;

	pthread_mutex_lock(&portal->lock);
	former = portal->brand;
	portal->brand = brand;
	pthread_mutex_unlock(&portal->lock);
	pl_brand_unref(&former);
}

/* What the values must look like is the policy's own rule. The brand is read whenever the policy
 * is, and a wrong one is refused with it. */
static int check(void *context, const struct pl_policy *policy, struct pl_error *err)
{
	struct pl_brand *brand;

	if (policy->portal_url[0] == '\0')
		return pl_error_set(err, PL_ERR_CONFIG, "%s: portal_url is not set",
				    policy->files[0]);
	if (pl_brand_load(policy->brand_dir, &brand, err) < 0)
		return -1;
	take_brand(context, brand);
	return 0;
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

static int open_logins(struct portal *portal, struct pl_error *err)
{
	struct pl_snapshot *snapshot;

	if (pl_live_policy_hold(portal->live, pl_monotonic_ms(), &snapshot, err) < 0)
		return -1;
	portal->logins = daemon_logins_new(snapshot->policy->database);
	pl_snapshot_unref(&snapshot);
	return 0;
}

int portal_new(const char *policy_path, const char *web_path, const struct route *routes,
	       struct portal **portal_r, struct pl_error *err)
{
	struct portal *portal = calloc(1, sizeof(*portal));
	const struct pl_live_options options = { .policy_path = policy_path,
						 .keys = PL_LIVE_HMAC_KEY | PL_LIVE_SEAL_KEY |
							 PL_LIVE_OUTBOX_KEY,
						 .look_every_ms = LOOK_EVERY_MS,
						 .check = check,
						 .report = daemon_log_report,
						 .context = portal };

	*portal_r = NULL;
	if (portal == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	pthread_mutex_init(&portal->lock, NULL);
	portal->routes = routes;
	if ((portal->live = pl_live_policy_new(&options)) == NULL || open_pools(portal) < 0 ||
	    (portal->members = pl_member_index_new()) == NULL) {
		portal_free(&portal);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	if (pl_live_policy_read(portal->live, pl_monotonic_ms(), err) < 0 ||
	    pages_load(web_path, &portal->pages, err) < 0 || open_logins(portal, err) < 0) {
		portal_free(&portal);
		return -1;
	}
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
	daemon_logins_free(&portal->logins);
	pl_member_index_free(&portal->members);
	pages_free(&portal->pages);
	pl_live_policy_free(&portal->live);
	pl_brand_unref(&portal->brand);
	pthread_mutex_destroy(&portal->lock);
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

int portal_reload(struct portal *portal, struct pl_error *err)
{
	return pl_live_policy_read(portal->live, pl_monotonic_ms(), err);
}

int portal_hold(struct portal *portal, struct request *request, struct pl_error *err)
{
	if (pl_live_policy_hold(portal->live, pl_monotonic_ms(), &request->held, err) < 0)
		return -1;
	request->portal = portal;
	request->policy = request->held->policy;
	request->verify = request->held->hmac_key;
	request->seal = request->held->seal_key;
	request->work.outbox = request->held->outbox_key;
	pthread_mutex_lock(&portal->lock);
	request->brand = pl_brand_ref(portal->brand);
	pthread_mutex_unlock(&portal->lock);
	return 0;
}

void portal_release(struct request *request)
{
	pl_snapshot_unref(&request->held);
	pl_brand_unref(&request->brand);
	request->policy = NULL;
	request->verify = request->seal = NULL;
	request->work.outbox = NULL;
}

/* Also when no code has been offered for long, so that a leap is noticed. */
static int look_at_clock(struct portal *portal, int64_t now, struct pl_error *err)
{
	int ret;

	pthread_mutex_lock(&portal->lock);
	ret = clock_guard_check(&portal->clock, now, clock_since_boot(), err);
	pthread_mutex_unlock(&portal->lock);
	return ret;
}

int portal_clock(const struct request *request, struct pl_error *err)
{
	return look_at_clock(request->portal, request->work.now, err);
}

int portal_take(struct request *request, struct pl_error *err)
{
	struct pl_store_pool *pool = pool_of(request->portal, request->route->role);

	if (request->route->role == PL_ROLE_NONE)
		return 0;
	if (pool == NULL)
		return pl_error_set(err, PL_ERR_INTERNAL, "route %s %s: its role has no pool",
				    request->route->method, request->route->path);
	return pl_store_pool_take(pool, request->policy->database, &request->budget,
				  &request->work.store, err);
}

void portal_give(struct request *request, int failed)
{
	if (request->work.store == NULL)
		return;
	pl_store_rollback(request->work.store); /* nothing is open after a commit */
	pl_store_pool_give(pool_of(request->portal, request->route->role), &request->work.store,
			   failed);
}

void portal_count_request(struct portal *portal, const struct route *route, int status, int64_t ms)
{
	traffic_count(&portal->traffic, route, status, ms);
}

struct pl_member_index *portal_members(const struct portal *portal)
{
	return portal->members;
}

void portal_note_prune(struct portal *portal)
{
	__atomic_store_n(&portal->pruned_at, (int64_t)time(NULL), __ATOMIC_RELAXED);
}

static void add_pools(struct portal *portal, struct metrics *metrics)
{
	struct metrics_pool pools[ROLES];

	for (size_t i = 0; i < ROLES; i++)
		pools[i] = (struct metrics_pool){ roles[i].name, portal->pools[i] };
	metrics_add_pools(metrics, pools, ROLES);
}

void portal_add_metrics(struct portal *portal, struct metrics *metrics)
{
	const int64_t pruned_at = __atomic_load_n(&portal->pruned_at, __ATOMIC_RELAXED);

	traffic_add(&portal->traffic, metrics);
	add_pools(portal, metrics);
	metrics_add_one(metrics, "postlatch_prune_last_success_timestamp_seconds", "gauge",
			"When this portal last removed what has expired; 0: not yet.",
			(double)pruned_at);
}

void portal_count(const struct request *request, const struct pl_login_count *count)
{
	daemon_logins_use(request->portal->logins, request->policy->database);
	daemon_logins_count(request->portal->logins, count, &request->ip);
}

/* What is done beside requests, in a connection of a role. */
struct job {
	enum pl_role role;
	int (*run)(const struct pl_work *work, const struct pl_snapshot *snapshot, void *context);
	void *context;
};

static int run(struct portal *portal, const struct job *job, struct pl_error *err)
{
	struct pl_store_pool *pool = pool_of(portal, job->role);
	struct pl_snapshot *snapshot;
	struct pl_work work = { .err = err };
	int ret;

	if (pl_live_policy_hold(portal->live, pl_monotonic_ms(), &snapshot, err) < 0)
		return -1;
	work.outbox = snapshot->outbox_key;
	ret = pl_store_pool_take(pool, snapshot->policy->database, NULL, &work.store, err);
	if (ret == 0) {
		work.now = pl_store_now(work.store);
		(void)look_at_clock(portal, work.now, NULL);
		ret = job->run(&work, snapshot, job->context);
		pl_store_pool_give(pool, &work.store, ret < 0);
	}
	pl_snapshot_unref(&snapshot);
	return ret;
}

static int run_and_log(struct portal *portal, const char *doing, const struct job *job)
{
	struct pl_error err = { 0 };
	int ret = run(portal, job, &err);

	if (ret >= 0)
		return ret;
	pl_error_prefix(&err, "%s", doing);
	daemon_log_failure(NULL, &err);
	return -1;
}

int portal_run_with_keys(struct portal *portal, const char *doing,
			 int (*job)(const struct pl_work *work, const struct pl_snapshot *snapshot,
				    void *context),
			 void *context)
{
	return run_and_log(portal, doing, &(struct job){ PL_ROLE_PORTAL, job, context });
}

/* A job that needs no keys. */
struct keyless_job {
	int (*run)(const struct pl_work *work, const struct pl_policy *policy, void *context);
	void *context;
};

static int run_keyless(const struct pl_work *work, const struct pl_snapshot *snapshot,
		       void *context)
{
	const struct keyless_job *job = context;

	return job->run(work, snapshot->policy, job->context);
}

int portal_run_as(struct portal *portal, enum pl_role role, const char *doing,
		  int (*job)(const struct pl_work *work, const struct pl_policy *policy,
			     void *context),
		  void *context)
{
	struct keyless_job keyless = { job, context };

	return run_and_log(portal, doing, &(struct job){ role, run_keyless, &keyless });
}

/* A job without a context. */
struct plain_job {
	int (*run)(const struct pl_work *work, const struct pl_policy *policy);
};

static int run_plain(const struct pl_work *work, const struct pl_policy *policy, void *context)
{
	const struct plain_job *job = context;

	return job->run(work, policy);
}

int portal_run(struct portal *portal, const char *doing,
	       int (*job)(const struct pl_work *work, const struct pl_policy *policy))
{
	struct plain_job plain = { job };

	return portal_run_as(portal, PL_ROLE_PORTAL, doing, run_plain, &plain);
}
