/* account_links.c - the page of the member's own links to files: how often they were fetched, for
 * longer, and withdrawn. */
#include <stdlib.h>

#include "policy/attachment/download.h"
#include "policy/attachment/link_password.h"
#include "portal/account/handlers.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

#define PAGE 20

struct page {
	const struct request *request;
	json_t *links;
	int64_t last; /* id of the last link of the page */
	int has_more, failed;
};

static const char *state_name(enum pl_link_state state)
{
	switch (state) {
	case PL_LINK_OPEN:
		return "valid";
	case PL_LINK_WITHDRAWN:
		return "withdrawn";
	case PL_LINK_EXPIRED:
		break;
	}
	return "expired";
}

static int add_file(const struct pl_link_file *file, void *context)
{
	return json_array_append_new(context,
				     json_pack("{s:I, s:s, s:I, s:b, s:I}", "id",
					       (json_int_t)file->id, "name", file->name, "size",
					       (json_int_t)file->size, "scanned", file->is_scanned,
					       "downloads", (json_int_t)file->downloads));
}

/* NULL: the files could not be read. */
static json_t *link_json(const struct pl_work *work, const struct pl_link *link)
{
	json_t *files = json_array();

	if (pl_link_files(work, link->id, add_file, files) < 0) {
		json_decref(files);
		return NULL;
	}
	return json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:b, s:o}", "id",
			 (json_int_t)link->id, "subject", link->subject, "origin",
			 link->origin == PL_LINK_OF_UPLOAD ? "upload" : "mail", "state",
			 state_name(pl_link_state(link, work->now)), "made_at",
			 (json_int_t)link->made_at, "expires_at", (json_int_t)link->expires_at,
			 "downloads_most", (json_int_t)link->downloads_most, "extended",
			 link->is_extended, "password", link->has_password, "files", files);
}

/* One link more than a page has is read, and tells that there is another page. */
static int add_link(const struct pl_link *link, void *context)
{
	struct page *page = context;
	json_t *row;

	page->has_more = json_array_size(page->links) == PAGE;
	if (page->has_more)
		return 1;
	row = link_json(&page->request->work, link);
	page->failed = row == NULL;
	page->last = link->id;
	json_array_append_new(page->links, row);
	return page->failed;
}

/* -1: any number of bytes. */
static int64_t left_of(const struct pl_link_room *room)
{
	return room->member_quota < 0 && room->domain_quota < 0 ? -1 : pl_link_left(room);
}

/* What is stored, and how much may be, with other members of an answer, which is taken over. 0, or
 * -1. */
static int respond_with_room(struct request *request, struct response *response, json_t *answer,
			     struct pl_error *err)
{
	struct pl_account *account;
	struct pl_link_room room;
	json_t *members;

	if (request_account(request, &account, err) < 0 ||
	    pl_link_room(&request->work, request->policy, account, &room) < 0) {
		json_decref(answer);
		return -1;
	}
	members =
		json_pack("{s:I, s:I, s:I, s:i}", "stored", (json_int_t)room.member_bytes, "quota",
			  (json_int_t)room.member_quota, "left", (json_int_t)left_of(&room), "days",
			  (int)request->policy->attachment_days);
	json_object_update(answer, members);
	json_decref(members);
	return respond_json(response, 200, answer);
}

int get_links(struct request *request, struct response *response, struct pl_error *err)
{
	const char *after = request_query(request, "after");
	struct page page = { .request = request, .links = json_array() };

	if (pl_link_list_member(&request->work, request->session.member_id,
				after == NULL ? 0 : strtoll(after, NULL, 10), PAGE + 1, add_link,
				&page) < 0 ||
	    page.failed) {
		json_decref(page.links);
		return -1;
	}
	return respond_with_room(request, response,
				 json_pack("{s:o, s:o}", "links", page.links, "next",
					   page.has_more ? json_integer(page.last) : json_null()),
				 err);
}

/* -- changes -- */

/* Begins a write transaction, and finds the member's link that the body names: 1; 0 and the answer;
 * -1. */
static int begin(struct request *request, struct response *response, struct pl_link *link_r,
		 struct pl_error *err)
{
	const int64_t id = json_integer_value(json_object_get(request->json, "id"));
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = pl_link_get(&request->work, id, link_r);
	if (ret < 0)
		return -1;
	return ret == 1 && link_r->member_id == request->session.member_id
		       ? 1
		       : respond_error(response, 404, "not-found");
}

/* ret: 1 the link was changed, and the answer has it as it is now; 0 it could not be; -1. */
static int finish(struct request *request, struct response *response, struct pl_link *link, int ret,
		  struct pl_error *err)
{
	json_t *row;

	if (ret == 0)
		return respond_error(response, 409, "link-over");
	if (ret < 0 || pl_link_get(&request->work, link->id, link) < 0)
		return -1;
	row = link_json(&request->work, link);
	if (row == NULL ||
	    respond_with_room(request, response, json_pack("{s:o}", "link", row), err) < 0)
		return -1;
	return pl_store_commit(request->work.store, err);
}

int post_link_extend(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_link link;
	int ret = begin(request, response, &link, err);

	if (ret != 1)
		return ret;
	return finish(request, response, &link,
		      pl_link_extend(&request->work, request->policy, &link), err);
}

int post_link_password(struct request *request, struct response *response, struct pl_error *err)
{
	const char *password = request_text(request, "password");
	struct pl_link link;
	int ret;

	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the HMAC key cannot be read");
	ret = begin(request, response, &link, err);
	if (ret != 1)
		return ret;
	ret = pl_link_set_password(&request->work, request->verify, &link,
				   password == NULL ? "" : password);
	if (ret < 0 && err->code == PL_ERR_INVALID)
		return respond_bad_field(response, "password");
	return finish(request, response, &link, ret, err);
}

int post_link_withdraw(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_link link;
	int ret = begin(request, response, &link, err);

	if (ret != 1)
		return ret;
	return finish(request, response, &link, pl_link_withdraw(&request->work, &link), err);
}
