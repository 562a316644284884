/* device.c - see device.h. */
#include "policy/approval/device.h"

#include <string.h>

#include "policy/account/audit.h"
#include "policy/account/member_row.h"

void pl_col_lock(struct pl_stmt *stmt, struct pl_passkey *lock_r)
{
	lock_r->credential_len = pl_col_blob(stmt, "lock_credential", lock_r->credential,
					     sizeof(lock_r->credential));
	lock_r->key_len = pl_col_blob(stmt, "lock_key", lock_r->key, sizeof(lock_r->key));
	lock_r->algorithm = (int)pl_col_int(stmt, "lock_algorithm");
	lock_r->backup_eligible = pl_col_int(stmt, "lock_backup") != 0;
}

static int read_row(struct pl_stmt *stmt, struct pl_approval_device *row_r, struct pl_error *err)
{
	memset(row_r, 0, sizeof(*row_r));
	row_r->id = pl_col_int(stmt, "id");
	row_r->member_id = pl_col_int(stmt, "member_id");
	pl_col_copy(stmt, "local", row_r->address.local, sizeof(row_r->address.local));
	pl_col_copy(stmt, "domain", row_r->address.domain, sizeof(row_r->address.domain));
	pl_col_blob(stmt, "public_key", row_r->key, sizeof(row_r->key));
	pl_col_copy(stmt, "name", row_r->name, sizeof(row_r->name));
	pl_col_lock(stmt, &row_r->lock);
	row_r->created_at = pl_col_int(stmt, "created_at");
	pl_col_copy(stmt, "created_ip", row_r->created_ip, sizeof(row_r->created_ip));
	row_r->last_used_at = pl_col_int(stmt, "last_used_at");
	pl_col_copy(stmt, "last_used_ip", row_r->last_used_ip, sizeof(row_r->last_used_ip));
	return pl_row_ok(stmt, err);
}

/* The one row of the bound statement. 1, 0 or -1. */
static int read_one(struct pl_stmt *stmt, struct pl_approval_device *row_r, struct pl_error *err)
{
	int ret = pl_step(stmt, err);

	if (ret == 1 && read_row(stmt, row_r, err) < 0)
		ret = -1;
	pl_reset(stmt);
	return ret;
}

int pl_approval_device_by_key(const struct pl_work *work,
			      const unsigned char key[PL_DEVICE_KEY_BYTES],
			      struct pl_approval_device *device_r)
{
	return read_one(pl_query(work->store, PL_SQL_APPROVAL_DEVICE_BY_KEY,
				 PL_PARAMS(PL_BLOB("public_key", key, PL_DEVICE_KEY_BYTES))),
			device_r, work->err);
}

int pl_approval_device_list(const struct pl_work *work, int64_t member_id,
			    int (*each)(const struct pl_approval_device *device, void *context),
			    void *context)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_APPROVAL_DEVICE_LIST,
					PL_PARAMS(PL_INT("member_id", member_id)));
	struct pl_approval_device row;
	int ret;

	while ((ret = pl_step(stmt, work->err)) == 1) {
		if (read_row(stmt, &row, work->err) < 0 || each(&row, context) < 0) {
			pl_reset(stmt);
			return -1;
		}
	}
	return ret;
}

static int count_one(const struct pl_approval_device *device, void *context)
{
	int *count = context;

	(void)device;
	(*count)++;
	return 0;
}

static int record(const struct pl_work *work, const char *action, const struct pl_account *account,
		  const char *before, const char *after)
{
	char text[PL_ADDRESS_MAX + 1];

	return pl_audit_add(work, action, pl_address_format(&account->member.address, text), before,
			    after);
}

int pl_approval_device_add(const struct pl_work *work, struct pl_account *account,
			   const struct pl_approval_device *device)
{
	const int64_t id = account->member.id;
	int has = 0;

	if (pl_approval_device_list(work, id, count_one, &has) < 0)
		return -1;
	if (has >= PL_APPROVAL_DEVICES)
		return 0;
	if (pl_exec(work->store, PL_SQL_APPROVAL_DEVICE_INSERT,
		    PL_PARAMS(PL_INT("member_id", id),
			      PL_BLOB("public_key", device->key, PL_DEVICE_KEY_BYTES),
			      PL_APPROVAL_LOCK(&device->lock), PL_TEXT("name", device->name),
			      PL_INT("now", work->now), PL_TEXT("ip", device->created_ip)),
		    work->err) < 0 ||
	    pl_factor_registered(work, account, PL_FACTOR_APPROVAL) < 0 ||
	    record(work, "phone.register", account, "", device->name) < 0)
		return -1;
	return 1;
}

int pl_approval_device_remove(const struct pl_work *work, struct pl_account *account, int64_t id)
{
	const int64_t member_id = account->member.id;
	struct pl_approval_device device;
	int left = 0, ret;

	ret = read_one(pl_query(work->store, PL_SQL_APPROVAL_DEVICE_GET,
				PL_PARAMS(PL_INT("member_id", member_id), PL_INT("device_id", id))),
		       &device, work->err);
	if (ret != 1)
		return ret;
	if (pl_exec(work->store, PL_SQL_APPROVAL_DEVICE_DELETE,
		    PL_PARAMS(PL_INT("member_id", member_id), PL_INT("device_id", id)),
		    work->err) < 0 ||
	    record(work, "phone.remove", account, device.name, "") < 0 ||
	    pl_approval_device_list(work, member_id, count_one, &left) < 0)
		return -1;
	return left > 0 ? 1 : pl_factor_remove(work, account, PL_FACTOR_APPROVAL);
}
