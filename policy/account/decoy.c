/* decoy.c - see decoy.h. */
#include "policy/account/decoy.h"

#include <string.h>

#include "policy/base/utf8.h"

struct decoy {
	int64_t member_id, domain_id, tried_at;
	struct pl_address owner;
	char label[PL_APP_PASSWORD_LABEL_TEXT];
};

/* 1; 0 when it is not there any more; -1. */
static int read_decoy(const struct pl_work *work, int64_t id, struct decoy *decoy_r)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_DECOY_GET, PL_PARAMS(PL_INT("app_password_id", id)));
	const int ret = pl_step(stmt, work->err);

	memset(decoy_r, 0, sizeof(*decoy_r));
	if (ret != 1)
		return ret;
	decoy_r->member_id = pl_col_int(stmt, "member_id");
	decoy_r->domain_id = pl_col_int(stmt, "domain_id");
	decoy_r->tried_at = pl_col_int(stmt, "tried_at");
	pl_col_copy(stmt, "label", decoy_r->label, sizeof(decoy_r->label));
	pl_col_copy(stmt, "local", decoy_r->owner.local, sizeof(decoy_r->owner.local));
	pl_col_copy(stmt, "domain", decoy_r->owner.domain, sizeof(decoy_r->owner.domain));
	return pl_row_end(stmt, work->err) < 0 ? -1 : 1;
}

/* How many, or -1. */
static int list_administrators(const struct pl_work *work, int64_t domain_id,
			       int64_t member_ids_r[PL_DECOY_ADMINISTRATORS])
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_DECOY_ADMINISTRATORS,
					PL_PARAMS(PL_INT("domain_id", domain_id),
						  PL_INT("limit", PL_DECOY_ADMINISTRATORS)));
	int count = 0, ret;

	while ((ret = pl_step(stmt, work->err)) == 1 && count < PL_DECOY_ADMINISTRATORS)
		member_ids_r[count++] = pl_col_int(stmt, "member_id");
	if (ret == 1)
		pl_reset(stmt);
	return ret < 0 ? -1 : count;
}

/* Who is both is told as an administrator, too: that one says whose decoy it is. */
static int tell_administrators(const struct pl_work *work, const struct decoy *decoy,
			       const struct pl_notice_origin *origin)
{
	int64_t member_ids[PL_DECOY_ADMINISTRATORS];
	const int count = list_administrators(work, decoy->domain_id, member_ids);

	for (int i = 0; i < count; i++) {
		if (pl_notice_add(work, member_ids[i], "decoy-of-member-tried", origin) < 0)
			return -1;
	}
	return count < 0 ? -1 : 0;
}

static int tell(const struct pl_work *work, const struct decoy *decoy, const struct pl_ip *ip)
{
	struct pl_notice_origin origin = { 0 };
	char owner[PL_ADDRESS_MAX + 1];

	pl_ip_format(ip, origin.ip);
	if (pl_app_password_tell(work, decoy->member_id, "decoy-tried", decoy->label, &origin) < 0)
		return -1;
	pl_utf8_copy(pl_address_format(&decoy->owner, owner), origin.account,
		     sizeof(origin.account));
	return tell_administrators(work, decoy, &origin);
}

int pl_decoy_tried(const struct pl_work *work, const struct pl_app_password_use *tried)
{
	struct decoy decoy;
	int ret = read_decoy(work, tried->app_password_id, &decoy);

	if (ret != 1)
		return ret;
	if (tried->at - decoy.tried_at >= PL_DECOY_TELL_SECONDS)
		ret = tell(work, &decoy, &tried->ip);
	return ret < 0 ? -1 : pl_app_password_set_last_use(work, tried);
}
