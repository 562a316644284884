/* users.c - members as users of an identity provider: lists, one, a new one, and changes. */
#include <stdlib.h>
#include <string.h>

#include "portal/console/console_change.h"
#include "portal/console/console_member_change.h"
#include "portal/http/scim_answer.h"
#include "portal/scim/resource.h"
#include "portal/scim/filter.h"
#include "portal/scim/handlers.h"
#include "portal/scim/patch.h"

#define PAGE 100 /* users of a list, unless the request names another number */

static int refuse(struct response *response, const struct scim_problem *problem)
{
	return respond_scim_error(response, 400, problem->type, problem->detail);
}

static int64_t scope_of(const struct request *request)
{
	return pl_administrator_scope(&request->administrator);
}

/* Reads the user of the target, as the transaction sees it: 1; 0 and the answer; -1. */
static int read_user(const struct request *request, struct response *response,
		     struct pl_user *user_r)
{
	const int ret = pl_user_get(request->work.store, scope_of(request),
				    request->target.member.id, user_r, request->work.err);

	return ret != 0 ? ret : respond_error(response, 404, "not-found");
}

/* -- lists -- */

struct page {
	int64_t start; /* 1: the first */
	int count;
	struct pl_user_filter filter;
	int64_t id; /* the only one that may be among them; 0: there is none, -1: any */
};

/* A number with or without a sign, within bounds: 1, or 0 when it is none. */
static int read_number(const char *text, int64_t least, int64_t most, int64_t *number)
{
	const char *digits = text[0] == '-' ? text + 1 : text;

	if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return 0;
	*number = strtoll(text, NULL, 10);
	if (*number < least)
		*number = least;
	if (*number > most)
		*number = most;
	return 1;
}

/* What lies outside is brought to the bounds (RFC 7644 3.4.2.4). 1, or 0. */
static int read_position(const struct request *request, struct page *page)
{
	const char *start = request_query(request, "startIndex");
	const char *count = request_query(request, "count");
	int64_t number = PAGE;

	page->start = 1;
	if ((start != NULL && !read_number(start, 1, INT64_MAX, &page->start)) ||
	    (count != NULL && !read_number(count, 0, SCIM_PAGE_MOST, &number)))
		return 0;
	page->count = (int)number;
	return 1;
}

/* The number of who has that address; 0: nobody. 0, or -1. */
static int find_address(const struct request *request, const char *name, int64_t *id_r)
{
	struct pl_address address;
	struct pl_account account;

	*id_r = 0;
	if (pl_address_parse(name, strlen(name), NULL, &address, NULL) < 0)
		return 0;
	if (pl_account_get(request->work.store, &address, &account, request->work.err) < 0)
		return -1;
	*id_r = account.member.id;
	return 0;
}

/* filter lives as long as the page. 0, or -1. */
static int apply_filter(const struct request *request, const struct scim_filter *filter,
			struct page *page)
{
	switch (filter->attribute) {
	case SCIM_ID:
		if (!read_number(filter->value, 0, INT64_MAX, &page->id))
			page->id = 0;
		break;
	case SCIM_USER_NAME:
		return find_address(request, filter->value, &page->id);
	case SCIM_EXTERNAL_ID:
		page->filter.external_id = filter->value;
		break;
	case SCIM_ACTIVE:
		page->filter.has_active = 1;
		page->filter.active = filter->active;
		break;
	case SCIM_META:
	case SCIM_NOT_KEPT:
		break;
	}
	return 0;
}

struct found {
	const struct request *request;
	json_t *users;
	int failed;
};

static int add_user(const struct pl_user *user, void *context)
{
	struct found *found = context;
	json_t *json = scim_user_json(found->request, user, found->request->work.err);

	found->failed = json_array_append_new(found->users, json) < 0;
	return found->failed;
}

/* The only user that the page may have; how many that are, or -1. */
static int64_t find_one(const struct page *page, struct found *found)
{
	const struct request *request = found->request;
	struct pl_user user;
	const int ret = page->id == 0 ? 0
				      : pl_user_get(request->work.store, scope_of(request),
						    page->id, &user, request->work.err);

	if (ret == 1 && page->start == 1 && page->count > 0)
		add_user(&user, found);
	return ret;
}

/* How many users there are, or -1. */
static int64_t find_many(const struct page *page, struct found *found)
{
	const struct request *request = found->request;
	struct pl_store *store = request->work.store;

	if (page->count > 0 &&
	    pl_user_list(store, scope_of(request), &page->filter, page->start - 1, page->count,
			 add_user, found, request->work.err) < 0)
		return -1;
	return pl_user_count(store, scope_of(request), &page->filter, request->work.err);
}

