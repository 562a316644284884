/* look_up.c - see look_up.h. */
#include "policy/forward/look_up.h"

#include <string.h>

#include "policy/login/login.h"

struct look_up {
	struct pl_store *store;
	const struct pl_policy *policy;
	int64_t now;
};

/* Reads a target of the row into the step. */
static int read_target(struct pl_stmt *rows, struct pl_forward_step *step, struct pl_error *err)
{
	const char *text = pl_col_text(rows, "address");

	if (step->count == PL_FORWARD_TARGETS_MOST)
		return 0;
	if (text == NULL || pl_target_parse(text, &step->target[step->count], err) < 0) {
		pl_error_prefix(err, "forward of %s@%s", step->owner.local, step->owner.domain);
		err->code = PL_ERR_DATA;
		return -1;
	}
	step->count++;
	return pl_row_ok(rows, err);
}

static int read_step(struct pl_stmt *rows, struct pl_account *account,
		     struct pl_forward_step *step_r, struct pl_error *err)
{
	int ret = pl_step(rows, err);

	if (ret != 1)
		return ret;
	step_r->count = 0;
	if (pl_account_read(rows, account, err) < 0)
		ret = -1;
	step_r->owner = account->member.address;
	step_r->keep_copy = pl_col_int(rows, "keep_copy") != 0;
	while (ret == 1) {
		ret = read_target(rows, step_r, err);
		if (ret == 0)
			ret = pl_step(rows, err);
	}
	pl_reset(rows);
	return ret < 0 ? -1 : 1;
}

static int find(void *context, const struct pl_address *address, struct pl_forward_step *step_r,
		struct pl_error *err)
{
	const struct look_up *look_up = context;
	struct pl_account account;
	struct pl_stmt *rows;
	int ret;

	pl_account_unknown(address, &account);
	rows = pl_query(look_up->store, PL_SQL_FORWARD_STEP,
			PL_PARAMS(PL_TEXT("local", address->local),
				  PL_TEXT("domain", address->domain)));
	ret = read_step(rows, &account, step_r, err);
	return ret == 1 ? pl_forward_is_allowed(look_up->policy, &account, look_up->now) : ret;
}

struct pl_verdict pl_forward_verdict(const struct pl_policy *policy,
				     const struct pl_account *account, int64_t now)
{
	const struct pl_login forwarding = { .service = PL_SETTING_FORWARDING,
					     .offer = PL_OFFER_NOTHING,
					     .now = now };

	return pl_login_decide(policy, &forwarding, account);
}

int pl_forward_is_allowed(const struct pl_policy *policy, const struct pl_account *account,
			  int64_t now)
{
	return pl_forward_verdict(policy, account, now).outcome == PL_ALLOW;
}

int pl_forward_look_up(struct pl_store *store, const struct pl_policy *policy, int64_t now,
		       const struct pl_forward_question *question, char answer_r[PL_FORWARD_ANSWER],
		       struct pl_error *err)
{
	struct look_up look_up = { .store = store, .policy = policy, .now = now };

	return policy->member_forwards ? pl_forward_resolve(question, find, &look_up, answer_r, err)
				       : 0;
}
