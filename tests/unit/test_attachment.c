/* test_attachment.c - files that mail links to: their bytes, and the rows of links. */
#include "tests/unit/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy/attachment/download.h"
#include "policy/attachment/link_notice.h"
#include "policy/attachment/link_password.h"
#include "policy/attachment/usage.h"
#include "policy/base/key_file.h"
#include "policy/rotation/reseal.h"
#include "policy/settings/option.h"

#define T 1700000000
#define DAY 86400

/* -- blobs -- */

/* One that names nothing but a folder. */
static struct pl_policy *folder_policy(struct fixture *fixture, const char *folder)
{
	static char path[256], none[1];
	static struct pl_policy policy;

	snprintf(path, sizeof(path), "%s", path_in(fixture, folder));
	policy.attachment_folder = path;
	policy.attachment_s3_url = none;
	return &policy;
}

static struct pl_blobs *blobs_of(struct fixture *fixture)
{
	struct pl_blobs *blobs;

	mkdir(path_in(fixture, "files"), 0771);
	assert_ok(fixture, pl_blobs_open(folder_policy(fixture, "files"), fixture->keys, &blobs,
					 &fixture->err));
	return blobs;
}

static void keep(struct fixture *fixture, struct pl_blobs *blobs, const char *text,
		 char name_r[PL_BLOB_NAME])
{
	struct pl_blob *blob;
	int64_t size;

	assert_ok(fixture, pl_blob_begin(blobs, &blob, &fixture->err));
	for (const char *c = text; *c != '\0'; c++)
		assert_ok(fixture, pl_blob_write(blob, c, 1, &fixture->err));
	assert_ok(fixture, pl_blob_keep(&blob, name_r, &size, &fixture->err));
	assert_null(blob);
	assert_int_equal(size, strlen(text));
}