static int answer_page(const struct request *request, struct response *response,
		       const struct page *page)
{
	struct found found = { request, json_array(), 0 };
	const int64_t total = page->id < 0 ? find_many(page, &found) : find_one(page, &found);

	if (total < 0 || found.failed) {
		json_decref(found.users);
		return -1;
	}
	return scim_answer_list(response, found.users, page->start, total);
}

int get_scim_users(struct request *request, struct response *response, struct pl_error *err)
{
	const char *text = request_query(request, "filter");
	struct scim_filter filter;
	struct page page = { .id = -1 };

	(void)err;
	if (!read_position(request, &page))
		return respond_scim_error(response, 400, "invalidValue",
					  "startIndex or count is not a number.");
	if (text != NULL && !scim_filter_parse(text, &filter))
		return respond_scim_error(response, 400, "invalidFilter",
					  "A filter is userName, externalId, id or active, then eq "
					  "and a value.");
	if (text != NULL && apply_filter(request, &filter, &page) < 0)
		return -1;
	return answer_page(request, response, &page);
}

int get_scim_user(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_user user;
	const int ret = read_user(request, response, &user);

	return ret == 1 ? scim_answer_user(request, response, 200, &user, err) : ret;
}

/* -- changes, in a transaction -- */

static struct pl_change activity(const struct scim_user_change *change)
{
	return (struct pl_change){ .has_active = change->has_active, .active = change->active };
}

/* Keeps the external id of the target, and answers with it. 1; 0 and the answer; -1. */
static int finish(struct request *request, struct response *response, int status,
		  const struct scim_user_change *change)
{
	struct pl_user user;
	const int ret = read_user(request, response, &user);

	if (ret != 1)
		return ret;
	if (change->has_external_id &&
	    pl_user_set_external_id(&request->work, &user, change->external_id) < 0)
		return -1;
	return scim_answer_user(request, response, status, &user, request->work.err) < 0 ? -1 : 1;
}

static int add(struct request *request, struct response *response, void *context)
{
	const struct scim_user_change *change = context;
	const struct pl_change active = activity(change);
	const int ret = console_member_add(request, response, &change->address, &active);

	if (ret == 0 && response->status == 404)
		return respond_scim_error(response, 400, "invalidValue",
					  "userName is in no domain that the key reaches.");
	return ret == 1 ? finish(request, response, 201, change) : ret;
}

int post_scim_user(struct request *request, struct response *response, struct pl_error *err)
{
	struct scim_user_change change;
	struct scim_problem problem;

	(void)err;
	return scim_user_change_read(request->json, &change, &problem)
		       ? console_write(request, response, add, &change)
		       : refuse(response, &problem);
}

/* Whether the user keeps its name; that of an alias of the domain is the same one. 1; 0 and the
 * answer; -1. */
static int keeps_name(const struct request *request, struct response *response,
		      const struct scim_user_change *change)
{
	struct pl_account account;

	if (!change->has_address)
		return 1;
	if (pl_account_get(request->work.store, &change->address, &account, request->work.err) < 0)
		return -1;
	return account.member.id == request->target.member.id
		       ? 1
		       : respond_scim_error(response, 400, "mutability",
					    "userName, the address, does not change.");
}

static int set(struct request *request, struct response *response, void *context)
{
	const struct scim_user_change *change = context;
	const struct pl_change active = activity(change);
	struct pl_user user;
	int ret = read_user(request, response, &user);

	if (ret == 1)
		ret = scim_if_match(request, response, &user, request->work.err);
	if (ret == 1)
		ret = keeps_name(request, response, change);
	if (ret == 1 && change->has_active)
		ret = console_member_set(request, response, &active);
	return ret == 1 ? finish(request, response, 200, change) : ret;
}

int put_scim_user(struct request *request, struct response *response, struct pl_error *err)
{
	struct scim_user_change change;
	struct scim_problem problem;

	(void)err;
	return scim_user_change_read(request->json, &change, &problem)
		       ? console_write_member(request, response, set, &change)
		       : refuse(response, &problem);
}

int patch_scim_user(struct request *request, struct response *response, struct pl_error *err)
{
	struct scim_user_change change;
	struct scim_problem problem;

	(void)err;
	return scim_patch_read(request->json, &change, &problem)
		       ? console_write_member(request, response, set, &change)
		       : refuse(response, &problem);
}
