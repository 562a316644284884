/* contact_code.c - see contact_code.h. */
#include "policy/recovery/contact_code.h"

#include <stdio.h>

int pl_contact_mac(const struct pl_work *work, const struct pl_keys *verify, size_t index,
		   int64_t member_id, enum pl_contact_kind kind, const char *text,
		   unsigned char mac_r[PL_MAC_BYTES])
{
	return pl_keys_mac_code(verify, index, member_id, mac_r, work->err,
				"recovery-contact:%s:%s", pl_contact_kind_name(kind), text);
}

#define OF_MEMBER(member_id, kind) \
	PL_INT("member_id", member_id), PL_TEXT("kind", pl_contact_kind_name(kind))

struct counts {
	int64_t of_member, to_target, of_kind;
};

static int count(const struct pl_work *work, int64_t member_id, enum pl_contact_kind kind,
		 const unsigned char target[PL_MAC_BYTES], struct counts *counts_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_RECOVERY_CODE_COUNT,
					PL_PARAMS(OF_MEMBER(member_id, kind),
						  PL_BLOB("target", target, PL_MAC_BYTES),
						  PL_INT("since", work->now - PL_DAY_SECONDS)));

	if (pl_step(stmt, work->err) != 1)
		return -1;
	counts_r->of_member = pl_col_int(stmt, "of_member");
	counts_r->to_target = pl_col_int(stmt, "to_target");
	counts_r->of_kind = pl_col_int(stmt, "of_kind");
	return pl_row_end(stmt, work->err);
}

int pl_contact_admit(const struct pl_work *work, const struct pl_keys *verify,
		     const struct pl_policy *policy, int64_t member_id, enum pl_contact_kind kind,
		     const char *to, enum pl_contact_admission *admission_r)
{
	unsigned char target[PL_MAC_BYTES];
	struct counts counts;

	*admission_r = PL_CONTACT_REFUSED;
	if (pl_contact_mac(work, verify, 0, 0, kind, to, target) < 0 ||
	    count(work, member_id, kind, target, &counts) < 0)
		return -1;
	if (counts.of_member >= PL_CONTACT_CODES_OF_MEMBER ||
	    (kind == PL_CONTACT_PHONE && counts.of_kind >= policy->sms_per_day))
		return 0;
	*admission_r = counts.to_target < PL_CONTACT_CODES_TO_CONTACT ? PL_CONTACT_ADMITTED
								      : PL_CONTACT_SILENT;
	return pl_exec(work->store, PL_SQL_RECOVERY_CODE_ADD,
		       PL_PARAMS(OF_MEMBER(member_id, kind),
				 PL_BLOB("target", target, sizeof(target)),
				 PL_INT("now", work->now)),
		       work->err);
}
