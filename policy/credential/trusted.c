/* trusted.c - see trusted.h. */
#include "policy/credential/trusted.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "policy/account/member_row.h"

#define COOKIE_PREFIX "pl_td_"
#define SECONDS (PL_TRUSTED_DAYS * PL_DAY_SECONDS)

struct cookie {
	unsigned char series[PL_MAC_BYTES], value[PL_MAC_BYTES]; /* digests */
};

/* "SERIES.VALUE" as digests. 1, 0 when it is no such text, -1. */
static int parse(const struct pl_secret *text, struct cookie *cookie_r, struct pl_error *err)
{
	const unsigned char *dot = memchr(text->data, '.', text->len);
	struct pl_secret series, value;
	int ret = 1;

	if (dot == NULL)
		return 0;
	pl_secret_set(&series, text->data, (size_t)(dot - text->data));
	pl_secret_set(&value, dot + 1, text->len - series.len - 1);
	if (pl_token_digest(&series, cookie_r->series, err) < 0 ||
	    pl_token_digest(&value, cookie_r->value, err) < 0)
		ret = -1;
	pl_secret_wipe(&series);
	pl_secret_wipe(&value);
	return ret;
}

/* Joins a series and a fresh value; value_r is the value's digest. */
static int new_cookie(const unsigned char *series, size_t series_len, struct pl_secret *cookie_r,
		      unsigned char value_r[PL_MAC_BYTES], struct pl_error *err)
{
	struct pl_secret value;
	int ret = pl_random_token("", &value, err);

	if (ret == 0)
		ret = pl_token_digest(&value, value_r, err);
	if (ret == 0 && series_len + 1 + value.len > PL_SECRET_MAX)
		ret = pl_error_set(err, PL_ERR_INTERNAL,
				   "the series of a trusted device is too long");
	if (ret == 0) {
		pl_secret_set(cookie_r, series, series_len);
		cookie_r->data[cookie_r->len++] = '.';
		memcpy(cookie_r->data + cookie_r->len, value.data, value.len + 1);
		cookie_r->len += value.len;
	}
	pl_secret_wipe(&value);
	return ret;
}

static int insert(struct pl_store *store, struct pl_trusted *device, const struct pl_member *owner,
		  const struct cookie *cookie, struct pl_error *err)
{
	device->member_id = owner->id;
	return pl_insert(store, PL_SQL_TRUSTED_INSERT,
			 PL_PARAMS(PL_INT("member_id", device->member_id),
				   PL_BLOB("series", cookie->series, sizeof(cookie->series)),
				   PL_BLOB("value", cookie->value, sizeof(cookie->value)),
				   PL_INT("created_at", device->created_at),
				   PL_INT("generation", owner->generation),
				   PL_TEXT("name", device->name),
				   PL_INT("expires_at", device->expires_at),
				   PL_TEXT("ip", device->ip)),
			 &device->id, err);
}

static int record(const struct pl_work *work, const char *action, const struct pl_address *address,
		  const struct pl_trusted *device, int gone)
{
	char text[PL_ADDRESS_MAX + 1], what[PL_AUDIT_TEXT];

	snprintf(what, sizeof(what), "id=%lld ip=%s name=%s", (long long)device->id, device->ip,
		 device->name);
	return pl_audit_add(work, action, pl_address_format(address, text), gone ? what : "",
			    gone ? "" : what);
}

static void set_times(struct pl_trusted *device, int64_t now)
{
	device->created_at = device->used_at = now;
	if (device->expires_at == 0 || device->expires_at > device->created_at + SECONDS)
		device->expires_at = device->created_at + SECONDS;
}

