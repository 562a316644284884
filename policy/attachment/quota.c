/* quota.c - see quota.h. */
#include "policy/attachment/quota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/audit.h"

#define MEGABYTE INT64_C(1048576)
#define MEGABYTES_MOST 1073741824 /* as of the options of the policy file */

int pl_quota_parse(const char *text, int64_t *bytes_r, struct pl_error *err)
{
	char *end;
	const long long megabytes = strtoll(text, &end, 10);

	if (strcmp(text, "unlimited") == 0) {
		*bytes_r = PL_QUOTA_UNLIMITED;
		return 0;
	}
	if (strcmp(text, "inherit") == 0) {
		*bytes_r = PL_QUOTA_INHERITED;
		return 0;
	}
	if (text[strspn(text, "0123456789")] != '\0' || end == text || megabytes > MEGABYTES_MOST)
		return pl_error_set(err, PL_ERR_INVALID,
				    "\"%.32s\" is not a quota; use a number of MB, up to %d, or "
				    "unlimited, or inherit",
				    text, MEGABYTES_MOST);
	*bytes_r = megabytes * MEGABYTE;
	return 0;
}

char *pl_quota_format(int64_t bytes, char text_r[PL_QUOTA_TEXT])
{
	if (bytes == PL_QUOTA_INHERITED)
		snprintf(text_r, PL_QUOTA_TEXT, "inherit");
	else if (bytes == PL_QUOTA_UNLIMITED)
		snprintf(text_r, PL_QUOTA_TEXT, "unlimited");
	else
		snprintf(text_r, PL_QUOTA_TEXT, "%lld", (long long)(bytes / MEGABYTE));
	return text_r;
}

int64_t pl_quota_holds(int64_t own, long policy_megabytes)
{
	if (own != PL_QUOTA_INHERITED)
		return own;
	return policy_megabytes == 0 ? PL_QUOTA_UNLIMITED : policy_megabytes * MEGABYTE;
}

/* Of members, or of domains. */
struct rows {
	enum pl_sql get, set;
};

static const struct rows members = { PL_SQL_QUOTA_MEMBER_GET, PL_SQL_QUOTA_MEMBER_SET };
static const struct rows domains = { PL_SQL_QUOTA_DOMAIN_GET, PL_SQL_QUOTA_DOMAIN_SET };

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
	char text[PL_QUOTA_TEXT], before[PL_AUDIT_TEXT], after[PL_AUDIT_TEXT];
	int64_t was = PL_QUOTA_INHERITED;
	const int ret = get(work, rows, id, &was);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return pl_error_set(work->err, PL_ERR_CONFLICT, "the database does not know %s",
				    object);
	if (was == bytes)
		return 0;
	snprintf(before, sizeof(before), "quota=%s", pl_quota_format(was, text));
	snprintf(after, sizeof(after), "quota=%s", pl_quota_format(bytes, text));
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
