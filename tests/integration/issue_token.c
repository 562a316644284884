/* issue_token - opens a webmail session as the sign-in page would, for the tests.
 *
 * Usage: issue_token POLICY-FILE MEMBER webmail|client SESSION-SECONDS TOKEN-SECONDS
 *        issue_token POLICY-FILE revoke MEMBER SESSION-ID
 *        issue_token POLICY-FILE revoke-all MEMBER
 *
 * Prints "SESSION-ID TOKEN". Seconds are from now and may be negative.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/settings/policy.h"
#include "tests/issue.h"

static int get_account(const struct pl_work *work, const char *text, struct pl_account *account_r)
{
	struct pl_address address;

	return pl_address_parse(text, strlen(text), "", &address, work->err) < 0
		       ? -1
		       : pl_account_get(work->store, &address, account_r, work->err);
}

static int issue(const struct pl_work *work, char **args)
{
	struct pl_session session = { .device = "test browser", .ip = "127.0.0.1" };
	struct pl_account account;
	struct pl_secret token;

	if (get_account(work, args[0], &account) < 0)
		return -1;
	session.channel = strcmp(args[1], "webmail") == 0 ? PL_CHANNEL_WEBMAIL : PL_CHANNEL_CLIENT;
	session.expires_at = work->now + atol(args[2]);
	if (issue_token(work, &account, &session, work->now + atol(args[3]), &token) < 0)
		return -1;
	printf("%lld %.*s\n", (long long)session.id, (int)token.len, (const char *)token.data);
	pl_secret_wipe(&token);
	return 0;
}

static int revoke_all(const struct pl_work *work, const char *member)
{
	struct pl_account account;

	if (get_account(work, member, &account) < 0)
		return -1;
	return pl_session_revoke_all(work, &account);
}

static int revoke(const struct pl_work *work, char **args)
{
	struct pl_account account;

	if (get_account(work, args[0], &account) < 0)
		return -1;
	return pl_session_revoke(work, &account, atol(args[1])) == 1 ? 0 : -1;
}

static int run(const struct pl_work *work, int argc, char **args)
{
	if (argc == 3 && strcmp(args[0], "revoke") == 0)
		return revoke(work, args + 1);
	if (argc == 2 && strcmp(args[0], "revoke-all") == 0)
		return revoke_all(work, args[1]);
	if (argc == 4)
		return issue(work, args);
	return pl_error_set(work->err, PL_ERR_INVALID, "see the usage in issue_token.c");
}

int main(int argc, char **argv)
{
	struct pl_policy *policy = NULL;
	struct pl_error err = { 0 };
	struct pl_work work = {
		.actor = { .who = "test", .from = "issue_token" },
		.now = time(NULL),
		.err = &err,
	};
	int ret = -1;

	if (argc < 2 || pl_policy_load(argv[1], &policy, &err) < 0)
		goto out;
	if (pl_store_open(policy->database, PL_ROLE_COMMAND, &work.store, &err) < 0 ||
	    pl_store_begin_write(work.store, &err) < 0)
		goto out;
	ret = run(&work, argc - 2, argv + 2);
	if (ret == 0)
		ret = pl_store_commit(work.store, &err);
	else
		pl_store_rollback(work.store);
out:
	if (ret < 0)
		fprintf(stderr, "issue_token: %s\n", err.msg);
	pl_store_close(&work.store);
	pl_policy_unref(&policy);
	return ret < 0;
}
