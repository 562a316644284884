/* console_forwards.c - the forwards of the administrator's domains: listed, shown, ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/forward/look_up.h"
#include "policy/forward/search.h"
#include "portal/console/conflict.h"
#include "portal/console/console_answer.h"
#include "portal/console/console_change.h"
#include "portal/console/handlers.h"

#define PORTION 200 /* forwards that are ended in one transaction */

/* -- one of them -- */

static json_t *target_json(const struct pl_forward_target *target)
{
	return json_pack("{s:s, s:b, s:b, s:o, s:s}", "address", target->address, "outside_domain",
			 target->is_elsewhere, "outside_server", target->is_outside, "confirmed_at",
			 console_time(target->confirmed_at), "confirmed_by", target->confirmed_by);
}

/* Why mail stays in the mailbox although the member has a forward; NULL for no reason. */
static const char *why_it_rests(const struct request *request, const struct pl_account *account)
{
	const struct pl_verdict verdict =
		pl_forward_verdict(request->policy, account, request->work.now);

	if (verdict.outcome != PL_ALLOW)
		return pl_rule_name(verdict.rule);
	return request->policy->member_forwards ? NULL : "not-set-up";
}

static int may_end(const struct request *request, int64_t member_id, struct pl_error *err)
{
	return request->administrator.role < PL_ADMIN_DOMAIN
		       ? 0
		       : pl_administrator_may_change(request->work.store, &request->administrator,
						     member_id, err);
}

/* NULL on error. */
static json_t *forward_json(const struct request *request, const struct pl_forward *forward,
			    struct pl_error *err)
{
	char member[PL_ADDRESS_MAX + 1], display[PL_ADDRESS_DISPLAY_MAX + 1];
	struct pl_account account;
	const int may = may_end(request, forward->member_id, err);
	json_t *targets;

	if (may < 0 || pl_account_get(request->work.store, &forward->owner, &account, err) < 0)
		return NULL;
	targets = json_array();
	for (size_t i = 0; i < forward->count; i++)
		json_array_append_new(targets, target_json(&forward->target[i]));
	return json_pack("{s:s, s:s, s:b, s:b, s:I, s:s?, s:b, s:o}", "member",
			 pl_address_format(&forward->owner, member), "display",
			 pl_address_display(&forward->owner, display), "enabled",
			 forward->is_enabled, "keep_copy", forward->keep_copy, "changed_at",
			 (json_int_t)forward->changed_at, "rests", why_it_rests(request, &account),
			 "may_end", may, "targets", targets);
}

int get_console_forward(struct request *request, struct response *response, struct pl_error *err)
{
	char state[PL_AUDIT_TEXT];
	struct pl_forward forward;
	json_t *json;
	int ret = pl_forward_get(request->work.store, request->policy, request->target.member.id,
				 &forward, err);

	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	json = forward_json(request, &forward, err);
	pl_forward_describe(&forward, state);
	if (json == NULL || console_etag(response, state, err) < 0) {
		json_decref(json);
		return -1;
	}
	return respond_json(response, 200, json);
}

/* -- a list of them -- */

/* Reads one word of a search, as queries and filters have it: 1, 0 when it is none, -1. */
static int read_word(const struct request *request, struct pl_forward_search *search,
		     const char *name, const char *value, struct pl_error *err)
{
	struct pl_address address = { .local = "" };
	struct pl_account account;

	if (strcmp(name, "q") == 0)
		return pl_address_fold(value, search->text, sizeof(search->text)) == 0;
	if (strcmp(name, "outside") == 0)
		return pl_forward_reach_by_name(value, &search->reach);
	if (strcmp(name, "domain") != 0 || pl_domain_parse(value, address.domain, NULL) < 0)
		return 0;
	if (pl_account_get(request->work.store, &address, &account, err) < 0)
		return -1;
	/* One that there is not has no forwards. */
	search->domain_id = account.domain.id != 0 ? account.domain.id : -1;
	return 1;
}

static struct pl_forward_search begin_search(const struct request *request)
{
	return (struct pl_forward_search){ .scope = pl_administrator_scope(
						   &request->administrator) };
}

/* 1; 0 and the answer; -1. */
static int read_query(const struct request *request, struct response *response,
		      struct pl_forward_search *search_r, struct pl_error *err)
{
	static const char *const names[] = { "domain", "q", "outside" };

	*search_r = begin_search(request);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = request_query(request, names[i]);
		const int ret =
			value == NULL ? 1 : read_word(request, search_r, names[i], value, err);

		if (ret != 1)
			return ret < 0 ? -1 : respond_bad_field(response, names[i]);
	}
	return 1;
}

