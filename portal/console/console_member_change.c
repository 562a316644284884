/* console_member_change.c - see console_member_change.h. */
#include "portal/console/console_member_change.h"

#include "policy/account/outcome.h"
#include "portal/console/conflict.h"
#include "portal/console/console_change.h"
#include "portal/console/console_lockout.h"
#include "portal/signin/end_sessions.h"

int console_member_set(struct request *request, struct response *response,
		       const struct pl_change *change)
{
	const struct pl_account before = request->target;
	int ret = console_is_allowed(request, response, before.domain.name, change);

	if (ret != 1)
		return ret;
	if (pl_member_set(&request->work, request->policy, &request->target, change, NULL, NULL) <
	    0)
		return -1;
	if (console_is_self(request, request->target.member.id) &&
	    console_is_locked_out(request, &request->target))
		return respond_conflict(response, CONFLICT_OWN_ACCOUNT);
	ret = pl_outcome_shuts_out(&request->work, request->policy, &before, &request->target);
	if (ret < 0)
		return -1;
	if (ret == 1) {
		disconnect_afterwards(request);
		disconnection_add_member(&request->disconnection, &request->target.member.address);
	}
	return 1;
}

/* Reads the account of the new member: 1; 0 and the answer, -1. */
static int find_place(struct request *request, struct response *response,
		      const struct pl_address *address)
{
	struct pl_account *account = &request->target;
	int ret = 0;

	if (pl_account_get(request->work.store, address, account, request->work.err) < 0)
		return -1;
	if (account->domain.id != 0)
		ret = pl_administrator_reaches(request->work.store, &request->administrator,
					       account->domain.id, request->work.err);
	if (ret < 1 || !pl_domain_is_known(&account->domain, request->policy))
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	return account->member.id == 0 ? 1 : respond_conflict(response, CONFLICT_EXISTS);
}

int console_member_add(struct request *request, struct response *response,
		       const struct pl_address *address, const struct pl_change *change)
{
	struct pl_address place;
	int ret = find_place(request, response, address);

	if (ret == 1)
		ret = console_is_allowed(request, response, request->target.domain.name, change);
	if (ret != 1)
		return ret;
	/* Where the domain is an alias, the member is one of the other domain. */
	place = request->target.member.address;
	if (pl_member_add(&request->work, &place, change) < 0 ||
	    pl_account_get(request->work.store, &place, &request->target, request->work.err) < 0)
		return -1;
	return 1;
}
