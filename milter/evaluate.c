/* evaluate.c - see evaluate.h. */
#include "milter/evaluate.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "daemon/log.h"
#include "policy/base/monotonic.h"
#include "policy/login/live_policy.h"
#include "policy/store/store_pool.h"

#define LOOK_EVERY_MS 1000 /* between two looks at the policy file */

struct milter {
	struct pl_live_policy *live;
	struct pl_store_pool *pool;
};

int milter_new(const char *policy_path, struct milter **milter_r, struct pl_error *err)
{
	const struct pl_live_options options = { .policy_path = policy_path,
						 .look_every_ms = LOOK_EVERY_MS,
						 .report = daemon_log_report };
	struct milter *milter = calloc(1, sizeof(*milter));

	*milter_r = NULL;
	if (milter == NULL || (milter->live = pl_live_policy_new(&options)) == NULL ||
	    (milter->pool = pl_store_pool_new(PL_ROLE_MILTER, PL_STORE_POOL_MOST)) == NULL) {
		milter_free(&milter);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	if (pl_live_policy_read(milter->live, pl_monotonic_ms(), err) < 0) {
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
	pl_store_pool_free(&milter->pool);
	pl_live_policy_free(&milter->live);
	free(milter);
}

int milter_reload(struct milter *milter, struct pl_error *err)
{
	return pl_live_policy_read(milter->live, pl_monotonic_ms(), err);
}

int milter_is_resent_network(struct milter *milter, const struct pl_ip *ip)
{
	struct pl_snapshot *snapshot;
	struct pl_error err;
	int is;

	/* When it cannot be told, the end of the message fails. */
	if (pl_live_policy_hold(milter->live, pl_monotonic_ms(), &snapshot, &err) < 0)
		return 1;
	is = pl_network_list_has(&snapshot->policy->resent_networks, ip);
	pl_snapshot_unref(&snapshot);
	return is;
}

/* What one evaluation holds of policy and store. */
struct evaluation {
	struct milter *milter;
	struct pl_snapshot *snapshot;
	struct pl_store *store;
};

static int begin(struct milter *milter, struct evaluation *evaluation, struct pl_error *err)
{
	evaluation->milter = milter;
	if (pl_live_policy_hold(milter->live, pl_monotonic_ms(), &evaluation->snapshot, err) < 0)
		return -1;
	if (pl_store_pool_take(milter->pool, evaluation->snapshot->policy->database,
			       &evaluation->store, err) == 0)
		return 0;
	pl_snapshot_unref(&evaluation->snapshot);
	return -1;
}

static void end(struct evaluation *evaluation, int failed)
{
	pl_store_pool_give(evaluation->milter->pool, &evaluation->store, failed);
	pl_snapshot_unref(&evaluation->snapshot);
}

int evaluate_submission(struct milter *milter, const struct submission *submission,
			struct decision *decision_r, struct pl_error *err)
{
	const struct pl_login login = {
		.user = submission->login,
		.user_len = strlen(submission->login),
		.service = PL_SETTING_SMTP,
		.offer = PL_OFFER_EARLIER,
		.mechanism = submission->mechanism,
		.ip = submission->ip,
		.now = time(NULL),
	};
	struct pl_login_result result;
	struct evaluation evaluation;
	int ret;

	memset(decision_r, 0, sizeof(*decision_r));
	if (begin(milter, &evaluation, err) < 0)
		return -1;
	ret = pl_login_evaluate(evaluation.store, evaluation.snapshot->policy, NULL, &login,
				&result, err);
	if (ret == 0) {
		decision_r->member = result.address;
		decision_r->verdict = result.verdict;
	}
	end(&evaluation, ret < 0);
	return ret;
}

/* Reads the account that a trace field names. 1 when it decides, 0 when it does not, -1. */
static int field_account(const struct evaluation *evaluation, const struct trace_field *field,
			 struct pl_account *account_r, struct pl_error *err)
{
	struct pl_address base = field->address;

	if (pl_account_get(evaluation->store, &field->address, account_r, err) < 0)
		return -1;
	if (account_r->member.id == 0 &&
	    pl_address_strip_extension(&base, evaluation->snapshot->policy->recipient_delimiter) &&
	    pl_account_get(evaluation->store, &base, account_r, err) < 0)
		return -1;
	/* Pigeonhole names the owner of a script, known to us or not. Lists and
	 * aliases leave a Delivered-To too, and are no members. */
	return field->kind == TRACE_SIEVE || account_r->member.id != 0;
}

static int evaluate_field(const struct evaluation *evaluation, const struct trace_field *field,
			  struct decision *decision_r, struct pl_error *err)
{
	struct pl_facts facts = { .service = PL_SETTING_FORWARDING,
				  .credential = PL_CREDENTIAL_EARLIER };
	struct pl_account account;
	int ret = field_account(evaluation, field, &account, err);

	if (ret <= 0)
		return ret;
	pl_account_layers(&account, evaluation->snapshot->policy, &facts.layers);
	decision_r->member = field->address;
	decision_r->verdict = pl_decide(&facts);
	decision_r->field = field;
	return 1;
}

int evaluate_forwarded(struct milter *milter, const struct message *message,
		       struct decision *decision_r, struct pl_error *err)
{
	struct evaluation evaluation;
	int ret = 0;

	memset(decision_r, 0, sizeof(*decision_r));
	if (begin(milter, &evaluation, err) < 0)
		return -1;
	/* Fields nearer the top were put there later: the first that names a member names the
	 * one who forwards it now. What others did before is done. */
	for (size_t i = 0; i < message->field_count && ret == 0; i++)
		ret = evaluate_field(&evaluation, &message->fields[i], decision_r, err);
	end(&evaluation, ret < 0);
	return ret < 0 ? -1 : 0;
}
