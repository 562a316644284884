/* key_use.c - see key_use.h. */
#include "policy/rotation/key_use.h"

#include <stdio.h>
#include <string.h>

#include "policy/base/seal.h"

#define NO_SQL PL_SQL_COUNT
/* The statements that only what is sealed has. */
#define SQL_OF_0(id) NO_SQL, NO_SQL
#define SQL_OF_1(id) PL_SQL_KEY_LIST_##id, PL_SQL_KEY_SET_##id

static const struct pl_key_use_info uses[PL_KEY_USES] = {
#define KEY_USE(id, file, sealed, name, text) \
	{ PL_KEY_FILE_##file, sealed, name, text, PL_SQL_KEY_COUNT_##id, SQL_OF_##sealed(id) },
#include "policy/rotation/key_use.def"
#undef KEY_USE
};

static const char *const names[PL_KEY_FILES] = {
	[PL_KEY_FILE_VERIFY] = "verify",
	[PL_KEY_FILE_SEAL] = "seal",
	[PL_KEY_FILE_OUTBOX] = "outbox",
};

const char *pl_key_file_name(enum pl_key_file file)
{
	return names[file];
}

int pl_key_file_by_name(const char *name, enum pl_key_file *file_r)
{
	for (int file = 0; file < PL_KEY_FILES; file++) {
		if (strcmp(names[file], name) == 0) {
			*file_r = (enum pl_key_file)file;
			return 0;
		}
	}
	return -1;
}

const char *pl_key_file_path(enum pl_key_file file, const struct pl_policy *policy)
{
	switch (file) {
	case PL_KEY_FILE_VERIFY:
		return policy->verify_key;
	case PL_KEY_FILE_SEAL:
		return policy->seal_key;
	case PL_KEY_FILE_OUTBOX:
	case PL_KEY_FILES:
		return policy->outbox_key;
	}
	return "";
}

const struct pl_key_use_info *pl_key_use_info(enum pl_key_use use)
{
	return &uses[use];
}

/* The rows of a key, which get a place when they are the first. NULL: there are too many keys. */
static struct pl_key_rows *rows_of(struct pl_key_counts *counts, int key_id)
{
	for (size_t i = 0; i < counts->keys; i++) {
		if (counts->rows[i].key_id == key_id)
			return &counts->rows[i];
	}
	if (counts->keys == PL_KEY_ROWS)
		return NULL;
	counts->rows[counts->keys].key_id = key_id;
	return &counts->rows[counts->keys++];
}

static int read_key_id(struct pl_stmt *row, int is_sealed)
{
	unsigned char bytes[PL_SEALED_ID_BYTES] = { 0 };

	if (!is_sealed)
		return (int)pl_col_int(row, "key_id");
	return pl_col_blob(row, "key", bytes, sizeof(bytes)) == sizeof(bytes)
		       ? pl_sealed_get_id(bytes)
		       : 0;
}

static int count(const struct pl_work *work, enum pl_key_use use, struct pl_key_counts *counts)
{
	struct pl_stmt *row = pl_query(work->store, uses[use].count, NULL);
	int ret;

	while ((ret = pl_step(row, work->err)) == 1) {
		struct pl_key_rows *rows = rows_of(counts, read_key_id(row, uses[use].is_sealed));

		if (rows != NULL)
			rows->count[use] += pl_col_int(row, "count");
		if (rows == NULL || pl_row_ok(row, work->err) < 0) {
			pl_reset(row);
			return rows != NULL ? -1
					    : pl_error_set(work->err, PL_ERR_DATA,
							   "%s name more than %d keys",
							   uses[use].text, PL_KEY_ROWS);
		}
	}
	return ret;
}

int pl_key_counts_read(const struct pl_work *work, enum pl_key_file file,
		       struct pl_key_counts *counts_r)
{
	memset(counts_r, 0, sizeof(*counts_r));
	for (int use = 0; use < PL_KEY_USES; use++) {
		if (uses[use].file == file && count(work, (enum pl_key_use)use, counts_r) < 0)
			return -1;
	}
	return 0;
}

const struct pl_key_rows *pl_key_counts_find(const struct pl_key_counts *counts, int key_id)
{
	for (size_t i = 0; i < counts->keys; i++) {
		if (counts->rows[i].key_id == key_id)
			return &counts->rows[i];
	}
	return NULL;
}

static void add(struct pl_key_rows *sum, const struct pl_key_rows *rows)
{
	for (int use = 0; use < PL_KEY_USES; use++)
		sum->count[use] += rows->count[use];
}

void pl_key_counts_others(const struct pl_key_counts *counts, int key_id,
			  struct pl_key_rows *rows_r)
{
	memset(rows_r, 0, sizeof(*rows_r));
	for (size_t i = 0; i < counts->keys; i++) {
		if (counts->rows[i].key_id != key_id)
			add(rows_r, &counts->rows[i]);
	}
}

void pl_key_counts_lost(const struct pl_key_counts *counts, const struct pl_keys *keys,
			struct pl_key_rows *rows_r)
{
	memset(rows_r, 0, sizeof(*rows_r));
	for (size_t i = 0; i < counts->keys; i++) {
		if (counts->rows[i].key_id != 0 && pl_keys_find(keys, counts->rows[i].key_id) < 0)
			add(rows_r, &counts->rows[i]);
	}
}

int64_t pl_key_rows_total(const struct pl_key_rows *rows)
{
	int64_t total = 0;

	for (int use = 0; use < PL_KEY_USES; use++)
		total += rows->count[use];
	return total;
}

char *pl_key_rows_format(const struct pl_key_rows *rows, char *buf, size_t size)
{
	size_t used = 0;

	snprintf(buf, size, "nothing");
	for (int use = 0; use < PL_KEY_USES && used < size; use++) {
		if (rows->count[use] > 0)
			used += (size_t)snprintf(buf + used, size - used, "%s%lld %s",
						 used == 0 ? "" : ", ", (long long)rows->count[use],
						 uses[use].text);
	}
	return buf;
}
