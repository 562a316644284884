/* fixture.h - a folder of its own for each test, with a database and a key.
 *
 * Beside the library it offers plain SQL, so that a test can look at what is
 * really stored, and can break it.
 */
#ifndef POSTLATCH_TEST_FIXTURE_H
#define POSTLATCH_TEST_FIXTURE_H

#include "tests/unit/test.h"

#include "policy/credential/app_password.h"
#include "policy/store/schema.h"
#include "policy/session/session.h"
#include "tests/issue.h"
#include "tests/unit/sql.h"

struct fixture {
	char dir[64];
	char db[128];              /* path of the database, or the uri of a server's */
	char uri[160];             /* the same for the library */
	struct pl_store *store;    /* in the role of the command; NULL with make_folder */
	struct pl_keys *keys;      /* one key, number 1 */
	struct pl_policy *policy;  /* of an empty file */
	struct pl_error err;       /* of the last call that was given it */
	struct pl_work work;       /* of the last work_at */
	struct pl_account account; /* of the last account_at */
};

extern const struct pl_actor fixture_actor; /* "tester" from "192.0.2.1" */

/* What the library is given: the fixture's store and error, the tester as the actor, and the
 * time, which is that of the clock with work_of. Good until the next of them. */
const struct pl_work *work_at(struct fixture *fixture, int64_t now);
const struct pl_work *work_of(struct fixture *fixture);
/* The same on another connection. */
#define WORK(store_, now_, err_)  \
	(&(const struct pl_work){ \
		.store = (store_), .actor = fixture_actor, .now = (now_), .err = (err_) })

/* For cmocka: only the folder and the key, or with a fresh database too. It is an
 * SQLite file, or on the PostgreSQL server that POSTLATCH_TEST_POSTGRESQL names. */
int make_folder(void **state);
int make_database(void **state);
int remove_all(void **state);

#define TEST_IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_all)
#define TEST_WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, make_database, remove_all)

/* Ends a test of what only a database in a file has, or only one on a server. */
#define only_sqlite(fixture)                      \
	do {                                      \
		if (is_postgresql((fixture)->db)) \
			skip();                   \
	} while (0)
#define only_postgresql(fixture)                   \
	do {                                       \
		if (!is_postgresql((fixture)->db)) \
			skip();                    \
	} while (0)

/* Fails the test with the error's sentence unless ret is 0 or more. */
#define assert_ok(fixture, ret)                                           \
	do {                                                              \
		if ((ret) < 0)                                            \
			fail_msg("%s: %s (%s)", #ret, (fixture)->err.msg, \
				 pl_errc_name((fixture)->err.code));      \
	} while (0)
/* The call fails with that code, and the sentence holds the word. */
#define assert_refused(fixture, ret, errc, word)                                            \
	do {                                                                                \
		memset(&(fixture)->err, 0, sizeof((fixture)->err));                         \
		assert_int_equal(ret, -1);                                                  \
		assert_string_equal(pl_errc_name((fixture)->err.code), pl_errc_name(errc)); \
		if (strstr((fixture)->err.msg, word) == NULL)                               \
			fail_msg("\"%s\" does not say \"%s\"", (fixture)->err.msg, word);   \
	} while (0)

/* Removes what is over at that time, as the portal does. 0 or -1. */
int prune_at(struct fixture *fixture, int64_t now);
/* A path in the folder; good until the fourth call after it. */
const char *path_in(const struct fixture *fixture, const char *name);
void write_file(const char *path, const char *text, size_t len);
void reopen(struct fixture *fixture, enum pl_role role);
struct pl_address address_of(const char *text);
struct pl_policy *policy_of(const char *text);
/* words are "name=value", divided by spaces. */
struct pl_change change_of(const char *words, enum pl_layer_bit where);
void add_domain(struct fixture *fixture, const char *name, const char *settings);
/* Gives a domain days of grace of its own, or "inherit". */
void change_grace(struct fixture *fixture, const char *name, const char *days);
void add_member(struct fixture *fixture, const char *address, const char *settings);
struct pl_account account_of(struct fixture *fixture, const char *address);
/* The same, as the library is given it. Good until the next call. */
struct pl_account *account_at(struct fixture *fixture, const struct pl_address *address);
/* The member's newest, with its label and last use. */
struct pl_app_password app_password_of(struct fixture *fixture, int64_t member_id);
/* The one that a login offers as it was typed, with its limits, also when they do not hold. With
 * id 0: none. */
struct pl_app_password offered_app_password(struct fixture *fixture, const char *address,
					    const char *typed);

/* The id of the session of a token that is good at that time, or 0. Introspection and a login must
 * agree about it; a token that is not good is offered for owner@example.test. */
int64_t session_of_token(struct fixture *fixture, const struct pl_secret *token, int64_t now);

/* Whether the bytes stand anywhere in the file; in the database or its log. */
int file_holds(const char *path, const char *text);
int database_holds(const struct fixture *fixture, const char *text);

#endif
