/* fill.c - gives members of a database what they sign in with.
 *
 * Usage: fill POLICY-FILE app-passwords EACH
 *        fill POLICY-FILE tokens|cookies|factors MEMBERS
 *
 * Prints a line "address value" for each member that got something:
 *
 * app-passwords  EACH to every member; one of them is printed, the first of one
 *                member, the second of the next and so on, so that no place in
 *                the table is favoured
 * tokens         an access token of a webmail session
 * cookies        the cookie of a whole webmail session
 * factors        the secret of a second factor, in base32
 *
 * MEMBERS are spread over the whole database.
 */
#include <liboath/oath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/credential/app_password.h"
#include "policy/settings/policy.h"
#include "tests/issue.h"
#include "policy/credential/totp.h"

/* The codes that prove factors are of a day ago, so that each of today's is left. */
#define PROVEN_AGO 86400
#define TOKEN_SECONDS 7200

struct fill {
	struct pl_work work;
	struct pl_keys *verify, *seal;
	size_t count;
	struct pl_address *members;
	size_t member_count, room;
};

static void print(const struct pl_address *address, const struct pl_secret *value)
{
	printf("%s@%s %s\n", address->local, address->domain, (const char *)value->data);
}

static int give_app_passwords(struct fill *fill, const struct pl_address *address, size_t index)
{
	struct pl_app_password wanted = { .label = "phone" };
	struct pl_secret password;

	for (size_t n = 0; n < fill->count; n++) {
		if (pl_app_password_issue(&fill->work, fill->verify, PL_APP_PASSWORD_MIN, address,
					  &wanted, &password) < 0)
			return -1;
		if (n == index % fill->count)
			print(address, &password);
		pl_secret_wipe(&password);
	}
	return 0;
}

static int give_token(struct fill *fill, const struct pl_address *address, size_t index)
{
	struct pl_account account;
	struct pl_session session = { .channel = PL_CHANNEL_WEBMAIL,
				      .device = "Firefox",
				      .ip = "192.0.2.2" };
	struct pl_secret token;

	(void)index;
	if (pl_account_get(fill->work.store, address, &account, fill->work.err) < 0 ||
	    issue_token(&fill->work, &account, &session, time(NULL) + TOKEN_SECONDS, &token) < 0)
		return -1;
	print(address, &token);
	pl_secret_wipe(&token);
	return 0;
}

static int give_cookie(struct fill *fill, const struct pl_address *address, size_t index)
{
	struct pl_account account;
	struct pl_session session = { .channel = PL_CHANNEL_WEBMAIL,
				      .second_factor = 1,
				      .device = "Firefox",
				      .ip = "192.0.2.2" };
	struct pl_secret cookie;

	(void)index;
	if (pl_account_get(fill->work.store, address, &account, fill->work.err) < 0 ||
	    pl_session_open(&fill->work, &account, &session, &cookie) < 0)
		return -1;
	print(address, &cookie);
	pl_secret_wipe(&cookie);
	return 0;
}

/* The code that the secret has at a time, as an authenticator makes it. */
static int make_code(const struct pl_secret *secret, time_t at, char code_r[7],
		     struct pl_error *err)
{
	char *raw = NULL;
	size_t len;
	int ok = oath_base32_decode((const char *)secret->data, secret->len, &raw, &len) ==
			 OATH_OK &&
		 oath_totp_generate(raw, len, at, PL_TOTP_STEP, 0, 6, code_r) == OATH_OK;

	free(raw);
	return ok ? 0 : pl_error_set(err, PL_ERR_INTERNAL, "liboath makes no code");
}

