/* app_password_narrow.c - an app password that can do less from now on; see app_password.h.
 *
 * It never can do more: whoever has seen it, or keeps it somewhere, would have more, too.
 */
#include <stdio.h>

#include "policy/credential/app_password.h"

static int is_within(const struct pl_app_password *wanted, const struct pl_app_password *was,
		     int64_t now, struct pl_error *err)
{
	if (!pl_services_within(wanted->services, was->services))
		return 0;
	if (wanted->expires_at == 0 ? was->expires_at != 0 : wanted->expires_at <= now)
		return 0;
	if (was->expires_at != 0 && wanted->expires_at > was->expires_at)
		return 0;
	if (was->networks[0] == '\0')
		return pl_network_list_check(wanted->networks, err) < 0 ? -1 : 1;
	return wanted->networks[0] == '\0'
		       ? 0
		       : pl_network_list_within(wanted->networks, was->networks, err);
}

static int record(const struct pl_work *work, const char *address,
		  const struct pl_app_password *was, const struct pl_app_password *is)
{
	const struct pl_app_password *const rows[] = { was, is };
	char text[2][PL_AUDIT_TEXT], services[PL_SERVICES_TEXT];

	for (size_t i = 0; i < 2; i++)
		snprintf(text[i], sizeof(text[i]),
			 "id=%lld services=%s networks=%.200s expires=%lld label=%s",
			 (long long)was->id,
			 pl_services_format(rows[i]->services, services, sizeof(services)),
			 rows[i]->networks[0] == '\0' ? "all" : rows[i]->networks,
			 (long long)rows[i]->expires_at, was->label);
	return pl_audit_add(work, "app-password.narrow", address, text[0], text[1]);
}

static int write_limits(const struct pl_work *work, const struct pl_app_password *was,
			const struct pl_app_password *limits)
{
	char services[PL_SERVICES_TEXT];

	return pl_exec(work->store, PL_SQL_APP_PASSWORD_LIMIT,
		       PL_PARAMS(PL_TEXT("services", pl_services_format(limits->services, services,
									sizeof(services))),
				 PL_TEXT("networks", limits->networks),
				 PL_INT("expires_at", limits->expires_at),
				 PL_INT("member_id", was->member_id),
				 PL_INT("app_password_id", was->id)),
		       work->err);
}

int pl_app_password_narrow(const struct pl_work *work, const struct pl_address *address, int64_t id,
			   const struct pl_app_password *limits)
{
	struct pl_app_password was;
	char text[PL_ADDRESS_MAX + 1];
	struct pl_account account;
	int ret = -1, within;

	pl_address_format(address, text);
	if (pl_account_get(work->store, address, &account, work->err) == 0)
		ret = pl_app_password_get(work->store, account.member.id, id, &was, work->err);
	if (ret <= 0)
		return ret < 0 ? pl_error_prefix(work->err, "app password of %s", text) : 0;
	if (was.kind == PL_APP_PASSWORD_DECOY)
		return pl_error_set(work->err, PL_ERR_INVALID,
				    "app password %lld of %s is a decoy, which opens nothing and "
				    "has no limits",
				    (long long)id, text);
	within = is_within(limits, &was, work->now, work->err);
	if (within == 0)
		return pl_error_set(work->err, PL_ERR_INVALID,
				    "app password %lld of %s: the limits are wider than they were; "
				    "make a new one",
				    (long long)id, text);
	if (within < 0 || write_limits(work, &was, limits) < 0 ||
	    record(work, text, &was, limits) < 0)
		return pl_error_prefix(work->err, "app password of %s", text);
	return 1;
}
