/* cmd_key.c - postlatch key ...
 *
 * A key is replaced in steps, and which one is next is seen in the file: the new key is added
 * behind the one that is in use; it is put first; what is sealed is sealed again; the old one is
 * removed. Between two of them, programs that are running read the file. So a run that is killed is
 * gone on with by the next one.
 */
#include <limits.h>
#include <unistd.h>

#include "ctl/command.h"
#include "policy/base/key_file.h"
#include "policy/rotation/reseal.h"

/* Programs look at the files once a second or more often, and no request takes longer than this. */
#define READ_SECONDS 3

#define ROWS_TEXT 512

struct rotation {
	struct ctl *ctl;
	enum pl_key_file file;
	const char *path;
	struct pl_keys *keys; /* as the file has them now */
	struct pl_resealed resealed;
	struct pl_key_rows left;    /* that depend on other keys than the first one */
	struct pl_key_rows dropped; /* of them, by --drop */
	int removed;                /* keys */
	int is_prepared;            /* no more than a key was added */
};

/* For a person, who need not read JSON. */
static void tell(const struct rotation *rotation, const char *text)
{
	if (!rotation->ctl->json)
		puts(text);
	fflush(stdout);
}

static json_t *rows_json(const struct pl_key_rows *rows, enum pl_key_file file)
{
	json_t *json = json_object();

	for (int use = 0; use < PL_KEY_USES; use++) {
		const struct pl_key_use_info *info = pl_key_use_info((enum pl_key_use)use);

		if (info->file == file)
			json_object_set_new(json, info->name, json_integer(rows->count[use]));
	}
	return json;
}

/* ---- list ---- */

/* A key of the file, or one that only rows name (keys NULL). */
static void key_text(const struct pl_keys *keys, size_t index, const struct pl_key_rows *rows)
{
	char text[ROWS_TEXT];
	const char *since = keys == NULL ? "" : pl_keys_since(keys, index);

	if (keys == NULL && rows->key_id == 0)
		printf("  a key that is not known");
	else
		printf("  key %d", keys == NULL ? rows->key_id : pl_keys_id(keys, index));
	if (*since != '\0')
		printf(" since %s", since);
	if (keys == NULL && rows->key_id != 0)
		printf(", which is not in the file");
	else if (keys != NULL && index == 0)
		printf(", for all that is new");
	printf(": %s\n", pl_key_rows_format(rows, text, sizeof(text)));
}

static json_t *key_json(enum pl_key_file file, const struct pl_keys *keys, size_t index,
			const struct pl_key_rows *rows)
{
	const char *since = keys == NULL ? "" : pl_keys_since(keys, index);
	const int id = keys == NULL ? rows->key_id : pl_keys_id(keys, index);

	return json_pack("{s:o, s:o, s:b, s:b, s:o}", "id",
			 id == 0 ? json_null() : json_integer(id), "since",
			 *since == '\0' ? json_null() : json_string(since), "in_file", keys != NULL,
			 "first", keys != NULL && index == 0, "rows", rows_json(rows, file));
}

struct listing {
	enum pl_key_file file;
	json_t *json; /* NULL: text */
};

static void show_key(const struct listing *listing, const struct pl_keys *keys, size_t index,
		     const struct pl_key_rows *rows)
{
	if (listing->json == NULL)
		key_text(keys, index, rows);
	else
		json_array_append_new(listing->json, key_json(listing->file, keys, index, rows));
}

/* keys may be NULL: then only rows tell of keys. */
static void show_keys(const struct listing *listing, const struct pl_keys *keys,
		      const struct pl_key_counts *counts)
{
	static const struct pl_key_rows none = { 0 };

	for (size_t i = 0; keys != NULL && i < pl_keys_count(keys); i++) {
		const struct pl_key_rows *rows = pl_key_counts_find(counts, pl_keys_id(keys, i));

		show_key(listing, keys, i, rows == NULL ? &none : rows);
	}
	for (size_t i = 0; i < counts->keys; i++) {
		if (pl_keys_find(keys, counts->rows[i].key_id) < 0)
			show_key(listing, NULL, 0, &counts->rows[i]);
	}
}

/* A file that cannot be read does not hide the others. */
static int list_file(struct ctl *ctl, enum pl_key_file file, json_t *files, struct pl_error *err)
{
	struct listing listing = { .file = file, .json = files == NULL ? NULL : json_array() };
	const char *path = pl_key_file_path(file, ctl->policy);
	struct pl_key_counts counts;
	struct pl_error fault = { 0 };
	struct pl_keys *keys;

	if (pl_key_counts_read(&ctl->work, file, &counts) < 0) {
		json_decref(listing.json);
		return pl_error_prefix(err, "what depends on %s", path);
	}
	(void)pl_keys_load(path, &keys, &fault);
	if (files == NULL)
		printf("%s: %s\n", pl_key_file_name(file), path);
	if (files == NULL && keys == NULL)
		printf("  %s\n", fault.msg);
	show_keys(&listing, keys, &counts);
	if (files != NULL)
		json_array_append_new(files,
				      json_pack("{s:s, s:s, s:o, s:o}", "key",
						pl_key_file_name(file), "file", path, "fault",
						keys == NULL ? json_string(fault.msg) : json_null(),
						"keys", listing.json));
	pl_keys_free(&keys);
	return 0;
}

