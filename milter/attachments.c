/* attachments.c - see attachments.h. */
#include "milter/attachments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clamd.h"
#include "policy/account/member_row.h"
#include "policy/attachment/link.h"
#include "policy/base/day.h"
#include "policy/base/monotonic.h"
#include "policy/base/random.h"
#include "policy/settings/option.h"

#define MEGABYTE UINT64_C(1048576)
#define LEAST 32768 /* bytes of a file that is taken out */
#define PROGRESS_MS 5000

/* -- the database -- */

struct at_store {
	const struct attachments *attachments;
	struct pl_store *store;
	struct pl_budget budget;
};

static int take(struct at_store *at, const struct attachments *attachments, struct pl_error *err)
{
	*at = (struct at_store){ .attachments = attachments, .budget.left_ms = PL_BUDGET_MS };
	return pl_store_pool_take(attachments->pool, attachments->snapshot->policy->database,
				  &at->budget, &at->store, err);
}

static int give(struct at_store *at, int ret)
{
	pl_store_pool_give(at->attachments->pool, &at->store, ret < 0);
	return ret;
}

static int account_of(struct at_store *at, struct pl_account *account_r, struct pl_error *err)
{
	return pl_account_get(at->store, at->attachments->member, account_r, err);
}

int attachments_are_on(const struct attachments *attachments, struct pl_error *err)
{
	struct at_store at;
	struct pl_account account;
	int ret;

	if (attachments->member->domain[0] == '\0')
		return 0;
	if (take(&at, attachments, err) < 0)
		return -1;
	ret = account_of(&at, &account, err);
	if (ret == 0)
		ret = pl_link_is_on(&account, attachments->snapshot->policy,
				    pl_store_now(at.store));
	return give(&at, ret);
}

int attachments_is_inside(const struct attachments *attachments, const char *address,
			  struct pl_error *err)
{
	struct attachments of = *attachments;
	struct pl_address parsed;
	struct pl_account account;
	struct at_store at;
	int ret;

	/* What is no address is somewhere else. */
	if (pl_address_parse(address, strlen(address),
			     attachments->snapshot->policy->default_domain, &parsed, NULL) < 0)
		return 0;
	of.member = &parsed;
	if (take(&at, &of, err) < 0)
		return -1;
	ret = account_of(&at, &account, err);
	if (ret == 0)
		ret = pl_domain_is_known(&account.domain, attachments->snapshot->policy);
	return give(&at, ret);
}

/* -- storing -- */

struct storing {
	const struct attachments *attachments;
	struct message *message;
	struct pl_blobs *blobs;
	struct pl_new_file_link files[PL_LINK_FILES_MOST];
	size_t count;
	/* The file at work. */
	struct pl_blob *blob;
	struct clamd clamd;
	int is_scanned;
	int64_t last_ms; /* of progress */
	char *said;
	struct pl_error *err;
};

static void tell_progress(void *context)
{
	struct storing *storing = context;

	storing->last_ms = pl_monotonic_ms();
	if (storing->attachments->progress != NULL)
		storing->attachments->progress(storing->attachments->context);
}

static void tell_progress_at_times(void *context)
{
	const struct storing *storing = context;

	if (pl_monotonic_ms() - storing->last_ms > PROGRESS_MS)
		tell_progress(context);
}

/* 1: the blob says no, and err is set. */
static int store_piece(void *context, const unsigned char *bytes, size_t count)
{
	struct storing *storing = context;

	tell_progress_at_times(storing);
	if (storing->is_scanned)
		clamd_write(&storing->clamd, bytes, count);
	return pl_blob_write(storing->blob, bytes, count, storing->err) < 0 ? 1 : 0;
}

static enum attachments_outcome scan_outcome(struct storing *storing)
{
	const struct pl_policy *policy = storing->attachments->snapshot->policy;
	const enum clamd_result result = clamd_end(&storing->clamd, tell_progress, storing);

	storing->is_scanned = result == CLAMD_CLEAN;
	snprintf(storing->said, ATTACHMENTS_SAID, "%s", storing->clamd.said);
	switch (result) {
	case CLAMD_CLEAN:
		return ATTACHMENTS_REPLACED;
	case CLAMD_INFECTED:
		return ATTACHMENTS_INFECTED;
	case CLAMD_TOO_LARGE:
		return policy->attachment_unscanned != 0 ? ATTACHMENTS_TOO_LARGE
							 : ATTACHMENTS_REPLACED;
	case CLAMD_SILENT:
		return policy->attachment_unscanned != 0 ? ATTACHMENTS_UNSCANNED
							 : ATTACHMENTS_REPLACED;
	}
	return ATTACHMENTS_FAILED;
}

