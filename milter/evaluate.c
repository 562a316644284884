/* evaluate.c - see evaluate.h. */
#include "milter/evaluate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/logins.h"
#include "daemon/metrics_pools.h"
#include "policy/account/audit.h"
#include "policy/base/monotonic.h"
#include "policy/forward/look_up.h"
#include "policy/login/live_policy.h"
#include "policy/store/store_pool.h"

#define LOOK_EVERY_MS 100 /* between two looks at the policy file */

struct milter {
	struct pl_live_policy *live;
	struct pl_store_pool *pool;
	struct pl_store_pool *attachment_pool;
	struct daemon_logins *logins;
	struct traffic traffic;
};

/* Where the policy file says. */
static int open_logins(struct milter *milter, struct pl_error *err)
{
	struct pl_snapshot *snapshot;

	if (pl_live_policy_hold(milter->live, pl_monotonic_ms(), &snapshot, err) < 0)
		return -1;
	if (milter->logins == NULL)
		milter->logins = daemon_logins_new(snapshot->policy->database);
	else
		daemon_logins_use(milter->logins, snapshot->policy->database);
	pl_snapshot_unref(&snapshot);
	return 0;
}

int milter_new(const char *policy_path, struct milter **milter_r, struct pl_error *err)
{
	const struct pl_live_options options = { .policy_path = policy_path,
						 .keys = PL_LIVE_HMAC_KEY,
						 .look_every_ms = LOOK_EVERY_MS,
						 .report = daemon_log_report };
	struct milter *milter = calloc(1, sizeof(*milter));

	*milter_r = NULL;
	if (milter == NULL || (milter->live = pl_live_policy_new(&options)) == NULL ||
	    (milter->pool = pl_store_pool_new(PL_ROLE_MILTER, PL_STORE_POOL_MOST)) == NULL ||
	    (milter->attachment_pool = pl_store_pool_new(PL_ROLE_USE, PL_STORE_POOL_MOST)) ==
		    NULL) {
		milter_free(&milter);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	pl_store_pool_limit_files(milter->pool);
	pl_store_pool_limit_files(milter->attachment_pool);
	if (pl_live_policy_read(milter->live, pl_monotonic_ms(), err) < 0 ||
	    open_logins(milter, err) < 0) {
		milter_free(&milter);
		return -1;
	}
	*milter_r = milter;
	return 0;
}

void milter_free(struct milter **milter_p)
{
	struct milter *milter = *milter_p;

	*milter_p = NULL;
	if (milter == NULL)
		return;
	daemon_logins_free(&milter->logins);
	pl_store_pool_free(&milter->pool);
	pl_store_pool_free(&milter->attachment_pool);
	pl_live_policy_free(&milter->live);
	free(milter);
}

int milter_reload(struct milter *milter, struct pl_error *err)
{
	return pl_live_policy_read(milter->live, pl_monotonic_ms(), err) < 0
		       ? -1
		       : open_logins(milter, err);
}

struct traffic *milter_traffic(struct milter *milter)
{
	return &milter->traffic;
}

void milter_add_metrics(struct milter *milter, struct metrics *metrics)
{
	const struct metrics_pool pools[] = { { "milter", milter->pool },
					      { "attachments", milter->attachment_pool } };

	traffic_add(&milter->traffic, metrics);
	metrics_add_pools(metrics, pools, sizeof(pools) / sizeof(pools[0]));
}

void milter_show(struct milter *milter, const struct pl_connection_attempt *attempt)
{
	daemon_logins_show(milter->logins, attempt);
}

/* What one evaluation holds of policy and store. */
struct evaluation {
	struct milter *milter;
	struct pl_snapshot *snapshot;
	struct pl_store *store;
	struct pl_budget budget;
};

static int begin(struct milter *milter, struct evaluation *evaluation, struct pl_error *err)
{
	evaluation->milter = milter;
	evaluation->budget.left_ms = PL_BUDGET_MS;
	if (pl_live_policy_hold(milter->live, pl_monotonic_ms(), &evaluation->snapshot, err) < 0)
		return -1;
	if (pl_store_pool_take(milter->pool, evaluation->snapshot->policy->database,
			       &evaluation->budget, &evaluation->store, err) == 0)
		return 0;
	pl_snapshot_unref(&evaluation->snapshot);
	return -1;
}

static void end(struct evaluation *evaluation, int failed)
{
	pl_store_pool_give(evaluation->milter->pool, &evaluation->store, failed);
	pl_snapshot_unref(&evaluation->snapshot);
}

void milter_count_refusal(struct milter *milter, const struct pl_address *member, const char *rule)
{
	struct pl_login_count count = {
		.hour = pl_hour_of(time(NULL)),
		.service = pl_setting_info(PL_SETTING_SMTP)->name,
		.channel = "unknown",
		.credential = pl_login_credential_name(PL_LOGIN_BY_UNKNOWN),
		.rule = rule,
		.outcome = PL_LOGIN_REFUSED,
		.count = 1,
	};
	struct evaluation evaluation;
	struct pl_error err;
	int ret;

	/* Where the database cannot be read, it is not known which domain it is. */
	if (member != NULL && begin(milter, &evaluation, &err) == 0) {
		ret = pl_login_count_domain(evaluation.store, member->domain, &count.domain_id,
					    &err);
		end(&evaluation, ret < 0);
	}
	daemon_logins_count(milter->logins, &count, NULL);
}

int milter_moment(struct milter *milter, struct moment *moment_r, struct pl_error *err)
{
	struct evaluation evaluation;
	int ret;

	memset(moment_r, 0, sizeof(*moment_r));
	if (begin(milter, &evaluation, err) < 0)
		return -1;
	ret = pl_audit_newest(evaluation.store, &moment_r->audit, err);
	moment_r->policy_changes = evaluation.snapshot->policy_changes;
	moment_r->is_known = ret == 0;
	end(&evaluation, ret < 0);
	return ret;
}

int milter_is_fresh(struct milter *milter, const char *login, const struct moment *since,
		    struct pl_address *member_r, struct pl_error *err)
{
	struct evaluation evaluation;
	int changed;

	if (begin(milter, &evaluation, err) < 0)
		return -1;
	/* A name that is not an address has no records; the policy file may concern it. */
	if (pl_address_parse(login, strlen(login), evaluation.snapshot->policy->default_domain,
			     member_r, NULL) < 0)
		memset(member_r, 0, sizeof(*member_r));
	changed = pl_audit_concerns(evaluation.store, member_r, since->audit, err);
	if (changed == 0)
		changed = !since->is_known ||
			  since->policy_changes != evaluation.snapshot->policy_changes;
	end(&evaluation, changed < 0);
	return changed < 0 ? -1 : !changed;
}

static int look_up(struct milter *milter, const struct pl_forward_question *question,
		   char answer_r[PL_FORWARD_ANSWER], struct pl_error *err)
{
	struct evaluation evaluation;
	int ret;

	if (begin(milter, &evaluation, err) < 0)
		return -1;
	ret = pl_forward_look_up(evaluation.store, evaluation.snapshot->policy,
				 pl_store_now(evaluation.store), question, answer_r, err);
	end(&evaluation, ret < 0 && err->code != PL_ERR_DATA);
	return ret;
}

int milter_forward(struct milter *milter, const struct pl_forward_question *question,
		   char answer_r[PL_FORWARD_ANSWER], struct pl_error *err)
{
	const int64_t began = pl_monotonic_ms();
	const int ret = look_up(milter, question, answer_r, err);
	enum traffic_forward answer = TRAFFIC_FAILED;

	if (ret >= 0)
		answer = ret == 1 ? TRAFFIC_FOUND : TRAFFIC_NOT_FOUND;
	traffic_count_forward(&milter->traffic, answer, pl_monotonic_ms() - began);
	return ret;
}

int milter_begin_attachments(struct milter *milter, const struct pl_address *member,
			     struct attachments *attachments_r, struct pl_error *err)
{
	struct pl_snapshot *snapshot;

	if (pl_live_policy_hold(milter->live, pl_monotonic_ms(), &snapshot, err) < 0)
		return -1;
	*attachments_r = (struct attachments){ .snapshot = snapshot,
					       .pool = milter->attachment_pool,
					       .member = member };
	return 0;
}

void milter_end_attachments(struct attachments *attachments)
{
	pl_snapshot_unref(&attachments->snapshot);
}

enum milter_bodies milter_bodies(struct milter *milter)
{
	enum milter_bodies bodies = MILTER_NO_BODIES;
	struct pl_snapshot *snapshot;
	struct pl_error err;

	if (pl_live_policy_hold(milter->live, pl_monotonic_ms(), &snapshot, &err) < 0)
		return bodies;
	if (snapshot->policy->attachment_url[0] != '\0')
		bodies = snapshot->policy->attachment_recipients != 0 ? MILTER_BODIES_FOR_OUTSIDE
								      : MILTER_BODIES;
	pl_snapshot_unref(&snapshot);
	return bodies;
}