/* How many names a folder below that of the blobs has, beside "." and "..". */
static int names_in(struct fixture *fixture, const char *folder)
{
	char path[256];
	struct dirent *entry;
	DIR *dir;
	int count = 0;

	snprintf(path, sizeof(path), "%s/files/%s", fixture->dir, folder);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* Makes the file of a blob, or of what is incoming, so many seconds older. */
static void age(struct fixture *fixture, const char *name, int64_t at)
{
	const struct timespec times[2] = { { .tv_sec = at }, { .tv_sec = at } };
	char path[256];

	snprintf(path, sizeof(path), "%s/files/%.2s/%s", fixture->dir, name, name);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int exists(struct fixture *fixture, struct pl_blobs *blobs, const char *name)
{
	int64_t size;
	int fd, ret = pl_blob_open(blobs, name, &fd, &size, &fixture->err);

	assert_ok(fixture, ret);
	if (ret == 1)
		close(fd);
	return ret;
}

static void what_is_kept_is_read(void **state)
{
	struct fixture *fixture = *state;
	struct pl_blobs *blobs = blobs_of(fixture);
	char name[PL_BLOB_NAME], bytes[16] = "", path[256];
	struct stat st;
	int64_t size;
	int fd;

	keep(fixture, blobs, "Hello, world", name);
	assert_int_equal(pl_blob_open(blobs, name, &fd, &size, &fixture->err), 1);
	assert_int_equal(size, 12);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 12);
	assert_memory_equal(bytes, "Hello, world", 12);
	close(fd);
	/* In a folder of its first digits, which others can walk through and not list. */
	snprintf(path, sizeof(path), "%s/files/%.2s", fixture->dir, name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0771);
	snprintf(path, sizeof(path), "%s/files/%.2s/%s", fixture->dir, name, name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(names_in(fixture, "incoming"), 0);
	pl_blobs_close(&blobs);
}

static void equal_bytes_are_one_blob(void **state)
{
	struct fixture *fixture = *state;
	struct pl_blobs *blobs = blobs_of(fixture), *others;
	char one[PL_BLOB_NAME], two[PL_BLOB_NAME], other[PL_BLOB_NAME];
	struct pl_keys *keys;

	keep(fixture, blobs, "same", one);
	keep(fixture, blobs, "same", two);
	keep(fixture, blobs, "other", other);
	assert_string_equal(one, two);
	assert_string_not_equal(one, other);
	/* The name is made with the key: nobody else can tell it from the bytes. */
	assert_ok(fixture, pl_key_file_create(path_in(fixture, "other.key"), 0, 0600, geteuid(),
					      getegid(), &fixture->err));
	assert_ok(fixture, pl_keys_load(path_in(fixture, "other.key"), &keys, &fixture->err));
	assert_ok(fixture,
		  pl_blobs_open(folder_policy(fixture, "files"), keys, &others, &fixture->err));
	keep(fixture, others, "same", two);
	assert_string_not_equal(one, two);
	pl_keys_free(&keys);
	pl_blobs_close(&others);
	pl_blobs_close(&blobs);
}

static void what_is_dropped_is_gone(void **state)
{
	struct fixture *fixture = *state;
	struct pl_blobs *blobs = blobs_of(fixture);
	struct pl_blob *blob;

	assert_ok(fixture, pl_blob_begin(blobs, &blob, &fixture->err));
	assert_ok(fixture, pl_blob_write(blob, "x", 1, &fixture->err));
	assert_int_equal(names_in(fixture, "incoming"), 1);
	pl_blob_drop(&blob);
	assert_int_equal(names_in(fixture, "incoming"), 0);
	pl_blob_drop(&blob);
	pl_blobs_close(&blobs);
}

static void an_upload_goes_on_where_it_ended(void **state)
{
	struct fixture *fixture = *state;
	struct pl_blobs *blobs = blobs_of(fixture);
	char name[PL_BLOB_NAME], whole[PL_BLOB_NAME];
	struct pl_blob *blob, *again;
	int64_t size;

	assert_ok(fixture, pl_blob_resume(blobs, "upload-1", &blob, &size, &fixture->err));
	assert_int_equal(size, 0);
	assert_ok(fixture, pl_blob_write(blob, "Hello, ", 7, &fixture->err));
	assert_refused(fixture, pl_blob_resume(blobs, "upload-1", &again, &size, &fixture->err),
		       PL_ERR_CONFLICT, "being written");
	assert_ok(fixture, pl_blob_suspend(&blob, &fixture->err));
	assert_ok(fixture, pl_blob_resume(blobs, "upload-1", &blob, &size, &fixture->err));
	assert_int_equal(size, 7);
	assert_ok(fixture, pl_blob_write(blob, "world", 5, &fixture->err));
	assert_ok(fixture, pl_blob_keep(&blob, name, &size, &fixture->err));
	assert_int_equal(size, 12);
	keep(fixture, blobs, "Hello, world", whole);
	assert_string_equal(name, whole);
	assert_refused(fixture, pl_blob_resume(blobs, "../secret", &blob, &size, &fixture->err),
		       PL_ERR_INVALID, "name");
	pl_blobs_close(&blobs);
}

/* A full disk, as a process sees it that may write no more than so many bytes. */
static void a_full_disk_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct pl_blobs *blobs = blobs_of(fixture);
	struct rlimit before, few = { .rlim_cur = 4096 };
	char bytes[8192] = "";
	struct pl_blob *blob;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	few.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_ok(fixture, pl_blob_begin(blobs, &blob, &fixture->err));
	setrlimit(RLIMIT_FSIZE, &few);
	assert_refused(fixture, pl_blob_write(blob, bytes, sizeof(bytes), &fixture->err),
		       PL_ERR_RETRY, "File too large");
	setrlimit(RLIMIT_FSIZE, &before);
	pl_blob_drop(&blob);
	assert_int_equal(names_in(fixture, "incoming"), 0);
	pl_blobs_close(&blobs);
}

static void a_folder_that_is_gone_is_told(void **state)
{
	struct fixture *fixture = *state;
	struct pl_blobs *blobs = blobs_of(fixture);
	struct pl_blob *blob;

	pl_blobs_close(&blobs);
	assert_int_equal(rename(path_in(fixture, "files"), path_in(fixture, "away")), 0);
	assert_refused(fixture,
		       pl_blobs_open(folder_policy(fixture, "files"), fixture->keys, &blobs,
				     &fixture->err),
		       PL_ERR_RETRY, "files: No such file");
	/* Whoever only reads cannot write by mistake. */
	assert_ok(fixture,
		  pl_blobs_open(folder_policy(fixture, "away"), NULL, &blobs, &fixture->err));
	assert_refused(fixture, pl_blob_begin(blobs, &blob, &fixture->err), PL_ERR_INTERNAL, "key");
	pl_blobs_close(&blobs);
}

static int is_used(void *context, const char *name, struct pl_error *err)
{
	if (context == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "away");
	return strcmp(context, name) == 0;
}

static void old_blobs_without_a_row_are_removed(void **state)
{
	struct fixture *fixture = *state;
	struct pl_blobs *blobs = blobs_of(fixture);
	char used[PL_BLOB_NAME], old[PL_BLOB_NAME], young[PL_BLOB_NAME];
	struct pl_blobs_state now;
	struct pl_blob *blob;
	int64_t removed, size;

	keep(fixture, blobs, "used", used);
	keep(fixture, blobs, "old", old);
	keep(fixture, blobs, "young", young);
	assert_ok(fixture, pl_blob_resume(blobs, "upload-1", &blob, &size, &fixture->err));
	assert_ok(fixture, pl_blob_suspend(&blob, &fixture->err));
	age(fixture, used, T - PL_BLOB_ORPHAN_AGE);
	age(fixture, old, T - PL_BLOB_ORPHAN_AGE);
	age(fixture, young, T - PL_BLOB_ORPHAN_AGE + 1);
	/* Where it cannot be told, nothing is removed. */
	assert_refused(fixture, pl_blobs_sweep(blobs, T, is_used, NULL, &removed, &fixture->err),
		       PL_ERR_RETRY, "away");
	assert_ok(fixture, pl_blobs_look(blobs, T, is_used, used, &now, &fixture->err));
	assert_int_equal(now.count, 3);
	assert_int_equal(now.bytes, 4 + 3 + 5);
	assert_int_equal(now.orphans, 1);
	assert_int_equal(now.incoming, 1);
	assert_true(now.free_bytes > 0);
	assert_ok(fixture, pl_blobs_sweep(blobs, T, is_used, used, &removed, &fixture->err));
	assert_int_equal(removed, 1);
	assert_true(exists(fixture, blobs, used));
	assert_false(exists(fixture, blobs, old));
	assert_true(exists(fixture, blobs, young));
	/* What is stored again is young again. */
	age(fixture, young, T - DAY);
	keep(fixture, blobs, "young", young);
	assert_ok(fixture,
		  pl_blobs_sweep(blobs, time(NULL), is_used, used, &removed, &fixture->err));
	assert_int_equal(removed, 0);
	age(fixture, young, T - DAY);
	assert_ok(fixture, pl_blobs_sweep(blobs, T, is_used, used, &removed, &fixture->err));
	assert_int_equal(removed, 1);
	/* What was begun is removed when nobody has written to it for a day. */
	assert_ok(fixture, pl_blobs_sweep(blobs, time(NULL) + PL_BLOB_INCOMING_AGE + 1, is_used,
					  used, &removed, &fixture->err));
	assert_int_equal(removed, 1);
	assert_int_equal(names_in(fixture, "incoming"), 0);
	pl_blobs_close(&blobs);
}

/* -- links -- */

static struct pl_new_file_link file_of(const char *name, int64_t size)
{
	struct pl_new_file_link file = { .size = size, .name = name, .type = "image/png" };

	memset(file.blob, 'a', PL_BLOB_NAME - 1);
	return file;
}

static int add_link(struct fixture *fixture, const char *member,
		    const struct pl_new_file_link *files, size_t count, struct pl_secret *token_r)
{
	const struct pl_new_link link = { .subject = "Plans", .files = files, .count = count };
	struct pl_account account = account_of(fixture, member);
	int ret;

	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	ret = pl_link_add(work_at(fixture, T), fixture->policy, &account, &link, token_r);
	if (ret == 1)
		assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	else
		pl_store_rollback(fixture->store);
	return ret;
}

static int print_file(const struct pl_link_file *file, void *context)
{
	char *text = context;

	snprintf(text + strlen(text), 512, "%s %s %lld %d;", file->name, file->type,
		 (long long)file->size, file->is_scanned);
	return 0;
}

static void a_link_is_found_by_its_token(void **state)
{
	struct fixture *fixture = *state;
	struct pl_new_file_link files[2] = { file_of("a/b.png", 5), file_of("", 7) };
	struct pl_policy *policy = policy_of("attachment_url = \"https://files.test\"\n");
	char text[1024] = "", url[PL_LINK_URL];
	struct pl_secret token;
	struct pl_link link;

	add_member(fixture, "user@a.test", "");
	files[1].type = "not a type";
	files[1].is_scanned = 1;
	assert_int_equal(add_link(fixture, "user@a.test", files, 2, &token), 1);
	assert_string_equal(pl_link_url(fixture->policy, &token, url), "");
	pl_link_url(policy, &token, url);
	assert_int_equal(strlen(url), strlen("https://files.test/l/") + 43);
	assert_memory_equal(url, "https://files.test/l/", 21);
	assert_false(database_holds(fixture, (const char *)token.data));
	assert_int_equal(pl_link_find(work_at(fixture, T), &token, &link), 1);
	assert_string_equal(link.owner.local, "user");
	assert_string_equal(link.owner.domain, "a.test");
	assert_string_equal(link.subject, "Plans");
	assert_int_equal(link.origin, PL_LINK_OF_MAIL);
	assert_int_equal(link.made_at, T);
	assert_int_equal(link.expires_at, T + 30 * DAY);
	assert_int_equal(link.downloads_most, 100);
	assert_int_equal(link.withdrawn_at, 0);
	assert_ok(fixture, pl_link_files(work_at(fixture, T), link.id, print_file, text));
	assert_string_equal(text, "a_b.png image/png 5 0;attachment application/octet-stream 7 1;");
	token.data[0] ^= 1;
	assert_int_equal(pl_link_find(work_at(fixture, T), &token, &link), 0);
	pl_policy_unref(&policy);
}

static void names_are_made_harmless(void **state)
{
	static const struct {
		const char *name, *is;
	} rows[] = {
		{ "\xED\x95\x9C\xEA\xB8\x80.pdf", "\xED\x95\x9C\xEA\xB8\x80.pdf" },
		{ "..\\..\\x", ".._.._x" },
		{ "a\r\nb\"c", "a__b_c" },
		{ "..", "attachment" },
		{ "\xFF", "attachment" },
		{ "x\xE2\x80\xAEgpj.exe", "x_gpj.exe" },
		{ "a\xE2\x80\xA8z.txt", "a_z.txt" }, /* the line separator */
		{ "a\xC2\x85z.txt", "a_z.txt" },     /* a control character of ISO 6429 */
	};
	struct fixture *fixture = *state;
	struct pl_secret token;
	struct pl_link link;

	add_member(fixture, "user@a.test", "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct pl_new_file_link file = file_of(rows[i].name, 1);
		char text[512] = "", expected[512];

		assert_int_equal(add_link(fixture, "user@a.test", &file, 1, &token), 1);
		assert_int_equal(pl_link_find(work_at(fixture, T), &token, &link), 1);
		assert_ok(fixture, pl_link_files(work_at(fixture, T), link.id, print_file, text));
		snprintf(expected, sizeof(expected), "%s image/png 1 0;", rows[i].is);
		assert_string_equal(text, expected);
	}
}

static void a_long_name_is_cut_between_characters(void **state)
{
	struct fixture *fixture = *state;
	char name[400] = "x", text[1024] = "";
	struct pl_new_file_link file;
	struct pl_secret token;
	struct pl_link link;

	for (size_t i = 1; i + 3 < sizeof(name); i += 3)
		memcpy(name + i, "\xED\x95\x9C", 4);
	file = file_of(name, 1);
	add_member(fixture, "user@a.test", "");
	assert_int_equal(add_link(fixture, "user@a.test", &file, 1, &token), 1);
	assert_int_equal(pl_link_find(work_at(fixture, T), &token, &link), 1);
	assert_ok(fixture, pl_link_files(work_at(fixture, T), link.id, print_file, text));
	assert_int_equal(strcspn(text, " "), 253);
}

static void no_more_than_the_quota_is_stored(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_new_file_link file = file_of("x", 1 << 20), small = file_of("y", 1);
	struct pl_account account;
	struct pl_link_room room;
	struct pl_secret token;

	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("attachment_member_quota = 1\nattachment_domain_quota = 2\n");
	add_member(fixture, "one@a.test", "");
	add_member(fixture, "two@a.test", "");
	add_member(fixture, "three@a.test", "");
	assert_int_equal(add_link(fixture, "one@a.test", &file, 1, &token), 1);
	assert_int_equal(add_link(fixture, "one@a.test", &small, 1, &token), 0);
	assert_non_null(strstr(fixture->err.msg, "quota of one@a.test"));
	assert_int_equal(token.len, 0);
	assert_int_equal(add_link(fixture, "two@a.test", &file, 1, &token), 1);
	assert_int_equal(add_link(fixture, "three@a.test", &small, 1, &token), 0);
	assert_non_null(strstr(fixture->err.msg, "quota of the domain a.test"));
	account = account_of(fixture, "one@a.test");
	assert_ok(fixture, pl_link_room(work_at(fixture, T), fixture->policy, &account, &room));
	assert_int_equal(room.member_bytes, 1 << 20);
	assert_int_equal(room.domain_bytes, 2 << 20);
	assert_int_equal(pl_link_left(&room), 0);
	/* Quotas of their own. */
	sql_run(fixture->db, "UPDATE domain SET attachment_quota = 2097157");
	sql_run(fixture->db, "UPDATE member SET attachment_quota = 1048578 WHERE local = 'one'");
	assert_ok(fixture, pl_link_room(work_at(fixture, T), fixture->policy, &account, &room));
	assert_int_equal(pl_link_left(&room), 2);
	assert_int_equal(add_link(fixture, "one@a.test", &small, 1, &token), 1);
}

static int64_t stored(struct fixture *fixture)
{
	return sql_int(fixture->db, "SELECT COUNT(*) FROM attachment_file WHERE blob IS NOT NULL");
}

static void a_link_is_withdrawn_once(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_new_file_link files[2] = { file_of("x", 1), file_of("y", 1) };
	struct pl_secret token;
	struct pl_link link;

	add_member(fixture, "user@a.test", "");
	assert_int_equal(add_link(fixture, "user@a.test", files, 2, &token), 1);
	assert_int_equal(pl_link_find(work_at(fixture, T), &token, &link), 1);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_int_equal(pl_link_withdraw(work_at(fixture, T + 5), &link), 1);
	assert_int_equal(pl_link_withdraw(work_at(fixture, T + 6), &link), 0);
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	assert_int_equal(pl_link_find(work_at(fixture, T), &token, &link), 1);
	assert_int_equal(link.withdrawn_at, T + 5);
	assert_int_equal(stored(fixture), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE action = "
					      "'link.withdraw' AND object = 'user@a.test'"),
			 1);
}

