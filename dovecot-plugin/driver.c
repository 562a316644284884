/* driver.c - see driver.h. */
#include "dovecot-plugin/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/base/breaker.h"
#include "policy/base/watch.h"

#define LOOK_EVERY_MS 100     /* between two looks at the files */
#define REPEAT_EVERY_MS 60000 /* between two log lines about the same trouble */
#define WATCHES_MAX 65        /* policy.c reads at most 64 files; and one key */
#define CLOSE_WAIT_MS 1000

/* Trouble that would otherwise be logged for each login. */
struct trouble {
	struct pl_error err; /* PL_OK: none */
	int64_t logged_ms;   /* 0: not yet */
};

struct pl_driver {
	char *path;
	pl_driver_log_t *log;
	int notes_uses;
	int64_t now_ms, looked_ms;

	struct pl_policy *policy;
	struct pl_watch watches[WATCHES_MAX];
	size_t watch_count;
	struct pl_keys *keys;
	struct pl_watch key_watch;
	struct pl_store *store;
	struct pl_breaker breaker; /* of the store */
	int turn_open;
	struct pl_use_log *uses;

	struct trouble policy_trouble, key_trouble, store_trouble, use_trouble, data_trouble;
};

/* Logs trouble when it is new, and once a minute while it lasts. */
static void report(struct pl_driver *driver, struct trouble *trouble)
{
	if (trouble->logged_ms != 0 && driver->now_ms - trouble->logged_ms < REPEAT_EVERY_MS)
		return;
	trouble->logged_ms = driver->now_ms;
	driver->log(PL_DRIVER_ERROR, trouble->err.msg);
}

/* Logs it at once when it is another trouble than before. */
static void report_error(struct pl_driver *driver, struct trouble *trouble,
			 const struct pl_error *err)
{
	if (strcmp(err->msg, trouble->err.msg) != 0)
		trouble->logged_ms = 0;
	trouble->err = *err;
	report(driver, trouble);
}

static void over(struct pl_driver *driver, struct trouble *trouble, const char *good_news)
{
	if (trouble->err.code != PL_OK && trouble->logged_ms != 0)
		driver->log(PL_DRIVER_INFO, good_news);
	memset(trouble, 0, sizeof(*trouble));
}

static void close_store(struct pl_driver *driver)
{
	pl_driver_end_turn(driver);
	pl_store_close(&driver->store);
}

static void load_keys(struct pl_driver *driver)
{
	pl_watch_set(&driver->key_watch, driver->policy->verify_key);
	pl_keys_free(&driver->keys);
	if (pl_keys_load(driver->policy->verify_key, &driver->keys, &driver->key_trouble.err) ==
	    0) {
		over(driver, &driver->key_trouble, "verify key: read again");
		return;
	}
	driver->key_trouble.logged_ms = 0;
	report(driver, &driver->key_trouble);
}

/* The files that the policy was read from; those of a bad one are unknown, so
 * the policy file itself is always among them. */
static void watch_policy(struct pl_driver *driver, const struct pl_policy *policy)
{
	driver->watch_count = 0;
	if (policy == NULL)
		pl_watch_set(&driver->watches[driver->watch_count++], driver->path);
	for (size_t i = 0; policy != NULL && i < policy->file_count && i < WATCHES_MAX; i++)
		pl_watch_set(&driver->watches[driver->watch_count++], policy->files[i]);
}

static void open_uses(struct pl_driver *driver)
{
	struct trouble trouble = { .logged_ms = 0 };

	pl_use_close(&driver->uses, CLOSE_WAIT_MS);
	if (pl_use_open(driver->policy->database, &driver->uses, &trouble.err) < 0)
		report(driver, &trouble);
}

static void take_policy(struct pl_driver *driver, struct pl_policy *policy)
{
	int moved =
		driver->policy == NULL || strcmp(driver->policy->database, policy->database) != 0;

	if (moved) {
		close_store(driver);
		pl_breaker_succeeded(&driver->breaker);
	}
	pl_policy_unref(&driver->policy);
	driver->policy = policy;
	load_keys(driver);
	if (moved && driver->notes_uses)
		open_uses(driver);
}

static void load_policy(struct pl_driver *driver)
{
	struct pl_policy *policy;

	/* Looked at before it is read: a change in between is noticed next time. */
	if (driver->watch_count == 0)
		watch_policy(driver, NULL);
	if (pl_policy_load(driver->path, &policy, &driver->policy_trouble.err) < 0) {
		if (driver->policy != NULL)
			pl_error_prefix(&driver->policy_trouble.err,
					"keeping the last good policy");
		driver->policy_trouble.logged_ms = 0;
		report(driver, &driver->policy_trouble);
		return;
	}
	watch_policy(driver, policy);
	over(driver, &driver->policy_trouble, "policy file: read again");
	take_policy(driver, policy);
}

static int policy_changed(struct pl_driver *driver)
{
	int changed = 0;

	/* Every one is looked at, so that each is noted as it is now. */
	for (size_t i = 0; i < driver->watch_count; i++)
		changed |= pl_watch_changed(&driver->watches[i]);
	return changed;
}