/* 1; 0 and the answer. text NULL: from the beginning. */
static int read_after(struct response *response, const char *text, struct pl_address *after_r)
{
	memset(after_r, 0, sizeof(*after_r));
	return text == NULL || pl_address_parse(text, strlen(text), NULL, after_r, NULL) == 0
		       ? 1
		       : respond_bad_field(response, "after");
}

/* Forwards that were read, and whether there are others behind them. */
struct page {
	struct pl_forward *forwards;
	size_t count, most;
	int has_more;
};

static int keep(const struct pl_forward *forward, void *context)
{
	struct page *page = context;

	if (page->count == page->most)
		return page->has_more = 1;
	page->forwards[page->count++] = *forward;
	return 0;
}

/* The caller frees page_r->forwards in any case. 0, or -1. */
static int read_page(const struct request *request, const struct pl_forward_search *search,
		     const struct pl_address *after, size_t most, struct page *page_r,
		     struct pl_error *err)
{
	*page_r =
		(struct page){ .forwards = calloc(most, sizeof(struct pl_forward)), .most = most };
	if (page_r->forwards == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return pl_forward_search(request->work.store, request->policy, search, after, (int)most + 1,
				 keep, page_r, err);
}

/* The address of the last owner, where the list goes on; NULL where it does not. */
static const char *next_of(const struct page *page, char address_r[PL_ADDRESS_MAX + 1])
{
	return page->has_more ? pl_address_format(&page->forwards[page->count - 1].owner, address_r)
			      : NULL;
}

static int add_rows(const struct request *request, const struct page *page, json_t *items,
		    struct pl_error *err)
{
	for (size_t i = 0; i < page->count; i++) {
		json_t *row = forward_json(request, &page->forwards[i], err);

		if (row == NULL || json_array_append_new(items, row) < 0)
			return -1;
	}
	return 0;
}

/* In a read transaction. */
static int answer_page(struct request *request, struct response *response,
		       const struct pl_forward_search *search, const struct pl_address *after,
		       struct pl_error *err)
{
	const int64_t total =
		pl_forward_search_count(request->work.store, request->policy, search, err);
	char next[PL_ADDRESS_MAX + 1];
	json_t *items = json_array();
	struct page page = { .count = 0 };
	int ret = -1;

