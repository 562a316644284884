/* console_attachments.c - large attachments of a domain and of a member: how much is stored and was
 * sent, the quota and its change, and who has the most stored. */
#include <stdio.h>

#include "policy/attachment/usage.h"
#include "portal/console/console_answer.h"
#include "portal/console/console_change.h"
#include "portal/console/console_member_answer.h"
#include "portal/console/handlers.h"

#define STATE 64

/* What a route is about: the target's domain, or the member. */
static int is_member(const struct request *request)
{
	return request->route->object == OBJECT_MEMBER;
}

static long quota_of_policy(const struct request *request)
{
	return is_member(request) ? request->policy->attachment_member_quota
				  : request->policy->attachment_domain_quota;
}

/* 1; 0 it is gone; -1. */
static int read_usage(const struct request *request, struct pl_usage *usage_r)
{
	return is_member(request)
		       ? pl_usage_member(&request->work, request->target.member.id, usage_r)
		       : pl_usage_domain(&request->work, request->target.domain.id, usage_r);
}

static int may_change(const struct request *request, struct pl_error *err)
{
	if (!is_member(request))
		return request->administrator.role >= PL_ADMIN_SERVER;
	return request->administrator.role < PL_ADMIN_DOMAIN
		       ? 0
		       : pl_administrator_may_change(request->work.store, &request->administrator,
						     request->target.member.id, err);
}

static json_t *quota_json(const struct request *request, int64_t own)
{
	const int64_t inherited = pl_quota_holds(PL_QUOTA_INHERITED, quota_of_policy(request));
	char value[PL_QUOTA_TEXT], own_text[PL_QUOTA_TEXT], inherited_text[PL_QUOTA_TEXT];
	const char *object = is_member(request) ? "member" : "domain";

	return json_pack("{s:s, s:s, s:s, s:s}", "value",
			 pl_quota_format(own == PL_QUOTA_INHERITED ? inherited : own, value),
			 "source", own == PL_QUOTA_INHERITED ? "policy-file" : object, "own",
			 pl_quota_format(own, own_text), "inherited",
			 pl_quota_format(inherited, inherited_text));
}

/* null for any number. */
static json_t *bytes_of_quota(int64_t own, long policy_megabytes)
{
	const int64_t bytes = pl_quota_holds(own, policy_megabytes);

	return bytes == PL_QUOTA_UNLIMITED ? json_null() : json_integer(bytes);
}

static json_t *usage_json(const struct pl_usage *usage, long policy_megabytes)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:o}", "bytes", (json_int_t)usage->bytes, "links",
			 (json_int_t)usage->links, "downloads", (json_int_t)usage->downloads,
			 "sent_bytes", (json_int_t)usage->sent, "quota_bytes",
			 bytes_of_quota(usage->own_quota, policy_megabytes));
}

static char *state_of(const struct request *request, const struct pl_usage *usage,
		      char state_r[STATE])
{
	const int64_t id =
		is_member(request) ? request->target.member.id : request->target.domain.id;

	snprintf(state_r, STATE, "%lld %lld", (long long)id, (long long)usage->own_quota);
	return state_r;
}

/* 1, or -1. */
static int answer(const struct request *request, struct response *response,
		  const struct pl_usage *usage)
{
	const int may = may_change(request, request->work.err);
	char state[STATE];
	json_t *json;

	if (may < 0)
		return -1;
	json = usage_json(usage, quota_of_policy(request));
	json_object_update_new(json,
			       json_pack("{s:i, s:o, s:b}", "days", PL_USAGE_DAYS, "quota",
					 quota_json(request, usage->own_quota), "may_change", may));
	respond_json(response, 200, json);
	return console_etag(response, state_of(request, usage, state), request->work.err) < 0 ? -1
											      : 1;
}

static int get(struct request *request, struct response *response)
{
	struct pl_usage usage;
	const int ret = read_usage(request, &usage);

	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	return answer(request, response, &usage) < 0 ? -1 : 0;
}

static int set_quota(struct request *request, struct response *response, void *context)
{
	const int64_t bytes = *(const int64_t *)context;
	struct pl_usage usage;
	char state[STATE];
	int ret = read_usage(request, &usage);

	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	ret = console_if_match(request, response, state_of(request, &usage, state),
			       request->work.err);
	if (ret != 1)
		return ret;
	ret = is_member(request)
		      ? pl_quota_set_member(&request->work, &request->target, bytes)
		      : pl_quota_set_domain(&request->work, &request->target.domain, bytes);
	if (ret < 0)
		return -1;
	usage.own_quota = bytes;
	return answer(request, response, &usage);
}

static int patch(struct request *request, struct response *response)
{
	int64_t bytes;

	if (pl_quota_parse(request_text(request, "quota"), &bytes, NULL) < 0)
		return respond_bad_field(response, "quota");
	return is_member(request) ? console_write_member(request, response, set_quota, &bytes)
				  : console_write(request, response, set_quota, &bytes);
}

int get_console_domain_attachments(struct request *request, struct response *response,
				   struct pl_error *err)
{
	(void)err;
	return get(request, response);
}

int patch_console_domain_attachments(struct request *request, struct response *response,
				     struct pl_error *err)
{
	(void)err;
	return patch(request, response);
}

int get_console_member_attachments(struct request *request, struct response *response,
				   struct pl_error *err)
{
	(void)err;
	return get(request, response);
}

int patch_console_member_attachments(struct request *request, struct response *response,
				     struct pl_error *err)
{
	(void)err;
	return patch(request, response);
}

/* -- who has the most stored -- */

struct largest {
	json_t *rows;
	long policy_megabytes;
};

static int add_row(const struct pl_address *member, const struct pl_usage *usage, void *context)
{
	const struct largest *largest = context;
	char address[PL_ADDRESS_MAX + 1], shown[PL_ADDRESS_DISPLAY_MAX + 1];
	json_t *row = usage_json(usage, largest->policy_megabytes);

	json_object_update_new(row,
			       json_pack("{s:s, s:s}", "member", pl_address_format(member, address),
					 "display", pl_address_display(member, shown)));
	return json_array_append_new(largest->rows, row);
}

int get_console_domain_attachment_members(struct request *request, struct response *response,
					  struct pl_error *err)
{
	struct largest largest = { json_array(), request->policy->attachment_member_quota };

	(void)err;
	return console_answer_list(response, largest.rows,
				   pl_usage_largest(&request->work, request->target.domain.id,
						    console_limit(request), add_row, &largest));
}