int cmd_key_list(struct ctl *ctl, struct pl_error *err)
{
	json_t *files = ctl->json ? json_array() : NULL;

	for (int file = 0; file < PL_KEY_FILES; file++) {
		if (list_file(ctl, (enum pl_key_file)file, files, err) < 0) {
			json_decref(files);
			return -1;
		}
	}
	return files == NULL ? CTL_DONE : ctl_print_json(files, err);
}

/* ---- rotate ---- */

static int load(struct rotation *rotation, struct pl_error *err)
{
	pl_keys_free(&rotation->keys);
	return pl_keys_load(rotation->path, &rotation->keys, err);
}

static int newest(const struct pl_keys *keys)
{
	int id = 0;

	for (size_t i = 0; i < pl_keys_count(keys); i++) {
		if (pl_keys_id(keys, i) > id)
			id = pl_keys_id(keys, i);
	}
	return id;
}

static int record(struct rotation *rotation, const char *action, int before, int after,
		  struct pl_error *err)
{
	const struct pl_work *work = &rotation->ctl->work;
	char object[32], old[16], new[16];
	int ret = pl_store_begin_write(work->store, err);

	snprintf(object, sizeof(object), "key %s", pl_key_file_name(rotation->file));
	snprintf(old, sizeof(old), "%d", before);
	snprintf(new, sizeof(new), "%d", after);
	if (ret == 0)
		ret = pl_audit_add(work, action, object, old, new);
	return pl_store_finish(work->store, ret, err);
}

static void wait_for_programs(const struct rotation *rotation)
{
	char text[96];

	snprintf(text, sizeof(text), "programs that are running read it: %d seconds", READ_SECONDS);
	tell(rotation, text);
	sleep(READ_SECONDS);
}

static int add_key(struct rotation *rotation, struct pl_error *err)
{
	char text[PATH_MAX + 64];
	int id;

	if (pl_key_file_add(rotation->path, pl_day_of(rotation->ctl->work.now), &id, err) < 0)
		return -1;
	snprintf(text, sizeof(text), "added key %d to %s", id, rotation->path);
	tell(rotation, text);
	return load(rotation, err);
}

static int use_newest(struct rotation *rotation, struct pl_error *err)
{
	const int before = pl_keys_id(rotation->keys, 0), id = newest(rotation->keys);
	char text[96];

	wait_for_programs(rotation);
	if (pl_key_file_put_first(rotation->path, id, err) < 0 ||
	    record(rotation, "key.rotate", before, id, err) < 0)
		return -1;
	snprintf(text, sizeof(text), "from now on key %d is for all that is new", id);
	tell(rotation, text);
	wait_for_programs(rotation);
	return load(rotation, err);
}

static void reseal_progress(const char *what, int64_t done)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %lld sealed again", what, (long long)done);
}

/* Also counts what is left. */
static int reseal(struct rotation *rotation)
{
	struct pl_key_counts counts;

	if (pl_reseal_commit(&rotation->ctl->work, rotation->file, rotation->keys, reseal_progress,
			     &rotation->resealed) < 0 ||
	    pl_key_counts_read(&rotation->ctl->work, rotation->file, &counts) < 0)
		return -1;
	if (rotation->resealed.done > 0 && isatty(STDERR_FILENO))
		fputc('\n', stderr);
	pl_key_counts_others(&counts, pl_keys_id(rotation->keys, 0), &rotation->left);
	return 0;
}

static int rotate(struct rotation *rotation, struct pl_error *err)
{
	const int is_only_to_add = rotation->ctl->option[CTL_OPTION_PREPARE] != NULL;
	const int is_under_way = pl_keys_count(rotation->keys) > 1;
	const int is_in_use = newest(rotation->keys) == pl_keys_id(rotation->keys, 0);

	if (is_only_to_add && is_under_way && is_in_use)
		return pl_error_set(err, PL_ERR_CONFLICT,
				    "%s has an old key still; remove it first by `postlatch key "
				    "rotate %s --finish`",
				    rotation->path, pl_key_file_name(rotation->file));
	if (!is_under_way && add_key(rotation, err) < 0)
		return -1;
	rotation->is_prepared = is_only_to_add;
	if (is_only_to_add)
		return 0;
	if ((!is_under_way || !is_in_use) && use_newest(rotation, err) < 0)
		return -1;
	return reseal(rotation);
}

/* Sealed rows that cannot be read with any key lose nothing when one is removed. */
static int64_t count_of(const struct pl_key_rows *rows, int is_sealed)
{
	int64_t count = 0;

	for (int use = 0; use < PL_KEY_USES; use++)
		count += pl_key_use_info((enum pl_key_use)use)->is_sealed == is_sealed
				 ? rows->count[use]
				 : 0;
	return count;
}

