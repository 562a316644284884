/* fill.c - gives every member of a database app passwords, in one transaction.
 *
 * Usage: fill POLICY-FILE EACH
 *
 * Prints "address password" for one of each member's, the first of one member,
 * the second of the next and so on, so that no place in the table is favoured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app_password.h"
#include "policy.h"

struct addresses {
	struct pl_address *list;
	size_t count, room;
};

static int keep_address(const struct pl_member *member, void *context)
{
	struct addresses *addresses = context;

	if (addresses->count == addresses->room) {
		size_t room = addresses->room == 0 ? 1024 : addresses->room * 2;
		struct pl_address *list = realloc(addresses->list, room * sizeof(*list));

		if (list == NULL)
			return 1;
		addresses->list = list;
		addresses->room = room;
	}
	addresses->list[addresses->count++] = member->address;
	return 0;
}

static int issue(struct pl_store *store, const struct pl_keys *keys, const struct pl_address *address,
		 int print, struct pl_error *err)
{
	static const struct pl_actor actor = { .who = "bench", .from = "local" };
	struct pl_app_password wish = { .label = "phone" };
	struct pl_secret password;

	if (pl_app_password_issue(store, &actor, keys, PL_APP_PASSWORD_MIN, address, &wish, &password,
				  err) < 0)
		return -1;
	if (print)
		printf("%s@%s %s\n", address->local, address->domain, (const char *)password.data);
	pl_secret_wipe(&password);
	return 0;
}

static int fill(struct pl_store *store, const struct pl_keys *keys, size_t each, struct pl_error *err)
{
	const struct pl_member_filter all = { 0 };
	struct addresses addresses = { 0 };
	int ret = pl_member_list(store, &all, keep_address, &addresses, err);

	if (ret == 0)
		ret = pl_store_begin_write(store, err);
	for (size_t i = 0; ret == 0 && i < addresses.count; i++) {
		for (size_t n = 0; ret == 0 && n < each; n++)
			ret = issue(store, keys, &addresses.list[i], n == i % each, err);
	}
	if (ret == 0)
		ret = pl_store_commit(store, err);
	free(addresses.list);
	return ret;
}

int main(int argc, char **argv)
{
	struct pl_policy *policy = NULL;
	struct pl_keys *keys = NULL;
	struct pl_store *store = NULL;
	struct pl_error err = { 0 };
	int ret = -1;

	if (argc != 3) {
		fputs("usage: fill POLICY-FILE EACH\n", stderr);
		return 64;
	}
	if (pl_policy_load(argv[1], &policy, &err) == 0 &&
	    pl_keys_load(policy->verify_key, &keys, &err) == 0 &&
	    pl_store_open(policy->database, PL_ROLE_COMMAND, &store, &err) == 0)
		ret = fill(store, keys, (size_t)atoi(argv[2]), &err);
	if (ret < 0)
		fprintf(stderr, "fill: %s\n", err.msg);
	pl_store_close(&store);
	pl_keys_free(&keys);
	pl_policy_unref(&policy);
	return ret < 0 || fflush(stdout) != 0;
}
