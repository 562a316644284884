/* check_key_rows.c - whether what the database holds has its keys, and old keys are left. */
#include "ctl/check/check.h"
#include "policy/rotation/key_use.h"

#define OLD_DAYS 90 /* after which a key that is being replaced should be gone */

static void find_lost(struct check *check, enum pl_key_file file, const struct pl_keys *keys,
		      const struct pl_key_counts *counts)
{
	struct pl_key_rows lost;
	char text[512];

	pl_key_counts_lost(counts, keys, &lost);
	if (pl_key_rows_total(&lost) == 0)
		return;
	check_find(check, CHECK_FAULT,
		   "%s in the database need keys that %s does not have; `postlatch key list` has "
		   "their "
		   "numbers: put their lines back, behind the first one, from a copy of the keys",
		   pl_key_rows_format(&lost, text, sizeof(text)),
		   pl_key_file_path(file, check->policy));
}

static void find_old(struct check *check, enum pl_key_file file, const struct pl_keys *keys)
{
	const int64_t today = pl_store_now(check->store) / PL_DAY_SECONDS;
	int32_t day;

	if (pl_keys_count(keys) > 1 && pl_day_parse(pl_keys_since(keys, 0), &day) &&
	    today - day > OLD_DAYS)
		check_find(check, CHECK_WARNING,
			   "%s has had an old key for more than %d days; `postlatch key list` "
			   "shows "
			   "what depends on it, and `postlatch key rotate %s --finish` removes it",
			   pl_key_file_path(file, check->policy), OLD_DAYS, pl_key_file_name(file));
}

int check_key_rows(struct check *check)
{
	for (int i = 0; i < PL_KEY_FILES; i++) {
		const enum pl_key_file file = (enum pl_key_file)i;
		struct pl_error err = { 0 };
		const struct pl_work work = { .store = check->store, .err = &err };
		struct pl_key_counts counts;
		struct pl_keys *keys;

		/* What is wrong with the file, check_keys() says. */
		if (pl_keys_load(pl_key_file_path(file, check->policy), &keys, NULL) < 0)
			continue;
		if (pl_key_counts_read(&work, file, &counts) < 0) {
			check_find(check, CHECK_FAULT, "%s", err.msg);
		} else {
			find_lost(check, file, keys, &counts);
			find_old(check, file, keys);
		}
		pl_keys_free(&keys);
	}
	return 1;
}