static enum attachments_outcome store_file(struct storing *storing, size_t number,
					   const struct message_file *file)
{
	const char *clamd = storing->attachments->snapshot->policy->attachment_clamd;
	struct pl_new_file_link *link = &storing->files[number];
	enum attachments_outcome outcome = ATTACHMENTS_FAILED;
	int status;

	storing->is_scanned = clamd[0] != '\0';
	if (pl_blob_begin(storing->blobs, &storing->blob, storing->err) < 0)
		return ATTACHMENTS_FAILED;
	if (storing->is_scanned)
		clamd_begin(&storing->clamd, clamd);
	status = message_content(storing->message, number, store_piece, storing);
	if (status < 0)
		pl_error_set(storing->err, PL_ERR_RETRY, "the message cannot be read again");
	if (status == 0)
		outcome = storing->is_scanned ? scan_outcome(storing) : ATTACHMENTS_REPLACED;
	else if (storing->is_scanned)
		clamd_drop(&storing->clamd);
	if (outcome == ATTACHMENTS_REPLACED &&
	    pl_blob_keep(&storing->blob, link->blob, &link->size, storing->err) < 0)
		outcome = ATTACHMENTS_FAILED;
	pl_blob_drop(&storing->blob);
	link->name = file->name;
	link->type = file->type;
	link->is_scanned = storing->is_scanned;
	return outcome;
}

static enum attachments_outcome store_files(struct storing *storing)
{
	enum attachments_outcome outcome = ATTACHMENTS_REPLACED;
	const struct message_file *files = message_files(storing->message, &storing->count);
	const int64_t until_ms = pl_monotonic_ms() + PL_BLOB_ORPHAN_AGE / 2 * INT64_C(1000);

	for (size_t i = 0; outcome == ATTACHMENTS_REPLACED && i < storing->count; i++)
		outcome = store_file(storing, i, &files[i]);
	/* The first of them must not be as old as one that is removed. */
	if (outcome == ATTACHMENTS_REPLACED && pl_monotonic_ms() > until_ms) {
		pl_error_set(storing->err, PL_ERR_RETRY,
			     "the files of the message took too long to be stored");
		outcome = ATTACHMENTS_FAILED;
	}
	return outcome;
}

/* -- the link -- */

static struct pl_work work_of(struct at_store *at, struct pl_error *err)
{
	return (struct pl_work){ .store = at->store,
				 .actor = { "postlatch-milter", "local", NULL },
				 .now = pl_store_now(at->store),
				 .err = err };
}

/* How much the member may still store; who has no row yet has stored nothing. 0 or -1. */
static int read_left(struct at_store *at, int64_t *left_r, struct pl_error *err)
{
	const struct pl_work work = work_of(at, err);
	struct pl_account account;
	struct pl_link_room room;

	*left_r = INT64_MAX;
	if (account_of(at, &account, err) < 0)
		return -1;
	if (account.member.id == 0)
		return 0;
	if (pl_link_room(&work, at->attachments->snapshot->policy, &account, &room) < 0)
		return -1;
	*left_r = pl_link_left(&room);
	return 0;
}

/* Whether there is room for so many bytes, before any is stored: 0, or -1. */
static int check_room(const struct attachments *attachments, uint64_t bytes, struct pl_error *err)
{
	struct at_store at;
	int64_t left;

	if (take(&at, attachments, err) < 0 || give(&at, read_left(&at, &left, err)) < 0)
		return -1;
	return (uint64_t)left >= bytes ? 0
				       : pl_error_set(err, PL_ERR_CONFLICT,
						      "%llu bytes more would exceed the quota for "
						      "large attachments",
						      (unsigned long long)bytes);
}

static int add_link(const struct pl_work *work, const struct storing *storing,
		    struct pl_account *account, struct pl_secret *token)
{
	const struct pl_new_link link = {
		.origin = PL_LINK_OF_MAIL,
		.subject = message_subject(storing->message),
		.files = storing->files,
		.count = storing->count,
	};

	return pl_member_ensure(work, account) < 0
		       ? -1
		       : pl_link_add(work, storing->attachments->snapshot->policy, account, &link,
				     token);
}