int pl_trusted_add(const struct pl_work *work, struct pl_account *account,
		   struct pl_trusted *device, struct pl_secret *cookie_r)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_secret series;
	struct cookie cookie;
	int ret = -1;

	set_times(device, work->now);
	if (pl_random_token(COOKIE_PREFIX, &series, work->err) == 0 &&
	    pl_token_digest(&series, cookie.series, work->err) == 0 &&
	    new_cookie(series.data, series.len, cookie_r, cookie.value, work->err) == 0 &&
	    pl_member_ensure(work, account) == 0 &&
	    insert(work->store, device, &account->member, &cookie, work->err) == 0)
		ret = record(work, "trusted-device.add", &account->member.address, device, 0);
	pl_secret_wipe(&series);
	if (ret == 0)
		return 0;
	pl_secret_wipe(cookie_r);
	return pl_error_prefix(work->err, "trusted device of %s",
			       pl_address_format(&account->member.address, text));
}

static void read_row(struct pl_stmt *stmt, struct pl_trusted *device_r)
{
	memset(device_r, 0, sizeof(*device_r));
	device_r->id = pl_col_int(stmt, "id");
	device_r->member_id = pl_col_int(stmt, "member_id");
	pl_col_copy(stmt, "name", device_r->name, sizeof(device_r->name));
	device_r->created_at = pl_col_int(stmt, "created_at");
	device_r->expires_at = pl_col_int(stmt, "expires_at");
	device_r->used_at = pl_col_int(stmt, "used_at");
	pl_col_copy(stmt, "ip", device_r->ip, sizeof(device_r->ip));
}

/* What is stored of a series that was found. */
struct found {
	struct pl_trusted device;
	struct pl_address address;
	int in_grace; /* the value before the present one was offered, soon enough */
};

static enum pl_trust evaluate(struct pl_stmt *stmt, const struct cookie *cookie, int64_t now,
			      struct found *found_r)
{
	unsigned char value[PL_MAC_BYTES] = { 0 }, before[PL_MAC_BYTES] = { 0 };
	int present, earlier;

	pl_col_blob(stmt, "value", value, sizeof(value));
	pl_col_blob(stmt, "value_before", before, sizeof(before));
	present = CRYPTO_memcmp(value, cookie->value, sizeof(value)) == 0;
	earlier = CRYPTO_memcmp(before, cookie->value, sizeof(before)) == 0;
	found_r->in_grace =
		!present && earlier && now - pl_col_int(stmt, "rotated_at") <= PL_TRUSTED_GRACE;
	return present || found_r->in_grace ? PL_TRUST_VALID : PL_TRUST_STOLEN;
}

static int look(const struct pl_work *work, const struct cookie *cookie, int64_t member_id,
		enum pl_trust *trust_r, struct found *found_r)
{
	struct pl_stmt *stmt;
	int ret;

	stmt = pl_query(work->store, PL_SQL_TRUSTED_BY_SERIES,
			PL_PARAMS(PL_BLOB("series", cookie->series, sizeof(cookie->series)),
				  PL_INT("member_id", member_id), PL_INT("now", work->now)));
	ret = pl_step(stmt, work->err);
	if (ret != 1)
		return ret;
	read_row(stmt, &found_r->device);
	pl_col_copy(stmt, "local", found_r->address.local, sizeof(found_r->address.local));
	pl_col_copy(stmt, "domain", found_r->address.domain, sizeof(found_r->address.domain));
	*trust_r = evaluate(stmt, cookie, work->now, found_r);
	ret = pl_row_ok(stmt, work->err);
	pl_reset(stmt);
	return ret;
}

int pl_trusted_peek(const struct pl_work *work, const struct pl_secret *cookie, int64_t member_id,
		    enum pl_trust *trust_r, int64_t *id_r)
{
	struct cookie parsed;
	struct found found = { .in_grace = 0 };
	int ret = parse(cookie, &parsed, work->err);

	*trust_r = PL_TRUST_NONE;
	if (ret == 1)
		ret = look(work, &parsed, member_id, trust_r, &found);
	if (id_r != NULL)
		*id_r = found.device.id;
	return ret < 0 ? -1 : 0;
}

/* Puts a new value in the place of the one that was offered. */
static int rotate(const struct pl_work *work, const struct pl_secret *cookie,
		  const struct cookie *parsed, const char *ip, int64_t id,
		  struct pl_secret *cookie_r)
{
	const unsigned char *dot = memchr(cookie->data, '.', cookie->len);
	unsigned char value[PL_MAC_BYTES];
	int64_t changed;