static int remove_old(struct rotation *rotation, struct pl_error *err)
{
	const int first = pl_keys_id(rotation->keys, 0);
	const size_t count = pl_keys_count(rotation->keys);
	char text[ROWS_TEXT];

	if (pl_key_rows_total(&rotation->left) > 0 &&
	    rotation->ctl->option[CTL_OPTION_DROP] == NULL)
		return pl_error_set(err, PL_ERR_CONFLICT,
				    "%s keeps its old keys: %s depend on them%s%s. Wait until they "
				    "are "
				    "used or replaced, or give them up with --drop",
				    rotation->path,
				    pl_key_rows_format(&rotation->left, text, sizeof(text)),
				    rotation->resealed.unreadable > 0 ? ", and cannot be read: "
								      : "",
				    rotation->resealed.unreadable > 0 ? rotation->resealed.why.msg
								      : "");
	if (count_of(&rotation->left, 0) > 0 &&
	    pl_key_drop_commit(&rotation->ctl->work, first, &rotation->dropped) < 0)
		return -1;
	for (int use = 0; use < PL_KEY_USES; use++)
		rotation->left.count[use] -= rotation->dropped.count[use];
	if (pl_key_file_keep_first(rotation->path, err) < 0 ||
	    record(rotation, "key.remove", pl_keys_id(rotation->keys, 1), first, err) < 0)
		return -1;
	rotation->removed = (int)count - 1;
	return load(rotation, err);
}

static int finish(struct rotation *rotation, struct pl_error *err)
{
	const int first = pl_keys_id(rotation->keys, 0);

	if (newest(rotation->keys) != first)
		return pl_error_set(err, PL_ERR_CONFLICT,
				    "key %d of %s is not used yet; run `postlatch key rotate %s` "
				    "first",
				    newest(rotation->keys), rotation->path,
				    pl_key_file_name(rotation->file));
	if (reseal(rotation) < 0)
		return -1;
	return pl_keys_count(rotation->keys) == 1 ? 0 : remove_old(rotation, err);
}

static void say(const struct rotation *rotation)
{
	const struct pl_resealed *resealed = &rotation->resealed;
	const char *name = pl_key_file_name(rotation->file);
	char text[ROWS_TEXT];

	if (rotation->is_prepared) {
		printf("Copy %s to the other machines, then run `postlatch key rotate %s`.\n",
		       rotation->path, name);
		return;
	}
	if (resealed->done > 0)
		printf("sealed %lld rows again\n", (long long)resealed->done);
	if (resealed->unreadable > 0)
		printf("%lld rows cannot be read and stay as they are: %s\n",
		       (long long)resealed->unreadable, resealed->why.msg);
	if (pl_key_rows_total(&rotation->dropped) > 0)
		printf("gave up %s\n", pl_key_rows_format(&rotation->dropped, text, sizeof(text)));
	if (pl_keys_count(rotation->keys) == 1) {
		printf("%s has key %d alone\n", rotation->path, pl_keys_id(rotation->keys, 0));
		return;
	}
	printf("%s: left that depend on old keys\n",
	       pl_key_rows_format(&rotation->left, text, sizeof(text)));
	printf("`postlatch key rotate %s --finish` removes the old keys when that is nothing.\n",
	       name);
}

static int answer(const struct rotation *rotation, struct pl_error *err)
{
	if (!rotation->ctl->json) {
		say(rotation);
		return CTL_DONE;
	}
	return ctl_print_json(json_pack("{s:s, s:s, s:i, s:i, s:I, s:I, s:o, s:o, s:i}", "key",
					pl_key_file_name(rotation->file), "file", rotation->path,
					"first", pl_keys_id(rotation->keys, 0), "keys",
					(int)pl_keys_count(rotation->keys), "resealed",
					(json_int_t)rotation->resealed.done, "unreadable",
					(json_int_t)rotation->resealed.unreadable, "left",
					rows_json(&rotation->left, rotation->file), "dropped",
					rows_json(&rotation->dropped, rotation->file), "removed",
					rotation->removed),
			      err);
}

int cmd_key_rotate(struct ctl *ctl, struct pl_error *err)
{
	struct rotation rotation = { .ctl = ctl };
	const int is_end = ctl->option[CTL_OPTION_FINISH] != NULL;
	int ret;

	if (pl_key_file_by_name(ctl->args[0], &rotation.file) < 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "there is no key file %.32s; they are verify, seal and outbox",
				    ctl->args[0]);
	if ((is_end && ctl->option[CTL_OPTION_PREPARE] != NULL) ||
	    (!is_end && ctl->option[CTL_OPTION_DROP] != NULL))
		return pl_error_set(err, PL_ERR_INVALID,
				    "--drop goes with --finish, and --prepare without");
	rotation.path = pl_key_file_path(rotation.file, ctl->policy);
	ret = load(&rotation, err);
	if (ret == 0)
		ret = is_end ? finish(&rotation, err) : rotate(&rotation, err);
	if (ret == 0)
		ret = answer(&rotation, err);
	pl_keys_free(&rotation.keys);
	return ret;
}
