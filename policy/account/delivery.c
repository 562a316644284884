/* delivery.c - see delivery.h. */
#include "policy/account/delivery.h"

#include <string.h>

#include "policy/account/member.h"
#include "policy/settings/decide.h"

int pl_delivery_is_like(const struct pl_delivery *a, const struct pl_delivery *b)
{
	if (a->member_id != 0 || b->member_id != 0)
		return a->member_id == b->member_id;
	return strcmp(a->address.local, b->address.local) == 0 &&
	       strcmp(a->address.domain, b->address.domain) == 0;
}

/* 0: there is none. -1 on error. */
static int64_t member_of(const struct pl_work *work, const struct pl_delivery *delivery)
{
	struct pl_account account;

	if (delivery->member_id != 0)
		return delivery->member_id;
	if (pl_account_get(work->store, &delivery->address, &account, work->err) < 0)
		return -1;
	return account.member.id;
}

int pl_delivery_write(const struct pl_work *work, const struct pl_delivery *delivery)
{
	const int64_t member_id = member_of(work, delivery);
	int64_t changed;

	if (member_id <= 0)
		return (int)member_id;
	changed =
		pl_exec_count(work->store, PL_SQL_DELIVERY_SET,
			      PL_PARAMS(PL_INT("at", delivery->at), PL_INT("member_id", member_id),
					PL_INT("every", PL_DELIVERY_EVERY)),
			      work->err);
	if (changed <= 0)
		return (int)changed;
	return pl_exec(work->store, PL_SQL_MEMBER_STATE_RECEIVED,
		       PL_PARAMS(PL_INT("day", delivery->at / PL_DAY_SECONDS),
				 PL_INT("member_id", member_id)),
		       work->err);
}
