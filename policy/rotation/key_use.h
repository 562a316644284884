/* key_use.h - the key files, what in the database depends on each of their keys, and how much.
 */
#ifndef POSTLATCH_KEY_USE_H
#define POSTLATCH_KEY_USE_H

#include "policy/base/keys.h"
#include "policy/settings/policy.h"
#include "policy/store/work.h"

enum pl_key_file { PL_KEY_FILE_VERIFY, PL_KEY_FILE_SEAL, PL_KEY_FILE_OUTBOX, PL_KEY_FILES };

/* "verify" */
const char *pl_key_file_name(enum pl_key_file file);
/* 0, or -1: there is none of that name. */
int pl_key_file_by_name(const char *name, enum pl_key_file *file_r);
/* As long as the policy. */
const char *pl_key_file_path(enum pl_key_file file, const struct pl_policy *policy);

enum pl_key_use {
#define KEY_USE(id, file, sealed, name, text) PL_KEY_USE_##id,
#include "policy/rotation/key_use.def"
#undef KEY_USE
	PL_KEY_USES
};

struct pl_key_use_info {
	enum pl_key_file file;
	int is_sealed;
	const char *name, *text;
	enum pl_sql count, list, set; /* list and set: of what is sealed */
};

const struct pl_key_use_info *pl_key_use_info(enum pl_key_use use);

/* How many rows of each use depend on a key. */
struct pl_key_rows {
	int key_id; /* 0: it is not known which key it is */
	int64_t count[PL_KEY_USES];
};

#define PL_KEY_ROWS 16

struct pl_key_counts {
	size_t keys;
	struct pl_key_rows rows[PL_KEY_ROWS];
};

/* Counts what depends on the keys of a file, also on those that the file does not have. Reads all
 * of these rows. 0, or -1. */
int pl_key_counts_read(const struct pl_work *work, enum pl_key_file file,
		       struct pl_key_counts *counts_r);
/* What depends on that key; NULL: nothing. */
const struct pl_key_rows *pl_key_counts_find(const struct pl_key_counts *counts, int key_id);
/* All that depends on other keys than that one. */
void pl_key_counts_others(const struct pl_key_counts *counts, int key_id,
			  struct pl_key_rows *rows_r);
/* All that depends on keys that are not among these. keys may be NULL: none are. */
void pl_key_counts_lost(const struct pl_key_counts *counts, const struct pl_keys *keys,
			struct pl_key_rows *rows_r);
int64_t pl_key_rows_total(const struct pl_key_rows *rows);
/* "3 app passwords, 20 recovery codes"; "nothing". Returns buf. */
char *pl_key_rows_format(const struct pl_key_rows *rows, char *buf, size_t size);

#endif