static int give_factor(struct fill *fill, const struct pl_address *address, size_t index)
{
	struct pl_account account;
	struct pl_work then = fill->work;
	struct pl_code_answer answer;
	struct pl_session session = { .channel = PL_CHANNEL_WEBMAIL, .pending = 1 };
	struct pl_secret secret, cookie;
	char code[7];

	(void)index;
	then.now -= PROVEN_AGO;
	if (pl_account_get(fill->work.store, address, &account, fill->work.err) < 0 ||
	    pl_session_open(&then, &account, &session, &cookie) < 0 ||
	    pl_totp_begin(&then, fill->seal, &account, session.id, &secret) < 0 ||
	    make_code(&secret, then.now, code, fill->work.err) < 0 ||
	    pl_totp_confirm(&then, fill->seal, &account, session.id, code, &answer) < 0)
		return -1;
	if (answer.result != PL_CODE_RIGHT)
		return pl_error_set(fill->work.err, PL_ERR_INTERNAL,
				    "a factor is not proven by its own code");
	print(address, &secret);
	pl_secret_wipe(&secret);
	return 0;
}

static const struct gift {
	const char *name;
	int to_everyone;
	int (*give)(struct fill *fill, const struct pl_address *address, size_t index);
} gifts[] = {
	{ "app-passwords", 1, give_app_passwords },
	{ "tokens", 0, give_token },
	{ "cookies", 0, give_cookie },
	{ "factors", 0, give_factor },
};

static int keep_address(const struct pl_member *member, void *context)
{
	struct fill *fill = context;

	if (fill->member_count == fill->room) {
		size_t room = fill->room == 0 ? 1024 : fill->room * 2;
		struct pl_address *members = realloc(fill->members, room * sizeof(*members));

		if (members == NULL)
			return 1;
		fill->members = members;
		fill->room = room;
	}
	fill->members[fill->member_count++] = member->address;
	return 0;
}

static int give_all(struct fill *fill, const struct gift *gift, struct pl_error *err)
{
	const struct pl_member_filter all = { 0 };
	size_t receivers;
	int ret = pl_member_list(fill->work.store, &all, keep_address, fill, err);

	if (ret == 0 && fill->count > fill->member_count)
		return pl_error_set(err, PL_ERR_INVALID, "there are only %zu members",
				    fill->member_count);
	receivers = gift->to_everyone ? fill->member_count : fill->count;
	if (ret == 0)
		ret = pl_store_begin_write(fill->work.store, err);
	for (size_t i = 0; ret == 0 && i < receivers; i++)
		ret = gift->give(fill, &fill->members[i * fill->member_count / receivers], i);
	if (ret == 0)
		ret = pl_store_commit(fill->work.store, err);
	return ret;
}

static const struct gift *find_gift(const char *name)
{
	for (size_t i = 0; i < sizeof(gifts) / sizeof(gifts[0]); i++) {
		if (strcmp(gifts[i].name, name) == 0)
			return &gifts[i];
	}
	return NULL;
}

static int open_all(const char *policy_path, struct fill *fill, struct pl_error *err)
{
	struct pl_policy *policy = NULL;
	int ret = -1;

	if (pl_policy_load(policy_path, &policy, err) == 0 &&
	    pl_keys_load(policy->verify_key, &fill->verify, err) == 0 &&
	    pl_keys_load(policy->seal_key, &fill->seal, err) == 0)
		ret = pl_store_open(policy->database, PL_ROLE_COMMAND, &fill->work.store, err);
	pl_policy_unref(&policy);
	return ret;
}

int main(int argc, char **argv)
{
	const struct gift *gift = argc == 4 ? find_gift(argv[2]) : NULL;
	struct fill fill = { .count = gift == NULL ? 0 : strtoul(argv[3], NULL, 10) };
	struct pl_error err = { 0 };
	int ret;

	fill.work.actor = (struct pl_actor){ .who = "bench", .from = "127.0.0.1" };
	fill.work.now = time(NULL);
	fill.work.err = &err;
	if (fill.count == 0) {
		fputs("usage: fill POLICY-FILE app-passwords|tokens|cookies|factors COUNT\n",
		      stderr);
		return 64;
	}
	ret = open_all(argv[1], &fill, &err);
	if (ret == 0)
		ret = give_all(&fill, gift, &err);
	if (ret < 0)
		fprintf(stderr, "fill: %s\n", err.msg);
	pl_store_close(&fill.work.store);
	pl_keys_free(&fill.verify);
	pl_keys_free(&fill.seal);
	free(fill.members);
	return ret < 0 || fflush(stdout) != 0;
}
