/* upload.c - uploads are begun, looked at and ended.
 *
 * Webmail's server begins an upload with the access token that it holds, and hands the address and
 * the token of the upload to the browser, which sends the file without it. So the access token,
 * which opens the mailbox, never comes to a browser, and no gigabyte passes through webmail.
 */
#include <stdio.h>
#include <string.h>

#include "policy/attachment/download.h"
#include "portal/upload/handlers.h"

#define MEGABYTE INT64_C(1048576)

int respond_offset(const struct request *request, struct response *response, int status,
		   int64_t offset)
{
	response->status = status;
	snprintf(response->upload_offset, sizeof(response->upload_offset), "%lld",
		 (long long)offset);
	snprintf(response->upload_length, sizeof(response->upload_length), "%lld",
		 (long long)request->upload.size);
	return 0;
}

int options_upload(struct request *request, struct response *response, struct pl_error *err)
{
	(void)request;
	(void)err;
	response->status = 204;
	return 0;
}

int options_upload_link(struct request *request, struct response *response, struct pl_error *err)
{
	return options_upload(request, response, err);
}

/* null: any number. */
static json_t *bytes_of(int64_t bytes)
{
	return bytes < 0 || bytes == INT64_MAX ? json_null() : json_integer(bytes);
}

static json_t *room_json(const struct request *request, const struct pl_link_room *room)
{
	const struct pl_policy *policy = request->policy;
	const struct pl_domain_options options =
		pl_policy_domain_options(policy, request->account.member.address.domain);

	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I}", "left", bytes_of(pl_link_left(room)),
			 "quota", bytes_of(room->member_quota), "stored",
			 (json_int_t)room->member_bytes, "most",
			 (json_int_t)pl_upload_largest(policy), "threshold",
			 (json_int_t)(options.attachment_threshold * MEGABYTE), "days",
			 (json_int_t)policy->attachment_days);
}

int get_upload_room(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_link_room room;

	(void)err;
	if (pl_upload_room(&request->work, request->policy, &request->account, &room) < 0)
		return -1;
	return respond_json(response, 200, room_json(request, &room));
}

/* What webmail tells the member of it. */
static int respond_begun(const struct request *request, struct response *response,
			 enum pl_upload_begun begun, int64_t id, const struct pl_secret *token)
{
	char url[PL_LINK_URL];

	switch (begun) {
	case PL_UPLOAD_TOO_LARGE:
		return respond_error(response, 413, "too-large");
	case PL_UPLOAD_TOO_MANY:
		return respond_error(response, 409, "too-many-uploads");
	case PL_UPLOAD_QUOTA:
		return respond_error(response, 409, "quota");
	case PL_UPLOAD_BEGUN:
		break;
	}
	snprintf(url, sizeof(url), "%s/upload/%lld", request->policy->portal_url, (long long)id);
	return respond_json(response, 201,
			    json_pack("{s:I, s:s, s:s, s:i}", "id", (json_int_t)id, "url", url,
				      "token", (const char *)token->data, "piece", UPLOAD_PIECE));
}

int post_upload(struct request *request, struct response *response, struct pl_error *err)
{
	const char *type = request_text(request, "type");
	const struct pl_new_upload upload = {
		.name = request_text(request, "name"),
		.type = type == NULL ? "" : type,
		.size = json_integer_value(json_object_get(request->json, "size")),
		.session_id = request->token.session_id,
	};
	enum pl_upload_begun begun;
	struct pl_secret token = { 0 };
	struct pl_account *account = &request->account;
	int64_t id = 0;

	/* In it nobody else begins one, so that the quota holds for all of them together. */
	if (pl_store_begin_write(request->work.store, err) < 0 ||
	    pl_upload_begin(&request->work, request->policy, account, &upload, &begun, &id,
			    &token) < 0 ||
	    pl_store_commit(request->work.store, err) < 0) {
		pl_secret_wipe(&token);
		return -1;
	}
	respond_begun(request, response, begun, id, &token);
	pl_secret_wipe(&token);
	return 0;
}

/* How many bytes of the request's upload have come: 0 or -1. */
static int arrived(const struct request *request, int64_t *offset_r, struct pl_error *err)
{
	struct pl_blobs *blobs;
	int ret;

	if (request->upload.link_id != 0) {
		*offset_r = request->upload.size;
		return 0;
	}
	if (pl_blobs_open(request->policy, NULL, &blobs, err) < 0)
		return -1;
	ret = pl_blob_arrived(blobs, request->upload.store_name, offset_r, err);
	pl_blobs_close(&blobs);
	return ret;
}

int get_upload(struct request *request, struct response *response, struct pl_error *err)
{
	int64_t offset;

	return arrived(request, &offset, err) < 0 ? -1
						  : respond_offset(request, response, 200, offset);
}

/* The bytes of an upload that another request is writing are swept when it is old. */
static int drop_bytes(const struct request *request, struct pl_error *err)
{
	struct pl_blobs *blobs;
	struct pl_blob *blob;
	int64_t size;
	int ret;

	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the HMAC key cannot be read");
	if (pl_blobs_open(request->policy, request->verify, &blobs, err) < 0)
		return -1;
	ret = pl_blob_resume(blobs, request->upload.store_name, &blob, &size, err);
	if (ret == 0)
		pl_blob_drop(&blob);
	else if (err->code == PL_ERR_CONFLICT)
		ret = 0;
	pl_blobs_close(&blobs);
	return ret;
}

static int withdraw(const struct request *request)
{
	struct pl_link link;
	const int ret = pl_link_get(&request->work, request->upload.link_id, &link);

	return ret == 1 ? pl_link_withdraw(&request->work, &link) : ret;
}

int delete_upload(struct request *request, struct response *response, struct pl_error *err)
{
	if (request->upload.link_id == 0 && drop_bytes(request, err) < 0)
		return -1;
	if (pl_store_begin_write(request->work.store, err) < 0 ||
	    (request->upload.link_id != 0 && withdraw(request) < 0) ||
	    pl_upload_remove(&request->work, &request->upload) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	response->status = 204;
	return 0;
}
