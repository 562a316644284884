/* signing_key.c - the rows of signing keys; see signing_key.h. */
#include "policy/session/signing_alg.h"

#include <stdio.h>
#include <string.h>

#include "policy/base/seal.h"

#define SEALED_AS "signing-key"

static int record(const struct pl_work *work, const char *action, const struct pl_signing_key *key)
{
	char object[96];

	snprintf(object, sizeof(object), "signing-key %s", key->id);
	return pl_audit_add(work, action, object, "", pl_signing_alg_name(key->alg));
}

static int insert(const struct pl_work *work, const struct pl_keys *seal,
		  const struct pl_signing_key *key)
{
	struct pl_sealed sealed;

	if (pl_seal(seal, SEALED_AS, 0, &key->secret, &sealed, work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_SIGNING_KEY_INSERT,
		       PL_PARAMS(PL_TEXT("key_id", key->id),
				 PL_TEXT("alg", pl_signing_alg_name(key->alg)),
				 PL_BLOB("secret", sealed.data, sealed.len),
				 PL_INT("created_at", work->now)),
		       work->err);
}

static int make(const struct pl_work *work, const struct pl_keys *seal, enum pl_signing_alg alg)
{
	struct pl_signing_key key = { .alg = alg };
	int ret = pl_signing_alg_generate(&key, work->err);

	if (ret == 0)
		ret = insert(work, seal, &key);
	if (ret == 0)
		ret = record(work, "signing-key.add", &key);
	pl_secret_wipe(&key.secret);
	return ret;
}

int pl_signing_keys_make(const struct pl_work *work, const struct pl_keys *seal)
{
	int made = 0;

	for (enum pl_signing_alg alg = 0; alg < PL_SIGNING_ALGS; alg++) {
		struct pl_signing_key key;
		int ret = pl_signing_key_get(work->store, seal, alg, &key, work->err);

		pl_secret_wipe(&key.secret);
		if (ret < 0 || (ret == 0 && make(work, seal, alg) < 0))
			return pl_error_prefix(work->err, "signing key");
		made |= ret == 0;
	}
	return made;
}

int pl_signing_keys_rotate(const struct pl_work *work, const struct pl_keys *seal, int at_once)
{
	int ret = at_once ? pl_exec(work->store, PL_SQL_SIGNING_KEY_DELETE_ALL, NULL, work->err)
			  : pl_exec(work->store, PL_SQL_SIGNING_KEY_RETIRE,
				    PL_PARAMS(PL_INT("now", work->now)), work->err);

	return ret < 0 || pl_signing_keys_make(work, seal) < 0 ? -1 : 0;
}

/* Reads a row, whose algorithm was checked when it was written. seal may be NULL. */
static int read_row(struct pl_stmt *stmt, const struct pl_keys *seal, struct pl_signing_key *key_r,
		    struct pl_error *err)
{
	struct pl_sealed sealed = { .len = 0 };

	memset(key_r, 0, sizeof(*key_r));
	pl_col_copy(stmt, "id", key_r->id, sizeof(key_r->id));
	if (pl_signing_alg_find(pl_col_text(stmt, "alg"), &key_r->alg) < 0)
		return pl_error_set(err, PL_ERR_DATA, "signing key %s: unknown algorithm",
				    key_r->id);
	key_r->created_at = pl_col_int(stmt, "created_at");
	key_r->retired_at = pl_col_int(stmt, "retired_at");
	sealed.len = pl_col_blob(stmt, "secret", sealed.data, sizeof(sealed.data));
	if (pl_row_ok(stmt, err) < 0)
		return -1;
	return seal == NULL ? 0 : pl_unseal(seal, SEALED_AS, 0, &sealed, &key_r->secret, err);
}

/* The one row of a statement: 1, 0, or -1. */
static int read_one(struct pl_stmt *stmt, const struct pl_keys *seal, struct pl_signing_key *key_r,
		    struct pl_error *err)
{
	int ret = pl_step(stmt, err);

	memset(key_r, 0, sizeof(*key_r));
	if (ret == 1) {
		ret = read_row(stmt, seal, key_r, err) < 0 ? -1 : 1;
		pl_reset(stmt);
	}
	return ret;
}

int pl_signing_key_get(struct pl_store *store, const struct pl_keys *seal, enum pl_signing_alg alg,
		       struct pl_signing_key *key_r, struct pl_error *err)
{
	return read_one(pl_query(store, PL_SQL_SIGNING_KEY_GET,
				 PL_PARAMS(PL_TEXT("alg", pl_signing_alg_name(alg)))),
			seal, key_r, err);
}

int pl_signing_key_find(const struct pl_work *work, const struct pl_keys *seal, const char *id,
			struct pl_signing_key *key_r)
{
	return read_one(pl_query(work->store, PL_SQL_SIGNING_KEY_FIND,
				 PL_PARAMS(PL_TEXT("key_id", id),
					   PL_INT("retired_since",
						  work->now - PL_ID_TOKEN_SECONDS))),
			seal, key_r, work->err);
}

int pl_signing_key_list(const struct pl_work *work, const struct pl_keys *seal,
			int (*each)(const struct pl_signing_key *key, void *context), void *context)
{
	struct pl_stmt *stmt;
	struct pl_signing_key key;
	int ret;

	stmt = pl_query(work->store, PL_SQL_SIGNING_KEY_LIST,
			PL_PARAMS(PL_INT("retired_since", work->now - PL_ID_TOKEN_SECONDS)));
	while ((ret = pl_step(stmt, work->err)) == 1) {
		ret = read_row(stmt, seal, &key, work->err);
		if (ret == 0)
			ret = each(&key, context);
		pl_secret_wipe(&key.secret);
		if (ret != 0) {
			pl_reset(stmt);
			return -1;
		}
	}
	return ret;
}