static int print_link(const struct pl_link *link, void *context)
{
	snprintf((char *)context + strlen(context), 64, "%lld ", (long long)link->id);
	return 0;
}

static void links_of_a_member_come_newest_first(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_new_file_link file = file_of("x", 1);
	struct pl_secret token;
	struct pl_link link;
	char text[128] = "";

	add_member(fixture, "user@a.test", "");
	add_member(fixture, "other@a.test", "");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(add_link(fixture, "user@a.test", &file, 1, &token), 1);
		assert_int_equal(add_link(fixture, "other@a.test", &file, 1, &token), 1);
	}
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(pl_link_get(work_at(fixture, T), 1, &link), 1);
	assert_ok(fixture,
		  pl_link_list_member(work_at(fixture, T), link.member_id, 0, 2, print_link, text));
	assert_string_equal(text, "5 3 ");
	assert_ok(fixture,
		  pl_link_list_member(work_at(fixture, T), link.member_id, 3, 2, print_link, text));
	assert_string_equal(text, "5 3 1 ");
}

static void a_link_is_extended_once_while_it_is_open(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_new_file_link file = file_of("x", 1);
	struct pl_secret token;
	struct pl_link link;

	add_member(fixture, "user@a.test", "");
	assert_int_equal(add_link(fixture, "user@a.test", &file, 1, &token), 1);
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(pl_link_find(work_at(fixture, T), &token, &link), 1);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_int_equal(pl_link_extend(work_at(fixture, T + 30 * DAY), fixture->policy, &link), 0);
	assert_int_equal(pl_link_extend(work_at(fixture, T + DAY), fixture->policy, &link), 1);
	assert_int_equal(pl_link_extend(work_at(fixture, T + DAY), fixture->policy, &link), 0);
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	assert_int_equal(pl_link_find(work_at(fixture, T), &token, &link), 1);
	assert_int_equal(link.expires_at, T + 60 * DAY);
	assert_true(link.is_extended);
}

