/* decision.c - see decision.h. */
#include "policy/recovery/decision.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/audit.h"

static int read_row(struct pl_stmt *stmt, struct pl_decision *row_r, struct pl_error *err)
{
	memset(row_r, 0, sizeof(*row_r));
	pl_col_copy(stmt, "decision", row_r->what, sizeof(row_r->what));
	row_r->text_number = pl_col_int(stmt, "text_number");
	pl_col_copy(stmt, "text_hash", row_r->text_hash, sizeof(row_r->text_hash));
	pl_col_copy(stmt, "language", row_r->language, sizeof(row_r->language));
	row_r->at = pl_col_int(stmt, "decided_at");
	pl_col_copy(stmt, "ip", row_r->ip, sizeof(row_r->ip));
	pl_col_copy(stmt, "device", row_r->device, sizeof(row_r->device));
	return pl_row_ok(stmt, err);
}

int pl_decision_get(const struct pl_work *work, int64_t member_id, struct pl_decision *decision_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_RECOVERY_DECISION_GET,
					PL_PARAMS(PL_INT("member_id", member_id)));
	int ret = pl_step(stmt, work->err);

	memset(decision_r, 0, sizeof(*decision_r));
	if (ret == 1 && read_row(stmt, decision_r, work->err) < 0)
		ret = -1;
	pl_reset(stmt);
	return ret;
}

int pl_decision_list(const struct pl_work *work, int64_t member_id,
		     int (*each)(const struct pl_decision *decision, void *context), void *context)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_RECOVERY_DECISION_LIST,
					PL_PARAMS(PL_INT("member_id", member_id)));
	struct pl_decision row;
	int ret, told = 0;

	while (told == 0 && (ret = pl_step(stmt, work->err)) == 1) {
		if (read_row(stmt, &row, work->err) < 0) {
			ret = -1;
			break;
		}
		told = each(&row, context);
	}
	pl_reset(stmt);
	return ret < 0 || told < 0 ? -1 : 0;
}

int pl_decision_add(const struct pl_work *work, const struct pl_account *account,
		    const struct pl_decision *decision)
{
	char address[PL_ADDRESS_MAX + 1], after[64];

	pl_address_format(&account->member.address, address);
	snprintf(after, sizeof(after), "%s text=%lld", decision->what,
		 (long long)decision->text_number);
	if (pl_exec(work->store, PL_SQL_RECOVERY_DECISION_ADD,
		    PL_PARAMS(PL_INT("member_id", account->member.id), PL_TEXT("member", address),
			      PL_TEXT("decision", decision->what),
			      PL_INT("text_number", decision->text_number),
			      PL_TEXT("text_hash", decision->text_hash),
			      PL_TEXT("language", decision->language), PL_INT("now", work->now),
			      PL_TEXT("ip", decision->ip), PL_TEXT("device", decision->device)),
		    work->err) < 0)
		return -1;
	return pl_audit_add(work, "recovery-consent.decide", address, "", after);
}
