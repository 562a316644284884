/* upload_link.c - the link to a file that has come, and the text for the mail.
 *
 * The order is that of the milter: the file is scanned, kept on the disk, its link committed, and
 * then it is told. Whoever asks again, because the answer was lost, is told the same link.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clamd.h"
#include "policy/attachment/download.h"
#include "policy/attachment/link_text.h"
#include "policy/base/day.h"
#include "portal/http/portal.h"
#include "portal/upload/handlers.h"

#define BLOCK (64 * 1024)

/* -- the file -- */

static void keep_waiting(void *context)
{
	(void)context;
}

/* Sends the file to clamd. 0 or -1. */
static int send_to_clamd(struct clamd *clamd, const struct pl_blob *blob, struct pl_error *err)
{
	unsigned char *block = malloc(BLOCK);
	int64_t offset = 0, got = 0;

	if (block == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	while ((got = pl_blob_read_again(blob, offset, block, BLOCK, err)) > 0) {
		clamd_write(clamd, block, (size_t)got);
		offset += got;
	}
	free(block);
	return got < 0 ? -1 : 0;
}

/* As for attachments of mail: 1 go on; 0 response says why not; -1. */
static int scan(const struct request *request, struct response *response,
		const struct pl_blob *blob, int *is_scanned_r, struct pl_error *err)
{
	const struct pl_policy *policy = request->policy;
	enum clamd_result result;
	struct clamd clamd;

	*is_scanned_r = 0;
	if (policy->attachment_clamd[0] == '\0')
		return 1;
	clamd_begin(&clamd, policy->attachment_clamd);
	if (send_to_clamd(&clamd, blob, err) < 0) {
		clamd_drop(&clamd);
		return -1;
	}
	result = clamd_end(&clamd, keep_waiting, NULL);
	*is_scanned_r = result == CLAMD_CLEAN;
	if (result == CLAMD_INFECTED)
		return respond_error(response, 422, "infected");
	if (result == CLAMD_CLEAN || policy->attachment_unscanned == 0)
		return 1;
	return result == CLAMD_TOO_LARGE ? respond_error(response, 422, "not-scanned")
					 : respond_wait(response, 503, "not-scanned", 30);
}

/* Keeps the bytes that have come, when they are all: 1; 0 response says why not; -1. Whatever is
 * not kept stays for another attempt, but for a file that is infected. */
static int keep_blob(const struct request *request, struct response *response, struct pl_blob *blob,
		     int64_t offset, struct pl_new_file_link *file, struct pl_error *err)
{
	int ret;

	if (offset != request->upload.size) {
		respond_error(response, 409, "wrong-offset");
		ret = respond_offset(request, response, 409, offset);
	} else {
		ret = scan(request, response, blob, &file->is_scanned, err);
	}
	if (ret == 1)
		return pl_blob_keep(&blob, file->blob, &file->size, err) < 0 ? -1 : 1;
	if (offset == 0 || response->status == 422)
		pl_blob_drop(&blob);
	else if (pl_blob_suspend(&blob, err) < 0)
		ret = -1;
	return ret;
}

static int keep(const struct request *request, struct response *response,
		struct pl_new_file_link *file, struct pl_error *err)
{
	struct pl_blobs *blobs;
	struct pl_blob *blob;
	int64_t offset;
	int ret;

	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the HMAC key cannot be read");
	if (pl_blobs_open(request->policy, request->verify, &blobs, err) < 0)
		return -1;
	if (pl_blob_resume(blobs, request->upload.store_name, &blob, &offset, err) == 0)
		ret = keep_blob(request, response, blob, offset, file, err);
	else
		ret = err->code == PL_ERR_CONFLICT ? respond_wait(response, 423, "locked", 1) : -1;
	pl_blobs_close(&blobs);
	return ret;
}

/* -- the link -- */

struct linked {
	struct pl_link link;
	struct pl_link_file file;
	char url[PL_LINK_URL], last_day[PL_DAY_TEXT];
};

static int take_file(const struct pl_link_file *file, void *context)
{
	struct linked *linked = context;

	linked->file = *file;
	return 1;
}

/* 1, 0 there is no such link that is open, -1. */
static int find_link(const struct request *request, struct linked *linked, struct pl_error *err)
{
	struct pl_secret token = { 0 };
	int ret = pl_upload_link_token(&request->upload_token, &token, err);

	if (ret == 0)
		ret = pl_link_find(&request->work, &token, &linked->link);
	if (ret == 1)
		pl_link_url(request->policy, &token, linked->url);
	pl_secret_wipe(&token);
	if (ret != 1 || pl_link_state(&linked->link, request->work.now) != PL_LINK_OPEN)
		return ret < 0 ? -1 : 0;
	pl_day_format(pl_day_of(linked->link.expires_at), linked->last_day);
	return pl_link_files(&request->work, linked->link.id, take_file, linked) < 0 ? -1 : 1;
}

/* A text in memory, or NULL. */
static char *twin(const struct pl_link_text *text,
		  void (*put)(FILE *out, const struct pl_link_text *link, size_t number))
{
	char *ret = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&ret, &len);

	if (out == NULL)
		return NULL;
	put(out, text, 0);
	if (fclose(out) == 0)
		return ret;
	free(ret);
	return NULL;
}

