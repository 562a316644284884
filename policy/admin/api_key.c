/* api_key.c - see api_key.h. */
#include "policy/admin/api_key.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/audit.h"
#include "policy/admin/administrator_row.h"
#include "policy/base/keys.h"
#include "policy/base/random.h"
#include "policy/base/utf8.h"

#define PREFIX "pl_key_"
#define USED_EVERY 60

static int check(const struct pl_api_key *key, struct pl_error *err)
{
	if (!pl_is_label(key->label, PL_API_KEY_LABEL))
		return pl_error_set(err, PL_ERR_INVALID,
				    "a label has 1 to %d characters, and none that is not shown",
				    PL_API_KEY_LABEL);
	return key->networks[0] == '\0' ? 0 : pl_network_list_check(key->networks, err);
}

static int insert(const struct pl_work *work, const struct pl_api_key *key,
		  const struct pl_secret *secret)
{
	unsigned char digest[PL_MAC_BYTES];

	if (pl_token_digest(secret, digest, work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_API_KEY_INSERT,
		       PL_PARAMS(PL_INT("administrator_id", key->administrator.id),
				 PL_TEXT("label", key->label),
				 PL_BLOB("digest", digest, sizeof(digest)),
				 PL_TEXT("networks", key->networks),
				 PL_ID("expires_at", key->expires_at)),
		       work->err);
}

static int record(const struct pl_work *work, const struct pl_api_key *key, const char *domains)
{
	char object[32], after[PL_AUDIT_TEXT];

	snprintf(object, sizeof(object), "api-key %lld", (long long)key->administrator.id);
	snprintf(after, sizeof(after), "role=%s label=%s%s%.400s",
		 pl_admin_role_name(key->administrator.role), key->label,
		 domains[0] != '\0' ? " domains:" : "", domains);
	return pl_audit_add(work, "api-key.add", object, "", after);
}

int pl_api_key_add(const struct pl_work *work, struct pl_api_key *key, const char *const *domains,
		   struct pl_secret *secret_r)
{
	char names[PL_AUDIT_TEXT];
	int ret = check(key, work->err);

	pl_secret_wipe(secret_r);
	key->administrator.member_id = 0;
	key->administrator.made_at = work->now;
	snprintf(key->administrator.made_by, sizeof(key->administrator.made_by), "%s",
		 work->actor.who);
	if (ret == 0)
		ret = pl_administrator_write(work, 0, key->administrator.role, domains,
					     &key->administrator.id, names);
	if (ret == 0)
		ret = pl_random_token(PREFIX, secret_r, work->err);
	if (ret == 0)
		ret = insert(work, key, secret_r);
	if (ret == 0)
		ret = record(work, key, names);
	if (ret < 0)
		pl_secret_wipe(secret_r);
	return ret;
}

static void read_row(struct pl_stmt *stmt, struct pl_api_key *key_r)
{
	memset(key_r, 0, sizeof(*key_r));
	pl_administrator_read(stmt, &key_r->administrator);
	pl_col_copy(stmt, "label", key_r->label, sizeof(key_r->label));
	pl_col_copy(stmt, "networks", key_r->networks, sizeof(key_r->networks));
	key_r->expires_at = pl_col_int(stmt, "expires_at");
	key_r->last_used_at = pl_col_int(stmt, "last_used_at");
	pl_col_copy(stmt, "last_used_ip", key_r->last_used_ip, sizeof(key_r->last_used_ip));
}

int pl_api_key_find(const struct pl_work *work, const struct pl_secret *secret,
		    const struct pl_ip *ip, struct pl_api_key *key_r)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_stmt *stmt;
	int ret;

	if (pl_token_digest(secret, digest, work->err) < 0)
		return -1;
	stmt = pl_query(work->store, PL_SQL_API_KEY_FIND,
			PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
				  PL_INT("now", work->now)));
	ret = pl_step(stmt, work->err);
	if (ret != 1)
		return ret;
	read_row(stmt, key_r);
	if (pl_row_end(stmt, work->err) < 0)
		return -1;
	return key_r->networks[0] == '\0'
		       ? 1
		       : pl_network_list_contains(key_r->networks, ip, work->err);
}

int pl_api_key_used(const struct pl_work *work, const struct pl_api_key *key, const char *ip)
{
	if (work->now - key->last_used_at < USED_EVERY)
		return 0;
	return pl_exec(work->store, PL_SQL_API_KEY_USED,
		       PL_PARAMS(PL_INT("now", work->now), PL_TEXT("ip", ip),
				 PL_INT("administrator_id", key->administrator.id)),
		       work->err);
}

int pl_api_key_list(struct pl_store *store, int64_t after, int limit,
		    int (*each)(const struct pl_api_key *key, void *context), void *context,
		    struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_API_KEY_LIST,
					PL_PARAMS(PL_INT("after", after), PL_INT("limit", limit)));
	struct pl_api_key key;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		read_row(stmt, &key);
		if (each(&key, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}
