/* fixture.c - see fixture.h. */
#include "tests/unit/fixture.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy/account/scope.h"
#include "policy/login/login.h"
#include "policy/session/grant.h"
#include "policy/session/prune.h"
#include "tests/unit/fresh_database.h"

#define KEY_1 "1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

const struct pl_actor fixture_actor = { .who = "tester", .from = "192.0.2.1" };

const struct pl_work *work_at(struct fixture *fixture, int64_t now)
{
	fixture->work = (struct pl_work){
		.store = fixture->store, .actor = fixture_actor, .now = now, .err = &fixture->err
	};
	return &fixture->work;
}

const struct pl_work *work_of(struct fixture *fixture)
{
	return work_at(fixture, time(NULL));
}

const char *path_in(const struct fixture *fixture, const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", fixture->dir, name);
	return path;
}

void write_file(const char *path, const char *text, size_t len)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

/* In the folder, or on the server that the tests were given. */
static void place_database(struct fixture *fixture)
{
	const char *server = getenv("POSTLATCH_TEST_POSTGRESQL");

	if (server != NULL) {
		snprintf(fixture->uri, sizeof(fixture->uri), "%s", server);
		snprintf(fixture->db, sizeof(fixture->db), "%s", server);
		return;
	}
	snprintf(fixture->db, sizeof(fixture->db), "%s/test.db", fixture->dir);
	snprintf(fixture->uri, sizeof(fixture->uri), "sqlite:%s", fixture->db);
}

static int make_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	const char *tmp = getenv("TMPDIR");

	*state = fixture;
	snprintf(fixture->dir, sizeof(fixture->dir), "%s/postlatch-test-XXXXXX",
		 tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(fixture->dir) == NULL)
		return -1;
	place_database(fixture);
	fixture->policy = policy_of("");
	write_file(path_in(fixture, "verify.key"), KEY_1, strlen(KEY_1));
	chmod(path_in(fixture, "verify.key"), 0600);
	return pl_keys_load(path_in(fixture, "verify.key"), &fixture->keys, &fixture->err);
}

int make_folder(void **state)
{
	const struct fixture *fixture;

	if (make_fixture(state) < 0)
		return -1;
	fixture = *state;
	if (is_postgresql(fixture->db))
		sql_run(fixture->db, "DROP SCHEMA IF EXISTS postlatch CASCADE");
	return 0;
}

int make_database(void **state)
{
	struct fixture *fixture;

	if (make_fixture(state) < 0)
		return -1;
	fixture = *state;
	assert_ok(fixture, fresh_database(fixture->uri, fixture->db, &fixture->err));
	reopen(fixture, PL_ROLE_COMMAND);
	return 0;
}

int remove_all(void **state)
{
	struct fixture *fixture = *state;
	char command[128];

	pl_store_close(&fixture->store);
	pl_keys_free(&fixture->keys);
	pl_policy_unref(&fixture->policy);
	snprintf(command, sizeof(command), "rm -rf %s", fixture->dir);
	free(fixture);
	return system(command);
}

void reopen(struct fixture *fixture, enum pl_role role)
{
	pl_store_close(&fixture->store);
	assert_ok(fixture, pl_store_open(fixture->uri, role, &fixture->store, &fixture->err));
}

struct pl_address address_of(const char *text)
{
	struct pl_address address;

	assert_int_equal(pl_address_parse(text, strlen(text), NULL, &address, NULL), 0);
	return address;
}

struct pl_policy *policy_of(const char *text)
{
	struct pl_policy *policy;
	struct pl_error err = { 0 };

	if (pl_policy_parse(text, strlen(text), "policy.conf", &policy, &err) < 0)
		fail_msg("%s", err.msg);
	return policy;
}

struct pl_change change_of(const char *words, enum pl_layer_bit where)
{
	struct pl_change change = { 0 };
	char copy[1024], *rest = copy;
	const char *word;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, " ")) != NULL) {
		if (*word != '\0')
			assert_int_equal(pl_change_parse(word, where, &change, NULL), 0);
	}
	return change;
}

void add_domain(struct fixture *fixture, const char *name, const char *settings)
{
	const struct pl_change change = change_of(settings, PL_AT_DOMAIN);

	assert_ok(fixture, pl_domain_add(work_of(fixture), fixture->policy, name, &change));
}