static int count(struct fixture *fixture, int64_t file_id, const unsigned char *ticket)
{
	int ret;

	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	ret = pl_download_count(work_at(fixture, T + 1), file_id, ticket);
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	return ret;
}

static void a_download_is_counted_once_with_each_ticket(void **state)
{
	static const unsigned char one[PL_DOWNLOAD_TICKET] = "1", two[PL_DOWNLOAD_TICKET] = "2";
	struct fixture *fixture = *state;
	const struct pl_new_file_link files[2] = { file_of("x", 1), file_of("y", 1) };
	struct pl_download download;
	struct pl_secret token;
	int64_t id;

	add_member(fixture, "user@a.test", "");
	assert_int_equal(add_link(fixture, "user@a.test", files, 2, &token), 1);
	id = sql_int(fixture->db, "SELECT MIN(id) FROM attachment_file");
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(pl_download_get(work_at(fixture, T), id, one, &download), 1);
	assert_false(download.is_counted || pl_link_is_used_up(&download.link, &download.file));
	assert_string_equal(download.file.name, "x");
	assert_int_equal(pl_link_state(&download.link, T + 30 * DAY - 1), PL_LINK_OPEN);
	assert_int_equal(pl_link_state(&download.link, T + 30 * DAY), PL_LINK_EXPIRED);
	assert_int_equal(count(fixture, id, one), 1);
	assert_int_equal(count(fixture, id, one), 0);
	assert_int_equal(count(fixture, id, two), 1);
	assert_int_equal(pl_download_get(work_at(fixture, T), id, one, &download), 1);
	assert_true(download.is_counted);
	assert_int_equal(download.file.downloads, 2);
	/* The other file has not been fetched. */
	assert_int_equal(sql_int(fixture->db, "SELECT SUM(downloads) FROM attachment_file"), 2);
	/* One that is gone is none. */
	assert_int_equal(count(fixture, id + 100, one), 0);
	assert_int_equal(pl_download_get(work_at(fixture, T), id + 100, one, &download), 0);
}

