/* member_times.c - see member_times.h. */
#include "policy/account/member_times.h"

#include "policy/account/audit.h"

int pl_member_times_get(struct pl_store *store, int64_t member_id, struct pl_member_times *times_r,
			struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_MEMBER_TIMES, PL_PARAMS(PL_INT("member_id", member_id)));
	const int ret = pl_step(stmt, err);

	*times_r = (struct pl_member_times){ 0 };
	if (ret <= 0)
		return ret;
	times_r->received_at = pl_col_int(stmt, "received_at");
	times_r->password_changed_at = pl_col_int(stmt, "password_changed_at");
	return pl_row_end(stmt, err);
}

int pl_member_note_password_change(const struct pl_work *work, const struct pl_address *address)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_account account;

	if (pl_account_get(work->store, address, &account, work->err) < 0)
		return -1;
	if (account.member.id == 0)
		return pl_error_set(work->err, PL_ERR_CONFLICT, "no such member: %s",
				    pl_address_format(address, text));
	if (pl_exec(work->store, PL_SQL_MEMBER_PASSWORD_CHANGED,
		    PL_PARAMS(PL_INT("at", work->now), PL_INT("member_id", account.member.id)),
		    work->err) < 0)
		return -1;
	return pl_audit_add(work, "password.change",
			    pl_address_format(&account.member.address, text), "", "");
}
