/* key_file.c - see key_file.h. */
#include "policy/base/key_file.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/base/new_file.h"

#define SINCE "since"

/* ---- the text ---- */

struct writing {
	char *text;
	size_t size, used;
	int failed;
};

static void put(struct writing *writing, const char *text, size_t len)
{
	if (len >= writing->size - writing->used)
		writing->failed = 1;
	if (writing->failed)
		return;
	memcpy(writing->text + writing->used, text, len);
	writing->used += len;
	writing->text[writing->used] = '\0';
}

/* The number of a key that a comment is about, "# 2 since 2027-03-01"; 0: it is about all. */
static long comment_id(const char *line)
{
	char *end;
	const long id = strtol(line + 1, &end, 10);

	return end != line + 1 && strncmp(end, " " SINCE " ", sizeof(SINCE) + 1) == 0 ? id : 0;
}

/* Copies the lines that are about the key of that number, or about none. How many keys. */
static int copy_lines(const char *text, long id, struct writing *writing)
{
	int keys = 0;

	while (*text != '\0') {
		const size_t len = strcspn(text, "\n");
		const int is_comment = *text == '#';
		const long about = is_comment ? comment_id(text) : strtol(text, NULL, 10);

		if (len > 0 && about == id) {
			put(writing, text, len);
			put(writing, "\n", 1);
			keys += !is_comment;
		}
		text += len + (text[len] == '\n');
	}
	return keys;
}

static void put_key(struct writing *writing, int id, const unsigned char key[PL_KEY_BYTES],
		    int32_t day)
{
	char line[64 + 2 * PL_KEY_BYTES], date[PL_DAY_TEXT];
	int len = snprintf(line, sizeof(line), "# %d " SINCE " %s\n%d ", id,
			   pl_day_format(day, date), id);

	for (size_t i = 0; i < PL_KEY_BYTES; i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len, "%02x", key[i]);
	len += snprintf(line + len, sizeof(line) - (size_t)len, "\n");
	put(writing, line, (size_t)len);
	OPENSSL_cleanse(line, sizeof(line));
}

int pl_key_text(const char *text, const int *ids, size_t count, int added,
		const unsigned char key[PL_KEY_BYTES], int32_t day, char *text_r, size_t size)
{
	struct writing writing = { .text = text_r, .size = size };

	copy_lines(text, 0, &writing);
	for (size_t i = 0; i < count; i++) {
		if (ids[i] == added)
			put_key(&writing, added, key, day);
		else if (copy_lines(text, ids[i], &writing) != 1)
			return -1;
	}
	return writing.failed ? -1 : (int)writing.used;
}

/* ---- the file ---- */

static int write_text(struct pl_new_file *file, const char *text, mode_t mode, uid_t uid, gid_t gid,
		      struct pl_error *err)
{
	if (write(file->fd, text, strlen(text)) == (ssize_t)strlen(text) &&
	    fchown(file->fd, uid, gid) == 0 && fchmod(file->fd, mode) == 0)
		return pl_new_file_keep(file, err);
	pl_error_set(err, PL_ERR_RETRY, "%s: %s", file->path, strerror(errno));
	pl_new_file_drop(file);
	return -1;
}

static int draw(unsigned char key_r[PL_KEY_BYTES], struct pl_error *err)
{
	return RAND_priv_bytes(key_r, PL_KEY_BYTES) == 1
		       ? 0
		       : pl_error_set(err, PL_ERR_RETRY, "OpenSSL cannot generate random numbers");
}

int pl_key_file_create(const char *path, int32_t day, mode_t mode, uid_t uid, gid_t gid,
		       struct pl_error *err)
{
	static const char head[] =
		"# A key of Postlatch. Keep it out of backups of the database.\n";
	unsigned char key[PL_KEY_BYTES];
	char text[PL_KEY_FILE_MAX + 1];
	struct pl_new_file file;
	const int first = 1;
	int ret = pl_new_file_begin(&file, path, 0600, err);

	if (ret == 0 && draw(key, err) < 0) {
		pl_new_file_drop(&file);
		ret = -1;
	}
	if (ret == 0) {
		pl_key_text(head, &first, 1, first, key, day, text, sizeof(text));
		ret = write_text(&file, text, mode, uid, gid, err);
	}
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(text, sizeof(text));
	return ret < 0 ? pl_error_prefix(err, "key file") : 0;
}

