/* reseal.c - see reseal.h. */
#include "policy/rotation/reseal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/seal.h"
#include "policy/credential/app_password.h"

#define PORTION 200
#define DROP_PORTION 1000
#define WHAT 96 /* what a record is bound to, beside its owner */

struct row {
	int64_t id, owner;
	char what[WHAT];
	struct pl_sealed sealed;
};

struct resealing {
	const struct pl_work *work;
	const struct pl_key_use_info *use;
	const struct pl_keys *keys;
	struct pl_resealed *resealed;
	int64_t after; /* the id of the last row that was looked at */
	struct row rows[PORTION];
};

/* The next rows: how many, or -1. */
static int read_rows(struct resealing *resealing)
{
	struct pl_error *err = resealing->work->err;
	unsigned char key[PL_SEALED_ID_BYTES];
	struct pl_stmt *stmt;
	int count = 0, ret;

	pl_sealed_put_id(pl_keys_id(resealing->keys, 0), key);
	stmt = pl_query(resealing->work->store, resealing->use->list,
			PL_PARAMS(PL_INT("after", resealing->after),
				  PL_BLOB("key", key, sizeof(key)), PL_INT("most", PORTION)));
	while ((ret = pl_step(stmt, err)) == 1 && count < PORTION) {
		struct row *row = &resealing->rows[count++];

		row->id = pl_col_int(stmt, "id");
		row->owner = pl_col_int(stmt, "owner");
		pl_col_copy(stmt, "what", row->what, sizeof(row->what));
		row->sealed.len =
			pl_col_blob(stmt, "sealed", row->sealed.data, sizeof(row->sealed.data));
		if (pl_row_ok(stmt, err) < 0) {
			ret = -1;
			break;
		}
	}
	pl_reset(stmt);
	return ret < 0 ? -1 : count;
}

/* A row that cannot be read does not keep the others from being sealed again. */
static int reseal_row(struct resealing *resealing, const struct row *row)
{
	const struct pl_work *work = resealing->work;
	struct pl_error why = { 0 };
	struct pl_secret secret;
	struct pl_sealed sealed;
	int64_t changed = 0;
	int ret = pl_unseal(resealing->keys, row->what, row->owner, &row->sealed, &secret, &why);

	if (ret < 0) {
		if (resealing->resealed->unreadable++ == 0)
			resealing->resealed->why = why;
		return 0;
	}
	ret = pl_seal(resealing->keys, row->what, row->owner, &secret, &sealed, work->err);
	pl_secret_wipe(&secret);
	if (ret == 0)
		changed = pl_exec_count(work->store, resealing->use->set,
					PL_PARAMS(PL_INT("id", row->id),
						  PL_BLOB("before", row->sealed.data,
							  row->sealed.len),
						  PL_BLOB("sealed", sealed.data, sealed.len)),
					work->err);
	if (ret < 0 || changed < 0)
		return -1;
	resealing->resealed->done += changed;
	return 0;
}

/* How many rows it looked at, or -1. */
static int reseal_portion(struct resealing *resealing)
{
	const int count = read_rows(resealing);

	for (int i = 0; i < count; i++) {
		if (reseal_row(resealing, &resealing->rows[i]) < 0)
			return -1;
		resealing->after = resealing->rows[i].id;
	}
	return count;
}

static int reseal_use(struct resealing *resealing, void (*progress)(const char *what, int64_t done))
{
	const struct pl_work *work = resealing->work;
	const int64_t before = resealing->resealed->done;
	int count;

	resealing->after = 0;
	do {
		if (pl_store_begin_write(work->store, work->err) < 0)
			return -1;
		count = reseal_portion(resealing);
		if (pl_store_finish(work->store, count < 0 ? -1 : 0, work->err) < 0)
			return pl_error_prefix(work->err, "%s", resealing->use->text);
		if (count > 0)
			progress(resealing->use->text, resealing->resealed->done - before);
	} while (count == PORTION);
	return 0;
}

int pl_reseal_commit(const struct pl_work *work, enum pl_key_file file, const struct pl_keys *keys,
		     void (*progress)(const char *what, int64_t done),
		     struct pl_resealed *resealed_r)
{
	struct resealing *resealing = calloc(1, sizeof(*resealing));
	int ret = 0;

	memset(resealed_r, 0, sizeof(*resealed_r));
	if (resealing == NULL)
		return pl_error_set(work->err, PL_ERR_RETRY, "out of memory");
	resealing->work = work;
	resealing->keys = keys;
	resealing->resealed = resealed_r;
	for (int use = 0; use < PL_KEY_USES && ret == 0; use++) {
		resealing->use = pl_key_use_info((enum pl_key_use)use);
		if (resealing->use->file == file && resealing->use->is_sealed)
			ret = reseal_use(resealing, progress);
	}
	free(resealing);
	return ret;
}

/* ---- what is given up ---- */

/* Does a portion in the caller's write transaction: how many rows that was, or -1. */
typedef int64_t drop_fn(const struct pl_work *work, int key_id);

static int64_t drop_app_password(const struct pl_work *work, int key_id)
{
	struct pl_stmt *row = pl_query(work->store, PL_SQL_KEY_DROP_APP_PASSWORD,
				       PL_PARAMS(PL_INT("key_id", key_id)));
	struct pl_address address = { .local = "" };
	const int ret = pl_step(row, work->err);
	int64_t id;

	if (ret != 1)
		return ret;
	id = pl_col_int(row, "id");
	pl_col_copy(row, "local", address.local, sizeof(address.local));
	pl_col_copy(row, "domain", address.domain, sizeof(address.domain));
	return pl_row_end(row, work->err) < 0 ? -1
					      : pl_app_password_revoke(work, &address, id, NULL);
}

static int64_t drop_recovery_codes(const struct pl_work *work, int key_id)
{
	const struct pl_param params[] = { PL_INT("key_id", key_id),
					   PL_INT("portion", DROP_PORTION),
					   { .type = PL_PARAM_END } };

	if (pl_exec(work->store, PL_SQL_KEY_DROP_RECOVERY_CODES_NOT_KEPT, params, work->err) < 0)
		return -1;
	return pl_exec_count(work->store, PL_SQL_KEY_DROP_RECOVERY_CODES, params, work->err);
}

static int64_t drop_link_passwords(const struct pl_work *work, int key_id)
{
	return pl_exec_count(work->store, PL_SQL_KEY_DROP_LINK_PASSWORDS,
			     PL_PARAMS(PL_INT("key_id", key_id)), work->err);
}

static int drop_all(const struct pl_work *work, int key_id, drop_fn *drop, int64_t *count_r)
{
	int64_t count;

	do {
		if (pl_store_begin_write(work->store, work->err) < 0)
			return -1;
		count = drop(work, key_id);
		if (pl_store_finish(work->store, count < 0 ? -1 : 0, work->err) < 0)
			return -1;
		*count_r += count;
	} while (count > 0);
	return 0;
}

int pl_key_drop_commit(const struct pl_work *work, int key_id, struct pl_key_rows *rows_r)
{
	memset(rows_r, 0, sizeof(*rows_r));
	return drop_all(work, key_id, drop_app_password, &rows_r->count[PL_KEY_USE_APP_PASSWORDS]) <
				       0 ||
			       drop_all(work, key_id, drop_recovery_codes,
					&rows_r->count[PL_KEY_USE_RECOVERY_CODES]) < 0 ||
			       drop_all(work, key_id, drop_link_passwords,
					&rows_r->count[PL_KEY_USE_LINK_PASSWORDS]) < 0
		       ? -1
		       : 0;
}