/* The writer tries again each second, and may fail each time. */
static void report_uses(struct pl_driver *driver)
{
	struct pl_error err;

	if (driver->uses != NULL && pl_use_trouble(driver->uses, &err))
		report_error(driver, &driver->use_trouble, &err);
}

static void look_at_files(struct pl_driver *driver)
{
	if (driver->looked_ms != 0 && driver->now_ms - driver->looked_ms < LOOK_EVERY_MS)
		return;
	driver->looked_ms = driver->now_ms;
	if (policy_changed(driver))
		load_policy(driver);
	else if (driver->policy != NULL && pl_watch_changed(&driver->key_watch))
		load_keys(driver);
	if (driver->store != NULL && pl_store_replaced(driver->store))
		close_store(driver);
	if (driver->key_trouble.err.code != PL_OK)
		report(driver, &driver->key_trouble);
	report_uses(driver);
}

struct pl_driver *pl_driver_new(const char *policy_path, int notes_uses, pl_driver_log_t *log)
{
	struct pl_driver *driver = calloc(1, sizeof(*driver));

	if (driver == NULL || (driver->path = strdup(policy_path)) == NULL) {
		free(driver);
		return NULL;
	}
	driver->log = log;
	driver->notes_uses = notes_uses;
	driver->now_ms = 1; /* 0 means "never" in the fields above */
	load_policy(driver);
	return driver;
}

void pl_driver_free(struct pl_driver **driver_p)
{
	struct pl_driver *driver = *driver_p;

	*driver_p = NULL;
	if (driver == NULL)
		return;
	close_store(driver);
	pl_use_close(&driver->uses, CLOSE_WAIT_MS);
	pl_keys_free(&driver->keys);
	pl_policy_unref(&driver->policy);
	free(driver->path);
	free(driver);
}

void pl_driver_end_turn(struct pl_driver *driver)
{
	if (!driver->turn_open)
		return;
	driver->turn_open = 0;
	pl_store_end_read(driver->store);
}

static int is_remote(const struct pl_driver *driver)
{
	return driver->policy != NULL && pl_store_is_remote(driver->policy->database);
}

/* Remembers trouble with the store, so that the next logins fail at once and
 * do not each wait for a lock. */
static int store_failed(struct pl_driver *driver, const struct pl_error *err)
{
	pl_breaker_failed(&driver->breaker, driver->now_ms,
			  is_remote(driver) ? PL_BREAKER_MOST_MS : PL_BREAKER_FIRST_MS);
	report_error(driver, &driver->store_trouble, err);
	close_store(driver);
	return -1;
}

static int open_turn(struct pl_driver *driver, struct pl_error *err)
{
	if (!pl_breaker_may_try(&driver->breaker, driver->now_ms)) {
		*err = driver->store_trouble.err;
		return -1;
	}
	if (driver->store == NULL &&
	    pl_store_open(driver->policy->database, PL_ROLE_LOGIN, &driver->store, err) < 0)
		return store_failed(driver, err);
	/* A turn of a worker is one login: a transaction would only cost two round trips. */
	if (is_remote(driver))
		return 0;
	if (pl_store_begin_read(driver->store, err) < 0)
		return store_failed(driver, err);
	driver->turn_open = 1;
	return 0;
}

/* With no key, or with a member's row that makes no sense, the store is sound: others
 * need not wait. */
static int is_of_this_login(const struct pl_driver *driver, const struct pl_error *err)
{
	return err->code == PL_ERR_DATA || (driver->keys == NULL && err->code == PL_ERR_RETRY);
}

int pl_driver_judge(struct pl_driver *driver, struct pl_login *login, int64_t now_ms,
		    struct pl_login_result *result_r, struct pl_error *err)
{
	int opened = 0;

	driver->now_ms = now_ms;
	look_at_files(driver);
	if (driver->policy == NULL) {
		report(driver, &driver->policy_trouble);
		*err = driver->policy_trouble.err;
		return -1;
	}
	if (!driver->turn_open) {
		if (open_turn(driver, err) < 0)
			return -1;
		opened = driver->turn_open;
	}
	login->now = time(NULL);
	if (pl_login_evaluate(driver->store, driver->policy, driver->keys, login, result_r, err) <
	    0) {
		if (!is_of_this_login(driver, err))
			return store_failed(driver, err);
		if (err->code == PL_ERR_DATA)
			report_error(driver, &driver->data_trouble, err);
		pl_breaker_succeeded(&driver->breaker);
		pl_driver_end_turn(driver);
		return -1;
	}
	over(driver, &driver->store_trouble, "database: can be read again");
	pl_breaker_succeeded(&driver->breaker);
	return opened;
}

int pl_driver_wants_worker(struct pl_driver *driver, int64_t now_ms)
{
	driver->now_ms = now_ms;
	look_at_files(driver);
	return is_remote(driver);
}

int pl_driver_address(const struct pl_driver *driver, const char *user, size_t len,
		      struct pl_address *address_r)
{
	return pl_address_parse(user, len, driver->policy->default_domain, address_r, NULL);
}

void pl_driver_note_use(struct pl_driver *driver, const struct pl_use *use)
{
	if (driver->uses != NULL)
		pl_use_note(driver->uses, use);
}
