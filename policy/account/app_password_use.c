/* app_password_use.c - see app_password_use.h. */
#include "policy/account/app_password_use.h"

#include <string.h>

#include "policy/base/utf8.h"

/* What the member has to be told of a network that is not known yet. */
struct place {
	int64_t member_id;
	const char *notice; /* NULL: nothing */
	char label[PL_APP_PASSWORD_LABEL_TEXT];
};

int pl_app_password_tell(const struct pl_work *work, int64_t member_id, const char *what,
			 const char *label, const struct pl_notice_origin *origin)
{
	struct pl_notice_origin told = { 0 };

	if (origin != NULL)
		told = *origin;
	pl_utf8_copy(label, told.device, sizeof(told.device));
	return pl_notice_add(work, member_id, what, &told);
}

/* 1; 0 when the app password is not there any more; -1. */
static int read_place(const struct pl_work *work, int64_t id, struct place *place_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_APP_PASSWORD_PLACES,
					PL_PARAMS(PL_INT("app_password_id", id)));
	int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	memset(place_r, 0, sizeof(*place_r));
	place_r->member_id = pl_col_int(stmt, "member_id");
	pl_col_copy(stmt, "label", place_r->label, sizeof(place_r->label));
	if (pl_col_int(stmt, "networks") > 0)
		place_r->notice = "app-password-new-network";
	else if (pl_col_is_null(stmt, "last_used_at"))
		place_r->notice = "app-password-first-used";
	/* Else it was used before networks were recorded, and whence is not known. */
	return pl_row_end(stmt, work->err) < 0 ? -1 : 1;
}

static int add_network(const struct pl_work *work, const struct pl_app_password_use *use,
		       const char *network)
{
	struct pl_notice_origin origin = { 0 };
	struct place place;
	int ret = read_place(work, use->app_password_id, &place);

	if (ret != 1)
		return ret;
	if (pl_exec(work->store, PL_SQL_APP_PASSWORD_NETWORK_ADD,
		    PL_PARAMS(PL_INT("app_password_id", use->app_password_id),
			      PL_TEXT("network", network), PL_INT("used_at", use->at)),
		    work->err) < 0 ||
	    pl_exec(work->store, PL_SQL_APP_PASSWORD_NETWORK_PRUNE,
		    PL_PARAMS(PL_INT("app_password_id", use->app_password_id),
			      PL_INT("places", PL_APP_PASSWORD_PLACES)),
		    work->err) < 0)
		return -1;
	pl_ip_format(&use->ip, origin.ip);
	return place.notice == NULL ? 0
				    : pl_app_password_tell(work, place.member_id, place.notice,
							   place.label, &origin);
}

static int record_network(const struct pl_work *work, const struct pl_app_password_use *use)
{
	char network[PL_NETWORK_TEXT];
	struct pl_network around;
	int64_t known;

	if (!use->ip.known)
		return 0;
	pl_network_around(&use->ip, &around);
	pl_network_format(&around, network);
	known = pl_exec_count(work->store, PL_SQL_APP_PASSWORD_NETWORK_USED,
			      PL_PARAMS(PL_INT("app_password_id", use->app_password_id),
					PL_TEXT("network", network), PL_INT("used_at", use->at)),
			      work->err);
	if (known != 0)
		return known < 0 ? -1 : 0;
	return add_network(work, use, network);
}

int pl_app_password_set_last_use(const struct pl_work *work, const struct pl_app_password_use *use)
{
	char ip[PL_IP_TEXT];

	return pl_exec(work->store, PL_SQL_APP_PASSWORD_USED,
		       PL_PARAMS(PL_INT("used_at", use->at),
				 PL_TEXT("ip", pl_ip_format(&use->ip, ip)),
				 PL_TEXT("service", pl_setting_info(use->service)->name),
				 PL_INT("app_password_id", use->app_password_id)),
		       work->err);
}

int pl_app_password_used(const struct pl_work *work, const struct pl_app_password_use *use)
{
	if (record_network(work, use) < 0 || pl_app_password_set_last_use(work, use) < 0)
		return -1;
	if (use->renewal.key_id != 0 &&
	    pl_exec(work->store, PL_SQL_APP_PASSWORD_RENEW,
		    PL_PARAMS(PL_BLOB("mac", use->renewal.mac, sizeof(use->renewal.mac)),
			      PL_INT("key_id", use->renewal.key_id),
			      PL_INT("app_password_id", use->app_password_id)),
		    work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_MEMBER_STATE_APP_PASSWORD,
		       PL_PARAMS(PL_INT("day", use->at / PL_DAY_SECONDS),
				 PL_INT("app_password_id", use->app_password_id)),
		       work->err);
}

int pl_app_password_networks(struct pl_store *store, int64_t app_password_id,
			     void (*each)(const char *network, void *context), void *context,
			     struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_APP_PASSWORD_NETWORK_LIST,
					PL_PARAMS(PL_INT("app_password_id", app_password_id)));
	char network[PL_NETWORK_TEXT];
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		pl_col_copy(stmt, "network", network, sizeof(network));
		each(network, context);
	}
	return ret;
}