	if (new_cookie(cookie->data, (size_t)(dot - cookie->data), cookie_r, value, work->err) < 0)
		return -1;
	changed = pl_exec_count(work->store, PL_SQL_TRUSTED_ROTATE,
				PL_PARAMS(PL_BLOB("new_value", value, sizeof(value)),
					  PL_INT("now", work->now), PL_TEXT("ip", ip),
					  PL_INT("trusted_id", id),
					  PL_BLOB("value", parsed->value, sizeof(parsed->value))),
				work->err);
	/* 0: a parallel request was faster, and its value holds. */
	if (changed <= 0)
		pl_secret_wipe(cookie_r);
	return changed < 0 ? -1 : 0;
}

static int64_t delete_one(struct pl_store *store, int64_t member_id, int64_t id,
			  struct pl_error *err)
{
	return pl_exec_count(store, PL_SQL_TRUSTED_DELETE,
			     PL_PARAMS(PL_INT("member_id", member_id), PL_INT("trusted_id", id)),
			     err);
}

/* One of its holders is a thief, and nobody knows which of its sessions are the thief's. */
static int end_stolen(const struct pl_work *work, const struct found *found)
{
	const struct pl_trusted *device = &found->device;

	if (pl_exec(work->store, PL_SQL_TRUSTED_END_SESSIONS,
		    PL_PARAMS(PL_INT("member_id", device->member_id),
			      PL_INT("trusted_id", device->id)),
		    work->err) < 0 ||
	    delete_one(work->store, device->member_id, device->id, work->err) < 0)
		return -1;
	return record(work, "trusted-device.stolen", &found->address, device, 1);
}

int pl_trusted_use(const struct pl_work *work, const struct pl_secret *cookie, int64_t member_id,
		   const char *ip, enum pl_trust *trust_r, struct pl_trusted *device_r,
		   struct pl_secret *cookie_r)
{
	struct cookie parsed;
	struct found found = { .in_grace = 0 };
	int ret = parse(cookie, &parsed, work->err);

	*trust_r = PL_TRUST_NONE;
	pl_secret_wipe(cookie_r);
	if (ret == 1)
		ret = look(work, &parsed, member_id, trust_r, &found);
	*device_r = found.device;
	if (ret < 0 || *trust_r == PL_TRUST_NONE)
		return ret < 0 ? -1 : 0;
	if (*trust_r == PL_TRUST_VALID)
		return found.in_grace
			       ? 0
			       : rotate(work, cookie, &parsed, ip, found.device.id, cookie_r);
	return end_stolen(work, &found);
}

int pl_trusted_list(const struct pl_work *work, int64_t member_id,
		    int (*each)(const struct pl_trusted *device, void *context), void *context)
{
	struct pl_stmt *stmt;
	struct pl_trusted device;
	int ret;

	stmt = pl_query(work->store, PL_SQL_TRUSTED_LIST,
			PL_PARAMS(PL_INT("member_id", member_id), PL_INT("now", work->now)));
	while ((ret = pl_step(stmt, work->err)) == 1) {
		read_row(stmt, &device);
		if (each(&device, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

static int64_t delete_all(struct pl_store *store, int64_t member_id, struct pl_error *err)
{
	return pl_exec_count(store, PL_SQL_TRUSTED_DELETE_ALL,
			     PL_PARAMS(PL_INT("member_id", member_id)), err);
}

int64_t pl_trusted_remove(const struct pl_work *work, const struct pl_account *account, int64_t id)
{
	char text[PL_ADDRESS_MAX + 1], before[64] = "all";
	int64_t gone;

	gone = id == 0 ? delete_all(work->store, account->member.id, work->err)
		       : delete_one(work->store, account->member.id, id, work->err);
	if (gone <= 0)
		return gone;
	if (id != 0)
		snprintf(before, sizeof(before), "id=%lld", (long long)id);
	if (pl_audit_add(work, "trusted-device.remove",
			 pl_address_format(&account->member.address, text), before, "") < 0)
		return -1;
	return gone;
}
