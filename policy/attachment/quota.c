/* quota.c - see quota.h. */
#include "policy/attachment/quota.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/audit.h"

/* Of members, or of domains. */
struct rows {
	enum pl_sql get, set;
};

static const struct rows members = { PL_SQL_QUOTA_MEMBER_GET, PL_SQL_QUOTA_MEMBER_SET };
static const struct rows domains = { PL_SQL_QUOTA_DOMAIN_GET, PL_SQL_QUOTA_DOMAIN_SET };

static void describe(int64_t bytes, char text_r[PL_AUDIT_TEXT])
{
	if (bytes == PL_QUOTA_INHERITED)
		snprintf(text_r, PL_AUDIT_TEXT, "quota=inherited");
	else if (bytes == PL_QUOTA_UNLIMITED)
		snprintf(text_r, PL_AUDIT_TEXT, "quota=unlimited");
	else
		snprintf(text_r, PL_AUDIT_TEXT, "quota=%lld", (long long)bytes);
}

static int get(const struct pl_work *work, const struct rows *rows, int64_t id, int64_t *bytes_r)
{
	struct pl_stmt *row = pl_query(work->store, rows->get, PL_PARAMS(PL_INT("id", id)));
	const int ret = pl_step(row, work->err);

	if (ret != 1)
		return ret;
	*bytes_r = pl_col_is_null(row, "quota") ? PL_QUOTA_INHERITED : pl_col_int(row, "quota");
	return pl_row_end(row, work->err) < 0 ? -1 : 1;
}

static int set(const struct pl_work *work, const struct rows *rows, int64_t id, const char *object,
	       int64_t bytes)
{
	char before[PL_AUDIT_TEXT], after[PL_AUDIT_TEXT];
	int64_t was = PL_QUOTA_INHERITED;
	const int ret = get(work, rows, id, &was);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return pl_error_set(work->err, PL_ERR_CONFLICT, "the database does not know %s",
				    object);
	if (was == bytes)
		return 0;
	describe(was, before);
	describe(bytes, after);
	if (pl_exec(work->store, rows->set,
		    bytes == PL_QUOTA_INHERITED
			    ? PL_PARAMS(PL_INT("id", id), PL_NULL("quota"))
			    : PL_PARAMS(PL_INT("id", id), PL_INT("quota", bytes)),
		    work->err) < 0)
		return -1;
	return pl_audit_add(work, "link.quota", object, before, after) < 0 ? -1 : 1;
}

int pl_quota_set_member(const struct pl_work *work, const struct pl_account *account, int64_t bytes)
{
	char object[PL_ADDRESS_MAX + 1];

	return set(work, &members, account->member.id,
		   pl_address_format(&account->member.address, object), bytes);
}

int pl_quota_set_domain(const struct pl_work *work, const struct pl_domain *domain, int64_t bytes)
{
	return set(work, &domains, domain->id, domain->name, bytes);
}
