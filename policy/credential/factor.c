/* factor.c - see factor.h. */
#include "policy/credential/factor.h"

#include <string.h>

#include "policy/account/audit.h"
#include "policy/account/member_row.h"
#include "policy/account/member_state.h"
#include "policy/credential/factor_failure.h"

int pl_factor_state(const struct pl_work *work, int64_t member_id, struct pl_factor_state *state_r)
{
	struct pl_stmt *stmt;
	int ret;

	memset(state_r, 0, sizeof(*state_r));
	stmt = pl_query(work->store, PL_SQL_SECOND_FACTOR_STATE,
			PL_PARAMS(PL_INT("member_id", member_id)));
	ret = pl_step(stmt, work->err);
	if (ret != 1)
		return ret;
	state_r->kinds = (unsigned int)pl_col_int(stmt, "kinds");
	state_r->registered_at = pl_col_int(stmt, "registered_at");
	pl_col_copy(stmt, "registered_ip", state_r->registered_ip, sizeof(state_r->registered_ip));
	state_r->failures = (int)pl_col_int(stmt, "failures");
	state_r->wait_until =
		pl_factor_wait_until(state_r->failures, pl_col_int(stmt, "failed_at"), work->now);
	state_r->recovery_codes = (int)pl_col_int(stmt, "recovery_codes");
	state_r->recovery_kept = pl_col_int(stmt, "recovery_kept") != 0;
	ret = pl_row_ok(stmt, work->err);
	pl_reset(stmt);
	return ret;
}

static int run_of_member(const struct pl_work *work, enum pl_sql sql, int64_t member_id)
{
	return pl_exec(work->store, sql, PL_PARAMS(PL_INT("member_id", member_id)), work->err);
}

int pl_factor_registered(const struct pl_work *work, struct pl_account *account,
			 enum pl_factor_kind kind)
{
	const int is_first = account->member.factor_kinds == 0;
	const int64_t id = account->member.id;

	if (pl_exec(work->store, PL_SQL_SECOND_FACTOR_ADD,
		    PL_PARAMS(PL_INT("member_id", id), PL_INT("kind", PL_FACTOR_BIT(kind)),
			      PL_INT("now", work->now), PL_TEXT("ip", work->actor.from)),
		    work->err) < 0 ||
	    (is_first && (run_of_member(work, PL_SQL_RECOVERY_DELETE_ALL, id) < 0 ||
			  run_of_member(work, PL_SQL_TRUSTED_DELETE_ALL, id) < 0)) ||
	    pl_factor_clear(work->store, id, work->err) < 0 ||
	    pl_member_state_credentials(work, id) < 0 ||
	    pl_member_opt_out(work, &account->member, 0) < 0)
		return -1;
	account->member.factor_kinds |= PL_FACTOR_BIT(kind);
	return 0;
}

static int reset(const struct pl_work *work, struct pl_account *account)
{
	static const enum pl_sql statements[] = {
		PL_SQL_TOTP_DELETE,
		PL_SQL_TOTP_PENDING_DELETE,
		PL_SQL_PASSKEY_DELETE_ALL,
		PL_SQL_APPROVAL_DEVICE_DELETE_ALL,
		PL_SQL_APPROVAL_ENROLMENT_DELETE,
		PL_SQL_RECOVERY_DELETE_ALL,
		PL_SQL_TRUSTED_DELETE_ALL,
		PL_SQL_FACTOR_FAILURE_DELETE,
	};
	char text[PL_ADDRESS_MAX + 1];
	const int64_t id = account->member.id;
	int64_t removed = pl_exec_count(work->store, PL_SQL_SECOND_FACTOR_DELETE,
					PL_PARAMS(PL_INT("member_id", id)), work->err);

	for (size_t i = 0; removed >= 0 && i < sizeof(statements) / sizeof(statements[0]); i++) {
		if (run_of_member(work, statements[i], id) < 0)
			return -1;
	}
	if (removed < 0 || pl_member_state_credentials(work, id) < 0)
		return -1;
	account->member.factor_kinds = 0;
	if (removed == 0)
		return 0;
	return pl_audit_add(work, "second-factor.reset",
			    pl_address_format(&account->member.address, text), "", "") < 0
		       ? -1
		       : 1;
}

int pl_factor_reset(const struct pl_work *work, struct pl_account *account)
{
	char text[PL_ADDRESS_MAX + 1];
	int removed = reset(work, account);

	return removed < 0 ? pl_error_prefix(work->err, "second factor of %s",
					     pl_address_format(&account->member.address, text))
			   : removed;
}

static int remove_kind(const struct pl_work *work, struct pl_account *account,
		       enum pl_factor_kind kind)
{
	static const enum pl_sql statements[] = {
		[PL_FACTOR_TOTP] = PL_SQL_TOTP_DELETE,
		[PL_FACTOR_PASSKEY] = PL_SQL_PASSKEY_DELETE_ALL,
		[PL_FACTOR_APPROVAL] = PL_SQL_APPROVAL_DEVICE_DELETE_ALL,
	};
	char text[PL_ADDRESS_MAX + 1];
	const int64_t id = account->member.id;

	if (run_of_member(work, statements[kind], id) < 0 ||
	    pl_exec(work->store, PL_SQL_SECOND_FACTOR_REMOVE,
		    PL_PARAMS(PL_INT("member_id", id), PL_INT("kind", PL_FACTOR_BIT(kind))),
		    work->err) < 0 ||
	    pl_member_state_credentials(work, id) < 0)
		return -1;
	account->member.factor_kinds &= ~PL_FACTOR_BIT(kind);
	return pl_audit_add(work, "second-factor.remove",
			    pl_address_format(&account->member.address, text),
			    pl_factor_kind_name(kind), "") < 0
		       ? -1
		       : 1;
}

int pl_factor_remove(const struct pl_work *work, struct pl_account *account,
		     enum pl_factor_kind kind)
{
	if ((account->member.factor_kinds & PL_FACTOR_BIT(kind)) == 0)
		return 0;
	return account->member.factor_kinds == PL_FACTOR_BIT(kind)
		       ? pl_factor_reset(work, account)
		       : remove_kind(work, account, kind);
}