	if (total >= 0 &&
	    read_page(request, search, after, (size_t)console_limit(request), &page, err) == 0 &&
	    add_rows(request, &page, items, err) == 0)
		ret = respond_json(response, 200,
				   json_pack("{s:O, s:I, s:s?}", "items", items, "total",
					     (json_int_t)total, "next", next_of(&page, next)));
	json_decref(items);
	free(page.forwards);
	return ret;
}

int get_console_forwards(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_forward_search search;
	struct pl_address after;
	int ret = read_query(request, response, &search, err);

	if (ret == 1)
		ret = read_after(response, request_query(request, "after"), &after);
	if (ret != 1)
		return ret;
	if (pl_store_begin_read(request->work.store, err) < 0)
		return -1;
	ret = answer_page(request, response, &search, &after, err);
	pl_store_end_read(request->work.store);
	return ret;
}

/* -- ending them -- */

/* Ends a forward, of which the member is told: 1, 0 there is none, -1. */
static int end(struct request *request, const struct pl_account *account)
{
	const struct pl_notice_origin notice = console_notice(request, "");
	const int ret = pl_forward_clear(&request->work, request->policy, account);

	return ret == 1 && pl_notice_add(&request->work, account->member.id, "forward-ended",
					 &notice) < 0
		       ? -1
		       : ret;
}

static int end_of_member(struct request *request, struct response *response, void *context)
{
	const struct pl_account *account = &request->target;
	char state[PL_AUDIT_TEXT];
	struct pl_forward forward;
	int ret = pl_forward_get(request->work.store, request->policy, account->member.id, &forward,
				 request->work.err);

	(void)context;
	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	pl_forward_describe(&forward, state);
	ret = console_if_match(request, response, state, request->work.err);
	if (ret != 1)
		return ret;
	response->status = 204;
	return end(request, account);
}

int delete_console_forward(struct request *request, struct response *response, struct pl_error *err)
{
	(void)err;
	return console_write_with_reason(request, response, end_of_member, NULL);
}

/* What has become of those that were to be ended. */
struct ending {
	int64_t ended, left_out, not_found;
};

static int end_one(struct request *request, const struct pl_account *account, struct ending *ending)
{
	int ret = may_end(request, account->member.id, request->work.err);

	if (ret == 0)
		ending->left_out++;
	if (ret != 1)
		return ret;
	ret = end(request, account);
	ending->ended += ret == 1;
	ending->not_found += ret == 0;
	return ret < 0 ? -1 : 0;
}

/* One whom the administrator does not reach is as one that there is not. */
static int end_named(struct request *request, const char *text, struct ending *ending)
{
	struct pl_error *err = request->work.err;
	struct pl_account account;
	struct pl_address address;
	int ret = 0;

	if (pl_address_parse(text, strlen(text), NULL, &address, NULL) == 0) {
		if (pl_account_get(request->work.store, &address, &account, err) < 0)
			return -1;
		ret = account.member.id == 0 ? 0
					     : pl_administrator_reaches(request->work.store,
									&request->administrator,
									account.domain.id, err);
	}
	ending->not_found += ret == 0;
	return ret == 1 ? end_one(request, &account, ending) : ret;
}

static int answer_ending(struct response *response, const struct ending *ending, const char *next)
{
	respond_json(response, 200,
		     json_pack("{s:I, s:I, s:I, s:s?}", "ended", (json_int_t)ending->ended,
			       "left_out", (json_int_t)ending->left_out, "not_found",
			       (json_int_t)ending->not_found, "next", next));
	return 1;
}

static int end_list(struct request *request, struct response *response, void *context)
{
	const json_t *members = context;
	struct ending ending = { .ended = 0 };

	for (size_t i = 0; i < json_array_size(members); i++) {
		if (end_named(request, json_string_value(json_array_get(members, i)), &ending) < 0)
			return -1;
	}
	return answer_ending(response, &ending, NULL);
}

/* 1; 0 and the answer; -1. */
static int read_filter(const struct request *request, struct response *response,
		       const json_t *filter, struct pl_forward_search *search_r)
{
	const char *name;
	json_t *value;

	*search_r = begin_search(request);
	json_object_foreach((json_t *)filter, name, value)
	{
		const int ret = read_word(request, search_r, name, json_string_value(value),
					  request->work.err);

		if (ret != 1)
			return ret < 0 ? -1 : respond_bad_field(response, "filter");
	}
	return 1;
}

/* Whether as many match as the caller has seen, which is asked before the first portion: 1; 0 and
 * the answer; -1. */
static int check_expected(const struct request *request, struct response *response,
			  const struct pl_forward_search *search)
{
	const json_t *expect = json_object_get(request->json, "expect");
	int64_t matching;

	if (request_text(request, "after") != NULL)
		return 1;
	if (expect == NULL)
		return respond_bad_field(response, "expect");
	matching = pl_forward_search_count(request->work.store, request->policy, search,
					   request->work.err);
	if (matching < 0 || matching == json_integer_value(expect))
		return matching < 0 ? -1 : 1;
	return respond_conflict_with(response, CONFLICT_OTHER_NUMBER,
				     json_pack("{s:I}", "matching", (json_int_t)matching));
}

static int end_portion(struct request *request, struct response *response,
		       const struct pl_forward_search *search, const struct pl_address *after)
{
	struct pl_account account = { .domains_known = 0 };
	struct ending ending = { .ended = 0 };
	char next[PL_ADDRESS_MAX + 1];
	struct page page;
	int ret = read_page(request, search, after, PORTION, &page, request->work.err);

	for (size_t i = 0; ret == 0 && i < page.count; i++) {
		account.member.id = page.forwards[i].member_id;
		account.member.address = page.forwards[i].owner;
		ret = end_one(request, &account, &ending);
	}
	if (ret == 0)
		ret = answer_ending(response, &ending, next_of(&page, next));
	free(page.forwards);
	return ret;
}

static int end_matching(struct request *request, struct response *response, void *context)
{
	struct pl_forward_search search;
	struct pl_address after;
	int ret = read_filter(request, response, context, &search);

	if (ret == 1)
		ret = read_after(response, request_text(request, "after"), &after);
	if (ret == 1)
		ret = check_expected(request, response, &search);
	return ret == 1 ? end_portion(request, response, &search, &after) : ret;
}

int post_console_forwards_end(struct request *request, struct response *response,
			      struct pl_error *err)
{
	json_t *members = json_object_get(request->json, "members");
	json_t *filter = json_object_get(request->json, "filter");

	(void)err;
	if ((members != NULL) == (filter != NULL))
		return respond_bad_field(response, members != NULL ? "filter" : "members");
	if (!console_take_reason(request, response))
		return 0;
	return members != NULL ? console_write(request, response, end_list, members)
			       : console_write(request, response, end_matching, filter);
}
