/* own.c - see own.h. */
#include "policy/forward/own.h"

#include <string.h>

#include "policy/forward/rows.h"

/* Whether its mail stays on this server: 1, 0 or -1. */
static int is_inside(const struct pl_work *work, const struct pl_policy *policy, const char *name)
{
	struct pl_domain domain;
	const int ret = pl_domain_get(work->store, name, &domain, work->err);

	if (ret < 0)
		return -1;
	return ret == 1 ? pl_domain_is_known(&domain, policy)
			: pl_policy_domain(policy, name) != NULL;
}

/* Checks the new target with those that there are, as a command that sets all of them does. */
static int check(const struct pl_work *work, const struct pl_policy *policy,
		 const struct pl_account *account, const struct pl_forward *forward,
		 const char *text, struct pl_target *target_r, enum pl_target_fault *fault_r)
{
	const char *texts[PL_FORWARD_TARGETS_MOST + 1];
	struct pl_target targets[PL_FORWARD_TARGETS_MOST];

	for (size_t i = 0; i < forward->count; i++)
		texts[i] = forward->target[i].address;
	texts[forward->count] = text;
	if (pl_forward_check(work, policy, account, texts, forward->count + 1, targets, fault_r) ==
	    0) {
		*target_r = targets[forward->count];
		return 1;
	}
	return work->err->code == PL_ERR_INVALID ? 0 : -1;
}

static int insert(const struct pl_work *work, const struct pl_policy *policy,
		  const struct pl_account *account, const struct pl_forward *before,
		  const struct pl_target *target, int64_t *id_r)
{
	const int64_t id = account->member.id;
	const int inside = is_inside(work, policy, target->address.domain);

	if (inside < 0 || (before->member_id == 0 && pl_forward_put(work, id, 1, 1) < 0) ||
	    pl_forward_insert(work, id, target, inside ? PL_TARGET_INSIDE : "", id_r) < 0)
		return -1;
	return pl_forward_record(work, policy, account, inside ? "forward.set" : "forward.code",
				 before);
}

static int find(const struct pl_work *work, const struct pl_policy *policy,
		const struct pl_account *account, int64_t target_id,
		struct pl_forward_target *target_r)
{
	struct pl_forward forward;

	if (pl_forward_get(work->store, policy, account->member.id, &forward, work->err) < 0)
		return -1;
	for (size_t i = 0; i < forward.count; i++) {
		if (forward.target[i].id == target_id) {
			*target_r = forward.target[i];
			return 1;
		}
	}
	return 0;
}

int pl_forward_add_target(const struct pl_work *work, const struct pl_policy *policy,
			  const struct pl_account *account, const char *text,
			  struct pl_forward_target *added_r, enum pl_target_fault *fault_r)
{
	struct pl_forward before = { .count = 0 };
	struct pl_target target;
	int64_t id;
	int ret;

	if (pl_forward_get(work->store, policy, account->member.id, &before, work->err) < 0)
		return -1;
	ret = check(work, policy, account, &before, text, &target, fault_r);
	if (ret != 1)
		return ret;
	return insert(work, policy, account, &before, &target, &id) < 0
		       ? -1
		       : find(work, policy, account, id, added_r);
}

int pl_forward_remove_target(const struct pl_work *work, const struct pl_policy *policy,
			     const struct pl_account *account, int64_t target_id)
{
	struct pl_forward before = { .count = 0 };
	int64_t removed;

	if (pl_forward_get(work->store, policy, account->member.id, &before, work->err) < 0)
		return -1;
	if (before.count == 1 && before.target[0].id == target_id)
		return pl_forward_clear(work, policy, account);
	removed = pl_exec_count(work->store, PL_SQL_FORWARD_TARGET_DELETE,
				PL_PARAMS(PL_INT("member_id", account->member.id),
					  PL_INT("target_id", target_id)),
				work->err);
	if (removed == 1 && pl_forward_record(work, policy, account, "forward.set", &before) < 0)
		return -1;
	return (int)removed;
}

int pl_forward_adjust(const struct pl_work *work, const struct pl_policy *policy,
		      const struct pl_account *account, int enabled, int keep_copy)
{
	struct pl_forward before;
	const int ret = pl_forward_get(work->store, policy, account->member.id, &before, work->err);

	if (ret != 1)
		return ret;
	if (before.is_enabled == enabled && before.keep_copy == keep_copy)
		return 0;
	if (pl_forward_put(work, account->member.id, enabled, keep_copy) < 0 ||
	    pl_forward_record(work, policy, account, "forward.set", &before) < 0)
		return -1;
	return 1;
}