static int tell(const struct request *request, struct response *response,
		const struct linked *linked, struct pl_error *err)
{
	const char *language = request_text(request, "language");
	const struct pl_linked_file file = { linked->file.name, (uint64_t)linked->file.size };
	const struct pl_link_text text = { language == NULL ? "" : language, linked->url,
					   linked->last_day, &file, 1 };
	char *plain = twin(&text, pl_link_text_plain), *html = twin(&text, pl_link_text_html);
	json_t *json = NULL;

	if (plain != NULL && html != NULL)
		json = json_pack("{s:s, s:s, s:I, s:s, s:I, s:s, s:s}", "url", linked->url, "name",
				 linked->file.name, "size", (json_int_t)linked->file.size,
				 "last_day", linked->last_day, "expires_at",
				 (json_int_t)linked->link.expires_at, "text", plain, "html", html);
	free(plain);
	free(html);
	return json == NULL ? pl_error_set(err, PL_ERR_RETRY, "out of memory")
			    : respond_json(response, 200, json);
}

static int tell_link(const struct request *request, struct response *response, struct pl_error *err)
{
	struct linked *linked = calloc(1, sizeof(*linked));
	int ret;

	if (linked == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	ret = find_link(request, linked, err);
	if (ret == 1)
		ret = tell(request, response, linked, err);
	else if (ret == 0)
		ret = respond_error(response, 404, "not-found");
	free(linked);
	return ret;
}

/* In the caller's write transaction. 1; 0 response says why not; -1. */
static int add_link(const struct request *request, struct response *response,
		    const struct pl_new_file_link *file)
{
	struct pl_secret token = { 0 };
	const int ret = pl_upload_finish(&request->work, request->policy, &request->account,
					 &request->upload, file, &request->upload_token, &token);

	pl_secret_wipe(&token);
	return ret == 0 ? respond_error(response, 409, "quota") : ret;
}

int post_upload_link(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_new_file_link file = { .name = request->upload.name,
					 .type = request->upload.type };
	int ret;

	if (request->upload.link_id != 0)
		return tell_link(request, response, err);
	/* To read some gigabytes takes a while. */
	portal_give(request, 0);
	ret = keep(request, response, &file, err);
	if (ret != 1)
		return ret;
	if (portal_take(request, err) < 0 || pl_store_begin_write(request->work.store, err) < 0)
		return -1;
	ret = add_link(request, response, &file);
	if (ret != 1)
		return ret;
	return pl_store_commit(request->work.store, err) < 0 ? -1
							     : tell_link(request, response, err);
}