struct largest {
	char names[64];
	int64_t bytes, sent;
};

static int note_largest(const struct pl_address *member, const struct pl_usage *usage,
			void *context)
{
	struct largest *largest = context;
	const size_t used = strlen(largest->names);

	snprintf(largest->names + used, sizeof(largest->names) - used, "%.10s ", member->local);
	largest->bytes += usage->bytes;
	largest->sent += usage->sent;
	return 0;
}

static void what_is_stored_and_sent_is_counted_by_member_and_domain(void **state)
{
	static const unsigned char one[PL_DOWNLOAD_TICKET] = "1", two[PL_DOWNLOAD_TICKET] = "2";
	struct fixture *fixture = *state;
	const struct pl_new_file_link files[2] = { file_of("x", 100), file_of("y", 20) };
	struct largest largest = { .names = "" };
	struct pl_account account;
	struct pl_secret token;
	struct pl_usage usage;
	int64_t id;

	add_member(fixture, "small@a.test", "");
	add_member(fixture, "large@a.test", "");
	add_member(fixture, "none@a.test", "");
	add_member(fixture, "foreign@b.test", "");
	assert_int_equal(add_link(fixture, "small@a.test", &files[1], 1, &token), 1);
	assert_int_equal(add_link(fixture, "large@a.test", files, 2, &token), 1);
	assert_int_equal(add_link(fixture, "large@a.test", &files[1], 1, &token), 1);
	assert_int_equal(add_link(fixture, "foreign@b.test", files, 1, &token), 1);
	id = sql_int(fixture->db, "SELECT MIN(id) FROM attachment_file WHERE size = 100");
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(count(fixture, id, one), 1);
	assert_int_equal(count(fixture, id, one), 0);
	assert_int_equal(count(fixture, id, two), 1);
	account = account_of(fixture, "large@a.test");
	reopen(fixture, PL_ROLE_CONSOLE);
	assert_int_equal(pl_usage_member(work_at(fixture, T), account.member.id, &usage), 1);
	assert_int_equal(usage.bytes, 140);
	assert_int_equal(usage.links, 2);
	assert_int_equal(usage.downloads, 2);
	assert_int_equal(usage.sent, 200);
	assert_int_equal(usage.own_quota, PL_QUOTA_INHERITED);
	assert_int_equal(pl_usage_domain(work_at(fixture, T), account.domain.id, &usage), 1);
	assert_int_equal(usage.bytes, 160);
	assert_int_equal(usage.links, 3);
	assert_int_equal(usage.sent, 200);
	/* Not who has nothing, nor others' members. */
	assert_ok(fixture, pl_usage_largest(work_at(fixture, T), account.domain.id, 10,
					    note_largest, &largest));
	assert_string_equal(largest.names, "large small ");
	assert_int_equal(largest.bytes, 160);
	assert_int_equal(largest.sent, 200);
	largest.names[0] = '\0';
	assert_ok(fixture, pl_usage_largest(work_at(fixture, T), account.domain.id, 1, note_largest,
					    &largest));
	assert_string_equal(largest.names, "large ");
	/* Files that are withdrawn are stored no longer, and were sent all the same. */
	sql_run(fixture->db, "UPDATE attachment_file SET blob = NULL");
	assert_int_equal(pl_usage_member(work_at(fixture, T), account.member.id, &usage), 1);
	assert_int_equal(usage.bytes + usage.links, 0);
	assert_int_equal(usage.sent, 200);
	assert_int_equal(pl_usage_member(work_at(fixture, T + 31 * DAY), account.member.id, &usage),
			 1);
	assert_int_equal(usage.downloads + usage.sent, 0);
	assert_int_equal(pl_usage_member(work_at(fixture, T), account.member.id + 100, &usage), 0);
	/* Kept for count_days. */
	reopen(fixture, PL_ROLE_PORTAL);
	assert_ok(fixture, prune_at(fixture, T + 400 * DAY - DAY));
	assert_int_equal(sql_int(fixture->db, "SELECT SUM(bytes) FROM attachment_traffic"), 200);
	assert_ok(fixture, prune_at(fixture, T + 401 * DAY));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM attachment_traffic"), 0);
}

