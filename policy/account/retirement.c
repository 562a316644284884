/* retirement.c - see retirement.h. */
#include "policy/account/retirement.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/last_use.h"
#include "policy/account/member.h"
#include "policy/settings/option.h"

/* The next member who has used the account password in a mail client since then: 1, 0 or -1. */
static int next_member(const struct pl_work *work, int64_t since, int64_t after,
		       int64_t *member_id_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_RETIREMENT_NEXT,
					PL_PARAMS(PL_INT("since", since), PL_INT("after", after)));
	int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	*member_id_r = pl_col_int(stmt, "member_id");
	ret = !pl_col_is_null(stmt, "member_id");
	return pl_row_end(stmt, work->err) < 0 ? -1 : ret;
}

/* 1; 0 when the member is gone or its settings make no sense, of which logins tell; -1. */
static int read_account(const struct pl_work *work, int64_t member_id, struct pl_account *account_r)
{
	const struct pl_address nobody = { .local = "" };
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_RETIREMENT_ACCOUNT,
					PL_PARAMS(PL_INT("member_id", member_id)));
	int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	pl_account_unknown(&nobody, account_r);
	ret = pl_account_read(stmt, account_r, work->err);
	pl_reset(stmt);
	if (ret < 0)
		return work->err->code == PL_ERR_DATA ? 0 : -1;
	return 1;
}

/* Whether the account password opens mail clients now and will not from a day on. */
static int will_end(const struct pl_account *account, const struct pl_policy *policy, int64_t now,
		    int32_t *day_r)
{
	struct pl_layers layers;
	struct pl_resolved resolved;

	pl_account_layers(account, policy, now, &layers);
	resolved = pl_resolve(&layers, PL_SETTING_CLIENT_PASSWORD);
	*day_r = resolved.next_from;
	if (resolved.next_from == 0 || !account->member.active || !account->domain.active)
		return 0;
	if (resolved.value == PL_NEVER ||
	    (resolved.value == PL_UNTIL_SECOND_FACTOR && account->member.factor_kinds != 0))
		return 0;
	return resolved.next == PL_NEVER ||
	       (resolved.next == PL_UNTIL_SECOND_FACTOR && account->member.factor_kinds != 0);
}

struct uses {
	int64_t since;
	char *text;
	size_t size;
};

/* "IMAP (2027-02-11), SMTP (2027-02-12)" */
static int add_use(const struct pl_last_use *use, void *context)
{
	const struct uses *uses = context;
	const size_t used = strlen(uses->text);
	char day[PL_DAY_TEXT];

	if (use->credential == PL_LOGIN_BY_ACCOUNT_PASSWORD && use->at >= uses->since &&
	    use->service != PL_SETTING_WEBMAIL)
		snprintf(uses->text + used, uses->size - used, "%s%s (%s)", used == 0 ? "" : ", ",
			 pl_setting_info(use->service)->label,
			 pl_day_format(pl_day_of(use->at), day));
	return 0;
}

/* 1 when the member is to be told, 0 or -1. */
static int read_member(const struct pl_work *work, const struct pl_policy *policy, int64_t since,
		       struct pl_retirement *retirement)
{
	struct pl_notice_origin *notice = &retirement->notice;
	struct uses uses = { since, notice->uses, sizeof(notice->uses) };
	struct pl_account account;
	int ret = read_account(work, retirement->member_id, &account);

	if (ret != 1)
		return ret;
	if (!will_end(&account, policy, work->now, &retirement->day))
		return 0;
	retirement->days = pl_option_days_due(policy->retirement_notice_days,
					      retirement->day - pl_day_of(work->now));
	if (retirement->days == 0)
		return 0;
	pl_day_format(retirement->day, notice->day);
	return pl_last_use_list(work->store, retirement->member_id, add_use, &uses, work->err) < 0
		       ? -1
		       : 1;
}

int pl_retirement_next(const struct pl_work *work, const struct pl_policy *policy, int64_t after,
		       struct pl_retirement *retirement_r)
{
	const int64_t since = work->now - PL_RETIREMENT_USE_DAYS * PL_DAY_SECONDS;
	int ret = 0;

	memset(retirement_r, 0, sizeof(*retirement_r));
	retirement_r->member_id = after;
	if (policy->retirement_notice_days[0] == '\0')
		return 0;
	while (ret == 0) {
		ret = next_member(work, since, retirement_r->member_id, &retirement_r->member_id);
		if (ret != 1)
			return ret;
		ret = read_member(work, policy, since, retirement_r);
	}
	return ret;
}

int pl_retirement_tell(const struct pl_work *work, const struct pl_retirement *retirement)
{
	int64_t told = pl_exec_count(work->store, PL_SQL_RETIREMENT_TELL,
				     PL_PARAMS(PL_INT("member_id", retirement->member_id),
					       PL_INT("day", retirement->day),
					       PL_INT("days", retirement->days)),
				     work->err);

	if (told <= 0)
		return told < 0 ? -1 : 0;
	return pl_notice_add(work, retirement->member_id, "account-password-ends",
			     &retirement->notice);
}
