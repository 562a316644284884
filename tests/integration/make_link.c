/* make_link - stores files and adds a link to them, as the milter does, for the tests.
 *
 * Usage: make_link POLICY-FILE MEMBER {scanned|unscanned FILE NAME}...
 *
 * Prints the id of the link and the token of its address.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "policy/attachment/link.h"
#include "policy/settings/policy.h"

static int store(struct pl_blobs *blobs, const char *path, struct pl_new_file_link *file,
		 struct pl_error *err)
{
	static char buffer[1 << 20];
	struct pl_blob *blob;
	ssize_t got;
	int ret, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return pl_error_set(err, PL_ERR_INVALID, "%s cannot be read", path);
	ret = pl_blob_begin(blobs, &blob, err);
	while (ret == 0 && (got = read(fd, buffer, sizeof(buffer))) > 0)
		ret = pl_blob_write(blob, buffer, (size_t)got, err);
	close(fd);
	return ret < 0 ? -1 : pl_blob_keep(&blob, file->blob, &file->size, err);
}

static int add(const struct pl_work *work, const struct pl_policy *policy, const char *member,
	       const struct pl_new_link *link)
{
	struct pl_address address;
	struct pl_account account;
	struct pl_secret token = { .len = 0 };
	struct pl_link found;

	if (pl_address_parse(member, strlen(member), "", &address, work->err) < 0 ||
	    pl_account_get(work->store, &address, &account, work->err) < 0 ||
	    pl_link_add(work, policy, &account, link, &token) != 1 ||
	    pl_link_find(work, &token, &found) != 1)
		return -1;
	printf("%lld %.*s\n", (long long)found.id, (int)token.len, (const char *)token.data);
	pl_secret_wipe(&token);
	return 0;
}

static int run(const struct pl_work *work, const struct pl_policy *policy,
	       const struct pl_keys *keys, int argc, char **args)
{
	struct pl_new_file_link files[PL_LINK_FILES_MOST] = { 0 };
	struct pl_new_link link = { .subject = "Files", .files = files };
	struct pl_blobs *blobs;
	int ret = 0;

	if (argc % 3 != 1 || argc / 3 > PL_LINK_FILES_MOST)
		return pl_error_set(work->err, PL_ERR_INVALID, "see the usage in make_link.c");
	if (pl_blobs_open(policy, keys, &blobs, work->err) < 0)
		return -1;
	for (int i = 1; ret == 0 && i < argc; i += 3) {
		struct pl_new_file_link *file = &files[link.count++];

		file->is_scanned = strcmp(args[i], "scanned") == 0;
		file->name = args[i + 2];
		ret = store(blobs, args[i + 1], file, work->err);
	}
	pl_blobs_close(&blobs);
	return ret < 0 ? -1 : add(work, policy, args[0], &link);
}

int main(int argc, char **argv)
{
	struct pl_policy *policy = NULL;
	struct pl_keys *keys = NULL;
	struct pl_error err = { 0 };
	struct pl_work work = {
		.actor = { .who = "test", .from = "make_link" },
		.now = time(NULL),
		.err = &err,
	};
	int ret = -1;

	if (argc < 2 || pl_policy_load(argv[1], &policy, &err) < 0 ||
	    pl_keys_load(policy->verify_key, &keys, &err) < 0)
		goto out;
	if (pl_store_open(policy->database, PL_ROLE_COMMAND, &work.store, &err) < 0 ||
	    pl_store_begin_write(work.store, &err) < 0)
		goto out;
	ret = run(&work, policy, keys, argc - 2, argv + 2);
	if (ret == 0)
		ret = pl_store_commit(work.store, &err);
	else
		pl_store_rollback(work.store);
out:
	if (ret < 0)
		fprintf(stderr, "make_link: %s\n", err.msg);
	pl_store_close(&work.store);
	pl_keys_free(&keys);
	pl_policy_unref(&policy);
	return ret < 0;
}