static void a_quota_is_written_as_it_is_read(void **state)
{
	static const char *const right[] = { "0", "20480", "1073741824", "unlimited", "inherit" };
	static const char *const wrong[] = { "",   "x",   "1x",         "-1",       " 1",
					     "+1", "1.5", "1073741825", "inherited" };
	char text[PL_QUOTA_TEXT];
	struct pl_error err;
	int64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_int_equal(pl_quota_parse(right[i], &bytes, &err), 0);
		assert_string_equal(pl_quota_format(bytes, text), right[i]);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(pl_quota_parse(wrong[i], &bytes, &err), -1);
	assert_int_equal(pl_quota_holds(PL_QUOTA_INHERITED, 0), PL_QUOTA_UNLIMITED);
	assert_int_equal(pl_quota_holds(PL_QUOTA_INHERITED, 2), 2 << 20);
	assert_int_equal(pl_quota_holds(0, 2), 0);
	assert_int_equal(pl_quota_holds(PL_QUOTA_UNLIMITED, 2), PL_QUOTA_UNLIMITED);
}

static void files_go_with_their_link_and_links_later(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_new_file_link file = file_of("x", 1);
	struct pl_secret token;

	add_member(fixture, "user@a.test", "");
	assert_int_equal(add_link(fixture, "user@a.test", &file, 1, &token), 1);
	sql_run(fixture->db, "INSERT INTO attachment_download (file_id, ticket, at) SELECT id, "
			     "'', 1700000000 FROM attachment_file");
	assert_ok(fixture, prune_at(fixture, T + 30 * DAY - 1));
	assert_int_equal(stored(fixture), 1);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM attachment_download"), 0);
	assert_ok(fixture, prune_at(fixture, T + 30 * DAY));
	assert_int_equal(stored(fixture), 0);
	assert_ok(fixture, prune_at(fixture, T + 120 * DAY));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM attachment_link"), 1);
	assert_ok(fixture, prune_at(fixture, T + 120 * DAY + 1));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM attachment_file"), 0);
}