void change_grace(struct fixture *fixture, const char *name, const char *days)
{
	struct pl_scope_result result;
	struct pl_change change;
	char word[64];

	snprintf(word, sizeof(word), PL_GRACE_NAME "=%s", days);
	change = change_of(word, PL_AT_DOMAIN);
	assert_ok(fixture, pl_domain_set(work_of(fixture), fixture->policy, name, &change,
					 PL_SCOPE_INHERITING, &result));
}

void add_member(struct fixture *fixture, const char *address, const char *settings)
{
	const struct pl_change change = change_of(settings, PL_AT_MEMBER);
	const struct pl_address parsed = address_of(address);

	assert_ok(fixture, pl_member_add(work_of(fixture), &parsed, &change));
}

struct pl_account *account_at(struct fixture *fixture, const struct pl_address *address)
{
	assert_ok(fixture,
		  pl_account_get(fixture->store, address, &fixture->account, &fixture->err));
	return &fixture->account;
}

struct pl_account account_of(struct fixture *fixture, const char *address)
{
	const struct pl_address parsed = address_of(address);
	struct pl_account account;

	assert_ok(fixture, pl_account_get(fixture->store, &parsed, &account, &fixture->err));
	return account;
}

static int note_row(const struct pl_app_password *row, void *context)
{
	struct pl_app_password *newest = context;

	*newest = *row;
	return 0;
}

struct pl_app_password app_password_of(struct fixture *fixture, int64_t member_id)
{
	struct pl_app_password newest = { .id = 0 };

	assert_ok(fixture, pl_app_password_list(fixture->store, member_id, note_row, &newest,
						&fixture->err));
	return newest;
}

struct pl_app_password offered_app_password(struct fixture *fixture, const char *address,
					    const char *typed)
{
	struct pl_login_result result;
	struct pl_secret secret;
	const struct pl_login login = {
		.user = address,
		.user_len = strlen(address),
		.service = PL_SETTING_IMAP,
		.offer = PL_OFFER_PASSWORD,
		.secret = &secret,
	};

	pl_secret_set(&secret, typed, strlen(typed));
	assert_ok(fixture, pl_login_evaluate(fixture->store, fixture->policy, fixture->keys, &login,
					     &result, &fixture->err));
	return result.app_password;
}

static enum pl_credential offer_token(struct fixture *fixture, const char *address,
				      const struct pl_secret *token, int64_t now)
{
	struct pl_login_result result;
	const struct pl_login login = {
		.user = address,
		.user_len = strlen(address),
		.service = PL_SETTING_IMAP,
		.offer = PL_OFFER_BEARER,
		.secret = token,
		.now = now,
	};

	assert_ok(fixture, pl_login_evaluate(fixture->store, fixture->policy, fixture->keys, &login,
					     &result, &fixture->err));
	return result.facts.credential;
}

int64_t session_of_token(struct fixture *fixture, const struct pl_secret *token, int64_t now)
{
	char address[PL_ADDRESS_MAX + 1] = "owner@example.test";
	struct pl_token_info info;
	int ret = pl_token_info(work_at(fixture, now), token, &info);

	assert_ok(fixture, ret);
	if (ret == 1)
		pl_address_format(&info.address, address);
	assert_int_equal(offer_token(fixture, address, token, now),
			 ret == 1 ? PL_CREDENTIAL_TOKEN : PL_CREDENTIAL_BAD_TOKEN);
	return ret == 1 ? info.session_id : 0;
}

int file_holds(const char *path, const char *text)
{
	FILE *in = fopen(path, "r");
	struct stat st;
	char *data;
	int found;

	if (in == NULL)
		return 0;
	assert_int_equal(fstat(fileno(in), &st), 0);
	data = malloc((size_t)st.st_size + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, (size_t)st.st_size, in), st.st_size);
	fclose(in);
	found = memmem(data, (size_t)st.st_size, text, strlen(text)) != NULL;
	free(data);
	return found;
}

int database_holds(const struct fixture *fixture, const char *text)
{
	return is_postgresql(fixture->db)
		       ? sql_holds(fixture->db, text)
		       : file_holds(fixture->db, text) ||
				 file_holds(path_in(fixture, "test.db-wal"), text);
}

int prune_at(struct fixture *fixture, int64_t now)
{
	return pl_prune(work_at(fixture, now), fixture->policy, 0, NULL, NULL);
}