/* What becomes of the file, whose lock is held. */
struct change {
	const char *path;
	int ids[PL_KEYS_LIVE]; /* the keys from now on */
	size_t count;
	int added; /* 0: none */
	int32_t day;
};

static int replace(const struct change *change, struct pl_new_file *file, struct pl_error *err)
{
	char before[PL_KEY_FILE_MAX + 1], after[PL_KEY_FILE_MAX + 1];
	unsigned char key[PL_KEY_BYTES] = { 0 };
	struct stat st;
	int ret = -1;

	if ((change->added == 0 || draw(key, err) == 0) &&
	    pl_keys_read_text(change->path, before, &st, err) == 0)
		ret = pl_key_text(before, change->ids, change->count, change->added, key,
				  change->day, after, sizeof(after)) < 0
			      ? pl_error_set(err, PL_ERR_RETRY,
					     "another program has changed it, or it is too large")
			      : 0;
	if (ret == 0)
		ret = write_text(file, after, st.st_mode & 07777, st.st_uid, st.st_gid, err);
	else
		pl_new_file_drop(file);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(before, sizeof(before));
	OPENSSL_cleanse(after, sizeof(after));
	return ret;
}

/* Says of the keys that there are which ones are to be there. 0, or -1. */
typedef int choose_fn(const struct pl_keys *keys, int id, struct change *change,
		      struct pl_error *err);

static int change_file(const char *path, choose_fn *choose, int id, int32_t day, int *added_r,
		       struct pl_error *err)
{
	struct change change = { .path = path, .day = day };
	struct pl_keys *keys = NULL;
	struct pl_new_file file;
	int ret = pl_new_file_begin_anew(&file, path, 0600, err);

	if (ret == 0 &&
	    (pl_keys_load(path, &keys, err) < 0 || choose(keys, id, &change, err) < 0)) {
		pl_new_file_drop(&file);
		ret = -1;
	}
	if (ret == 0)
		ret = replace(&change, &file, err);
	pl_keys_free(&keys);
	if (added_r != NULL)
		*added_r = change.added;
	return ret < 0 ? pl_error_prefix(err, "%s cannot be changed", path) : 0;
}

static int choose_one_more(const struct pl_keys *keys, int id, struct change *change,
			   struct pl_error *err)
{
	(void)id;
	for (size_t i = 0; i < pl_keys_count(keys); i++) {
		change->ids[change->count++] = pl_keys_id(keys, i);
		if (pl_keys_id(keys, i) > change->added)
			change->added = pl_keys_id(keys, i);
	}
	if (change->count == PL_KEYS_LIVE)
		return pl_error_set(err, PL_ERR_CONFLICT,
				    "it has %d keys, which is the most; remove old ones first",
				    PL_KEYS_LIVE);
	change->ids[change->count++] = ++change->added;
	return 0;
}

static int choose_first(const struct pl_keys *keys, int id, struct change *change,
			struct pl_error *err)
{
	change->ids[change->count++] = id;
	for (size_t i = 0; i < pl_keys_count(keys); i++) {
		if (pl_keys_id(keys, i) == id)
			continue;
		if (change->count == pl_keys_count(keys))
			return pl_error_set(err, PL_ERR_CONFLICT, "it has no key of number %d", id);
		change->ids[change->count++] = pl_keys_id(keys, i);
	}
	return 0;
}

static int choose_only_first(const struct pl_keys *keys, int id, struct change *change,
			     struct pl_error *err)
{
	(void)id;
	(void)err;
	change->ids[change->count++] = pl_keys_id(keys, 0);
	return 0;
}

int pl_key_file_add(const char *path, int32_t day, int *id_r, struct pl_error *err)
{
	return change_file(path, choose_one_more, 0, day, id_r, err);
}

int pl_key_file_put_first(const char *path, int id, struct pl_error *err)
{
	return change_file(path, choose_first, id, 0, NULL, err);
}

int pl_key_file_keep_first(const char *path, struct pl_error *err)
{
	return change_file(path, choose_only_first, 0, 0, NULL, err);
}