static void what_no_row_names_is_swept(void **state)
{
	struct fixture *fixture = *state;
	struct pl_blobs *blobs = blobs_of(fixture);
	struct pl_new_file_link file = file_of("x", 4);
	char orphan[PL_BLOB_NAME], text[256];
	struct pl_secret token;
	int64_t removed;

	add_member(fixture, "user@a.test", "");
	keep(fixture, blobs, "used", file.blob);
	keep(fixture, blobs, "orphan", orphan);
	assert_int_equal(add_link(fixture, "user@a.test", &file, 1, &token), 1);
	age(fixture, file.blob, T);
	age(fixture, orphan, T);
	snprintf(text, sizeof(text), "attachment_folder = \"%s\"\n", path_in(fixture, "files"));
	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of(text);
	assert_ok(fixture, pl_link_sweep(work_at(fixture, T), fixture->policy, &removed));
	assert_int_equal(removed, 1);
	assert_true(exists(fixture, blobs, file.blob));
	assert_false(exists(fixture, blobs, orphan));
	/* The row goes first, and then the blob. */
	sql_run(fixture->db, "DELETE FROM attachment_file");
	assert_ok(fixture, pl_link_sweep(work_at(fixture, T), fixture->policy, &removed));
	assert_false(exists(fixture, blobs, file.blob));
	pl_blobs_close(&blobs);
	/* Where nothing is to be stored, no folder is missed. */
	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("attachment_folder = \"/nowhere\"\n");
	assert_ok(fixture, pl_link_sweep(work_at(fixture, T), fixture->policy, &removed));
	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("attachment_folder = \"/nowhere\"\n"
				    "attachment_url = \"https://files.test\"\n");
	assert_refused(fixture, pl_link_sweep(work_at(fixture, T), fixture->policy, &removed),
		       PL_ERR_RETRY, "/nowhere");
}

static void a_blob_is_used_while_a_row_names_it(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_new_file_link file = file_of("x", 1);
	struct pl_secret token;

	assert_int_equal(pl_link_uses_blob(fixture->store, file.blob, &fixture->err), 0);
	add_member(fixture, "user@a.test", "");
	assert_int_equal(add_link(fixture, "user@a.test", &file, 1, &token), 1);
	assert_int_equal(pl_link_uses_blob(fixture->store, file.blob, &fixture->err), 1);
	sql_run(fixture->db, "UPDATE attachment_file SET blob = NULL");
	assert_int_equal(pl_link_uses_blob(fixture->store, file.blob, &fixture->err), 0);
}

/* Tells all that are to be told at that time, as the portal does. Returns how many were. */
static int tell(struct fixture *fixture, const char *policy_text, int64_t now)
{
	struct pl_policy *policy = policy_of(policy_text);
	struct pl_link_notice next = { .link_id = 0 };
	const struct pl_work *work = work_at(fixture, now);
	int ret, told = 0;

	while ((ret = pl_link_notice_next(work, policy, &next)) == 1) {
		assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
		assert_int_equal(pl_link_notice_tell(work, &next), 1);
		assert_int_equal(pl_link_notice_tell(work, &next), 0);
		assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
		told++;
	}
	assert_int_equal(ret, 0);
	pl_policy_unref(&policy);
	return told;
}

static void who_has_sent_what_nobody_fetches_is_told_once(void **state)
{
	static const unsigned char ticket[PL_DOWNLOAD_TICKET] = "1";
	struct fixture *fixture = *state;
	const struct pl_new_file_link files[2] = { file_of("x", 1), file_of("y", 1) };
	struct pl_secret token;
	struct pl_link link;

	add_member(fixture, "user@a.test", "");
	for (int i = 0; i < 5; i++)
		assert_int_equal(add_link(fixture, "user@a.test", files, 2, &token), 1);
	reopen(fixture, PL_ROLE_PORTAL);
	/* The second is withdrawn, and one file of the third was fetched. */
	assert_int_equal(pl_link_get(work_at(fixture, T), 2, &link), 1);
	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_int_equal(pl_link_withdraw(work_at(fixture, T), &link), 1);
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	assert_int_equal(count(fixture, 6, ticket), 1);
	/* The fourth was valid for no longer than three days, and the fifth is extended. */
	sql_run(fixture->db,
		"UPDATE attachment_link SET made_at = expires_at - 3 * 86400 WHERE id = 4");
	sql_run(fixture->db,
		"UPDATE attachment_link SET expires_at = expires_at + 30 * 86400 WHERE id = 5");

	assert_int_equal(tell(fixture, "", T + 27 * DAY - 1), 0);
	assert_int_equal(tell(fixture, "attachment_notice_days = 0\n", T + 28 * DAY), 0);
	assert_int_equal(tell(fixture, "", T + 30 * DAY), 0);
	assert_int_equal(tell(fixture, "", T + 27 * DAY), 1);
	assert_int_equal(tell(fixture, "", T + 28 * DAY), 0);
	assert_int_equal(tell(fixture, "attachment_notice_days = 20\n", T + 55 * DAY), 1);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM outbox WHERE what = 'attachment-ends'"),
			 2);
}

