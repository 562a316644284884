/* portal.h - what all requests share: policy, keys, database connections, pages. */
#ifndef POSTLATCH_PORTAL_PORTAL_H
#define POSTLATCH_PORTAL_PORTAL_H

#include "daemon/metrics.h"
#include "policy/account/login_count.h"
#include "policy/admin/member_index.h"
#include "portal/http/pages.h"
#include "portal/http/request.h"
#include "portal/http/route.h"

/* The policy file and the keys of this process, kept up to date (policy/login/live_policy.h),
 * its database connections and its pages. */
struct portal;
/* routes is the table that is served; it outlives the portal. -1: the policy, or a page, is
 * wrong. */
int portal_new(const char *policy_path, const char *web_path, const struct route *routes,
	       struct portal **portal_r, struct pl_error *err);
void portal_free(struct portal **portal);
/* Reads policy, keys and brand again. -1: the last good policy is kept, with its brand. */
int portal_reload(struct portal *portal, struct pl_error *err);
/* Runs a job of the portal itself, which belongs to no request, with a connection to the database.
 * 0, or -1: what could not be done is logged. doing says what, for the log. */
int portal_run(struct portal *portal, const char *doing,
	       int (*job)(const struct pl_work *work, const struct pl_policy *policy));
/* The same for a thread of its own, with a context for the job, and a connection of that role.
 * What the job returns, or -1. */
int portal_run_as(struct portal *portal, enum pl_role role, const char *doing,
		  int (*job)(const struct pl_work *work, const struct pl_policy *policy,
			     void *context),
		  void *context);
/* The same with a connection of the portal, and the keys of the policy. */
int portal_run_with_keys(struct portal *portal, const char *doing,
			 int (*job)(const struct pl_work *work, const struct pl_snapshot *snapshot,
				    void *context),
			 void *context);
const struct pages *portal_pages(const struct portal *portal);
const struct route *portal_routes(const struct portal *portal);
/* Fills policy, keys and brand of a request, which stay until portal_release, whatever is read
 * again in between. 0, or -1 and the error. */
int portal_hold(struct portal *portal, struct request *request, struct pl_error *err);
void portal_release(struct request *request);
/* Fills the store, with a connection of the role that serves the request's route. The roles have
 * a pool each, so that no role waits for connections of another. A store that failed is not
 * used again. The dispatcher takes one before the handler runs and gives it back after it. A
 * handler that waits for anything but the database gives it back meanwhile, outside of a
 * transaction: else a few slow answers of Dovecot would use up all connections. */
int portal_take(struct request *request, struct pl_error *err);
/* Does nothing for a request that has none. */
void portal_give(struct request *request, int failed);

/* A request was answered; see traffic.h. route may be NULL. */
void portal_count_request(struct portal *portal, const struct route *route, int status, int64_t ms);
/* What has expired was removed. */
void portal_note_prune(struct portal *portal);
/* What lists of members are read from. Brought up to date by whoever reads one. */
struct pl_member_index *portal_members(const struct portal *portal);

/* What is counted in this process, and how its connections to the database are. */
void portal_add_metrics(struct portal *portal, struct metrics *metrics);

/* Counts logins (policy/account/login_log.h). Never waits. */
void portal_count(const struct request *request, const struct pl_login_count *count);

/* 0 when the clock can be trusted with one-time codes; else -1, see clock.h. */
int portal_clock(const struct request *request, struct pl_error *err);

#endif