/* Commits the link: 1, and its address and last day; 0: the quota; -1. */
static int commit_link(const struct storing *storing, char url_r[PL_LINK_URL],
		       char last_day_r[PL_DAY_TEXT])
{
	const struct pl_policy *policy = storing->attachments->snapshot->policy;
	struct pl_secret token = { 0 };
	struct pl_account account;
	struct pl_work work;
	struct at_store at;
	int ret;

	if (take(&at, storing->attachments, storing->err) < 0)
		return -1;
	work = work_of(&at, storing->err);
	ret = pl_store_begin_write(at.store, storing->err);
	if (ret == 0 && (ret = account_of(&at, &account, storing->err)) == 0)
		ret = add_link(&work, storing, &account, &token);
	if (ret == 1 && pl_store_commit(at.store, storing->err) < 0)
		ret = -1;
	if (ret != 1)
		pl_store_rollback(at.store);
	pl_link_url(policy, &token, url_r);
	pl_day_format(pl_day_of(work.now + policy->attachment_days * PL_DAY_SECONDS), last_day_r);
	pl_secret_wipe(&token);
	return give(&at, ret);
}

/* -- the way -- */

static int type_stays(const void *context, const char *type)
{
	const struct pl_domain_options *options = context;

	return pl_option_media_types_have(options->attachment_excluded_types, type);
}

static uint64_t sum_of(const struct message *message)
{
	size_t count;
	const struct message_file *files = message_files(message, &count);
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += files[i].size;
	return sum;
}

/* An address as long as the one that will be. 0 or -1. */
static int example_url(const struct pl_policy *policy, char url_r[PL_LINK_URL],
		       struct pl_error *err)
{
	struct pl_secret token;

	if (pl_random_token("", &token, err) < 0)
		return -1;
	pl_link_url(policy, &token, url_r);
	pl_secret_wipe(&token);
	return 0;
}

static enum attachments_outcome store(struct storing *storing)
{
	const struct pl_snapshot *snapshot = storing->attachments->snapshot;
	char url[PL_LINK_URL], last_day[PL_DAY_TEXT];
	enum attachments_outcome outcome;
	int ret;

	if (snapshot->hmac_key == NULL) {
		pl_error_set(storing->err, PL_ERR_CONFIG,
			     "%s cannot be read, so that no file can be stored",
			     snapshot->policy->verify_key);
		return ATTACHMENTS_FAILED;
	}
	if (pl_blobs_open(snapshot->policy, snapshot->hmac_key, &storing->blobs, storing->err) < 0)
		return ATTACHMENTS_FAILED;
	pl_blobs_on_progress(storing->blobs, tell_progress_at_times, storing);
	outcome = store_files(storing);
	pl_blobs_close(&storing->blobs);
	if (outcome != ATTACHMENTS_REPLACED)
		return outcome;
	ret = commit_link(storing, url, last_day);
	if (ret == 1)
		ret = message_build(storing->message, url, last_day, storing->err);
	return ret == 1 ? ATTACHMENTS_REPLACED : ATTACHMENTS_FAILED;
}

enum attachments_outcome attachments_take_out(const struct attachments *attachments,
					      struct message *message,
					      char said_r[ATTACHMENTS_SAID], struct pl_error *err)
{
	const struct pl_policy *policy = attachments->snapshot->policy;
	const struct pl_domain_options options =
		pl_policy_domain_options(policy, attachments->member->domain);
	const struct message_limits limits = {
		.sizes = { .threshold = (uint64_t)options.attachment_threshold * MEGABYTE,
			   .sum = (uint64_t)options.attachment_threshold_sum * MEGABYTE,
			   .least = LEAST,
			   .most = PL_LINK_FILES_MOST },
		.type_stays = type_stays,
		.context = &options,
	};
	struct storing *storing;
	char url[PL_LINK_URL];
	const char *reason;
	enum attachments_outcome outcome;
	int ret = message_plan(message, &limits, &reason, err);

	snprintf(said_r, ATTACHMENTS_SAID, "%s", reason);
	if (ret <= 0)
		return ret < 0 ? ATTACHMENTS_FAILED : ATTACHMENTS_UNCHANGED;
	if (example_url(policy, url, err) < 0 ||
	    (ret = message_build(message, url, "2000-01-01", err)) < 0)
		return ATTACHMENTS_FAILED;
	if (ret == 0) {
		snprintf(said_r, ATTACHMENTS_SAID, "other-parts");
		return ATTACHMENTS_UNCHANGED;
	}
	if (check_room(attachments, sum_of(message), err) < 0)
		return ATTACHMENTS_FAILED;
	storing = calloc(1, sizeof(*storing));
	if (storing == NULL) {
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
		return ATTACHMENTS_FAILED;
	}
	storing->attachments = attachments;
	storing->message = message;
	storing->said = said_r;
	storing->err = err;
	storing->last_ms = pl_monotonic_ms();
	outcome = store(storing);
	free(storing);
	return outcome;
}