static void types_that_stay_in_the_mail(void **state)
{
	static const struct {
		const char *list, *type;
		int has;
	} rows[] = {
		{ "", "image/png", 0 },
		{ "application/pdf, image/*", "IMAGE/png", 1 },
		{ "application/pdf ,image/*", "application/PDF", 1 },
		{ "application/pdf", "application/pdfx", 0 },
		{ "image/*", "imagex/png", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(pl_option_media_types_have(rows[i].list, rows[i].type),
				 rows[i].has);
}

static enum pl_link_try try_link(struct fixture *fixture, const struct pl_keys *keys,
				 const struct pl_link *link, const char *password)
{
	enum pl_link_try answer;
	int64_t wait;

	assert_ok(fixture, pl_link_try_password_commit(work_at(fixture, T), keys, link, password,
						       &answer, &wait));
	return answer;
}

static struct pl_keys *load_keys(struct fixture *fixture, const char *name, const char *text)
{
	const char *path = path_in(fixture, name);
	struct pl_keys *keys;

	write_file(path, text, strlen(text));
	chmod(path, 0600);
	assert_ok(fixture, pl_keys_load(path, &keys, &fixture->err));
	return keys;
}

#define KEY_1 "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_2 "2 ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

static void password_of_a_link_has_the_first_key_once_it_was_given(void **state)
{
	struct fixture *fixture = *state;
	struct pl_new_file_link file = file_of("one.png", 5);
	struct pl_keys *both = load_keys(fixture, "both.key", KEY_2 KEY_1);
	struct pl_keys *new = load_keys(fixture, "new.key", KEY_2);
	struct pl_secret token;
	struct pl_link link;

	add_member(fixture, "user@a.test", "");
	assert_int_equal(add_link(fixture, "user@a.test", &file, 1, &token), 1);
	assert_int_equal(pl_link_find(work_at(fixture, T), &token, &link), 1);
	assert_int_equal(pl_link_set_password(work_at(fixture, T), fixture->keys, &link,
					      "open sesame"),
			 1);
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(try_link(fixture, new, &link, "open sesame"), PL_LINK_TRY_WRONG);
	assert_int_equal(try_link(fixture, both, &link, "open barley"), PL_LINK_TRY_WRONG);
	assert_int_equal(sql_int(fixture->db, "SELECT password_key_id FROM attachment_link"), 1);
	assert_int_equal(try_link(fixture, both, &link, "open sesame"), PL_LINK_TRY_RIGHT);
	assert_int_equal(sql_int(fixture->db, "SELECT password_key_id FROM attachment_link"), 2);
	assert_int_equal(try_link(fixture, new, &link, "open sesame"), PL_LINK_TRY_RIGHT);
	/* Given up with its key, it keeps the link closed. */
	sql_run(fixture->db, "UPDATE attachment_link SET password_key_id = NULL");
	{
		struct pl_key_rows dropped;

		reopen(fixture, PL_ROLE_COMMAND);
		assert_ok(fixture, pl_key_drop_commit(work_at(fixture, T), 2, &dropped));
		assert_int_equal(dropped.count[PL_KEY_USE_LINK_PASSWORDS], 1);
	}
	assert_int_equal(pl_link_find(work_at(fixture, T), &token, &link), 1);
	assert_true(link.has_password);
	reopen(fixture, PL_ROLE_PORTAL);
	assert_int_equal(try_link(fixture, both, &link, "open sesame"), PL_LINK_TRY_WRONG);
	assert_int_equal(try_link(fixture, both, &link, ""), PL_LINK_TRY_WRONG);
	pl_keys_free(&both);
	pl_keys_free(&new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_FOLDER(what_is_kept_is_read),
		TEST_IN_FOLDER(equal_bytes_are_one_blob),
		TEST_IN_FOLDER(what_is_dropped_is_gone),
		TEST_IN_FOLDER(an_upload_goes_on_where_it_ended),
		TEST_IN_FOLDER(a_full_disk_leaves_nothing),
		TEST_IN_FOLDER(a_folder_that_is_gone_is_told),
		TEST_IN_FOLDER(old_blobs_without_a_row_are_removed),
		TEST_WITH_DATABASE(a_link_is_found_by_its_token),
		TEST_WITH_DATABASE(names_are_made_harmless),
		TEST_WITH_DATABASE(a_long_name_is_cut_between_characters),
		TEST_WITH_DATABASE(no_more_than_the_quota_is_stored),
		TEST_WITH_DATABASE(a_blob_is_used_while_a_row_names_it),
		TEST_WITH_DATABASE(a_link_is_withdrawn_once),
		TEST_WITH_DATABASE(links_of_a_member_come_newest_first),
		TEST_WITH_DATABASE(password_of_a_link_has_the_first_key_once_it_was_given),
		TEST_WITH_DATABASE(a_link_is_extended_once_while_it_is_open),
		TEST_WITH_DATABASE(a_download_is_counted_once_with_each_ticket),
		TEST_WITH_DATABASE(what_is_stored_and_sent_is_counted_by_member_and_domain),
		cmocka_unit_test(a_quota_is_written_as_it_is_read),
		TEST_WITH_DATABASE(who_has_sent_what_nobody_fetches_is_told_once),
		TEST_WITH_DATABASE(files_go_with_their_link_and_links_later),
		TEST_WITH_DATABASE(what_no_row_names_is_swept),
		cmocka_unit_test(types_that_stay_in_the_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
