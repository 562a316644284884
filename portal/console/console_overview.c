/* console_overview.c - what the counts say: the overview, and counts of logins for programs. */
#include <stdlib.h>
#include <string.h>

#include "policy/admin/adoption.h"
#include "policy/admin/count_report.h"
#include "portal/console/handlers.h"
#include "portal/http/portal.h"

#define DAYS 28
#define GUESSERS 20
#define STEPS_MOST 750 /* hours of a month; more days than are kept by default are 400 */

/* What a request asks about. */
struct asked {
	int64_t scope, domain_id;
	struct pl_member_query members;
	int64_t since, until;
};

/* The domain of the query, if it has one, and its name: 1, 0 answered, -1. */
static int read_domain(const struct request *request, struct response *response,
		       char domain[PL_DOMAIN_MAX + 1], int64_t *domain_id_r, struct pl_error *err)
{
	const char *name = request_query(request, "domain");
	int ret;

	*domain_id_r = 0;
	if (name == NULL)
		return 1;
	if (pl_domain_parse(name, domain, NULL) < 0)
		return respond_error(response, 404, "not-found");
	if (pl_login_count_domain(request->work.store, domain, domain_id_r, err) < 0)
		return -1;
	ret = *domain_id_r == 0
		      ? 0
		      : pl_administrator_reaches(request->work.store, &request->administrator,
						 *domain_id_r, err);
	return ret != 0 ? ret : respond_error(response, 404, "not-found");
}

static int64_t number_of(const struct request *request, const char *name, int64_t otherwise)
{
	const char *text = request_query(request, name);

	return text == NULL ? otherwise : strtoll(text, NULL, 10);
}

static int add_adoption(const struct pl_adoption *adoption, void *context)
{
	return json_array_append_new(context,
				     json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "at",
					       (json_int_t)adoption->day, "members",
					       (json_int_t)adoption->members, "required",
					       (json_int_t)adoption->required, "registered",
					       (json_int_t)adoption->registered, "overdue",
					       (json_int_t)adoption->overdue, "opted_out",
					       (json_int_t)adoption->opted_out, "different",
					       (json_int_t)adoption->different, "account_password",
					       (json_int_t)adoption->account_password));
}

static int add_count(const struct pl_count_row *row, void *context)
{
	return json_array_append_new(context, json_pack("{s:I, s:s, s:I, s:I, s:I}", "at",
							(json_int_t)row->at, "value", row->value,
							"allowed", (json_int_t)row->allowed,
							"refused", (json_int_t)row->refused,
							"pending", (json_int_t)row->pending));
}

/* In the list of the overview that the column has. */
static int add_row(enum pl_count_by by, const struct pl_count_row *row, void *context)
{
	static const char *const lists[PL_COUNT_BY_END] = {
		[PL_COUNT_BY_SERVICE] = "services",
		[PL_COUNT_BY_CHANNEL] = "channels",
		[PL_COUNT_BY_CREDENTIAL] = "credentials",
		[PL_COUNT_BY_RULE] = "refusals",
	};
	json_t *list = json_object_get(context, lists[by]);

	if (by != PL_COUNT_BY_RULE)
		return add_count(row, list);
	return row->refused == 0
		       ? 0
		       : json_array_append_new(list, json_pack("{s:s, s:I}", "rule", row->value,
							       "count", (json_int_t)row->refused));
}

static int add_service(const char *service, int64_t members, void *context)
{
	return json_array_append_new(context, json_pack("{s:s, s:I}", "service", service, "members",
							(json_int_t)members));
}

static int add_origin(const char *origin, int64_t count, void *context)
{
	return json_array_append_new(context, json_pack("{s:s, s:I}", "origin", origin, "count",
							(json_int_t)count));
}

/* The days of the counts, and what was refused in all of them. */
static int add_logins(const struct request *request, const struct asked *asked, json_t *overview,
		      struct pl_error *err)
{
	const struct pl_count_filter filter = { .scope = asked->scope,
						.domain_id = asked->domain_id,
						.since = asked->since,
						.until = asked->until,
						.step = PL_DAY_SECONDS };

	return pl_count_list_all(request->work.store, &filter, add_row, overview, err);
}

static int add_account_password(const struct request *request, const struct asked *asked,
				json_t *list, struct pl_error *err)
{
	struct pl_member_index *index = portal_members(request->portal);
	struct pl_member_search *search;
	int ret;

	if (pl_member_index_update(index, request->work.store, err) < 0 ||
	    pl_member_search_open(request->work.store, request->policy, asked->scope,
				  &asked->members, request->work.now, &search, err) < 0)
		return -1;
	ret = pl_account_password_list(search, index, add_service, list, err);
	pl_member_search_close(&search);
	return ret;
}

static int add_all(const struct request *request, const struct asked *asked, json_t *overview,
		   struct pl_error *err)
{
	struct pl_store *store = request->work.store;

	if (pl_adoption_list(store, asked->scope, asked->domain_id, asked->since, add_adoption,
			     json_object_get(overview, "adoption"), err) < 0 ||
	    add_logins(request, asked, overview, err) < 0 ||
	    add_account_password(request, asked, json_object_get(overview, "account_password"),
				 err) < 0)
		return -1;
	return pl_guesser_list(store, asked->scope, asked->domain_id, asked->since, GUESSERS,
			       add_origin, json_object_get(overview, "guessers"), err);
}

int get_console_overview(struct request *request, struct response *response, struct pl_error *err)
{
	const int64_t days = number_of(request, "days", DAYS), now = request->work.now;
	struct asked asked = { .scope = pl_administrator_scope(&request->administrator),
			       .since = now - now % PL_DAY_SECONDS - (days - 1) * PL_DAY_SECONDS,
			       .until = now + PL_DAY_SECONDS };
	json_t *overview;
	int ret = read_domain(request, response, asked.members.domain, &asked.domain_id, err);

	if (ret != 1)
		return ret;
	overview = json_pack("{s:I, s:I, s:[], s:[], s:[], s:[], s:[], s:[], s:[]}", "days",
			     (json_int_t)days, "since", (json_int_t)asked.since, "adoption",
			     "services", "channels", "credentials", "refusals", "account_password",
			     "guessers");
	if (add_all(request, &asked, overview, err) < 0) {
		json_decref(overview);
		return -1;
	}
	return respond_json(response, 200, overview);
}

/* 0, or the field that is wrong. */
static const char *read_filter(const struct request *request, struct pl_count_filter *filter)
{
	const char *step = request_query(request, "step"), *by = request_query(request, "by");

	if (step != NULL && strcmp(step, "hour") != 0 && strcmp(step, "day") != 0)
		return "step";
	filter->step = step != NULL && strcmp(step, "hour") == 0 ? PL_HOUR_SECONDS : PL_DAY_SECONDS;
	filter->by = by == NULL ? PL_COUNT_BY_NOTHING : pl_count_by_of(by);
	if (filter->by == PL_COUNT_BY_END)
		return "by";
	filter->until = number_of(request, "until", request->work.now + 1);
	if (filter->until > request->work.now + PL_DAY_SECONDS)
		filter->until = request->work.now + PL_DAY_SECONDS;
	filter->since = number_of(request, "since", filter->until - DAYS * filter->step);
	if (filter->since < 0)
		filter->since = 0;
	filter->since -= filter->since % filter->step;
	return filter->since >= filter->until ||
			       (filter->until - filter->since) / filter->step > STEPS_MOST
		       ? "since"
		       : NULL;
}

int get_console_counts(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_count_filter filter = { .scope =
						  pl_administrator_scope(&request->administrator) };
	const char *wrong = read_filter(request, &filter);
	char domain[PL_DOMAIN_MAX + 1];
	json_t *items;
	int ret;

	if (wrong != NULL)
		return respond_bad_field(response, wrong);
	ret = read_domain(request, response, domain, &filter.domain_id, err);
	if (ret != 1)
		return ret;
	items = json_array();
	if (pl_count_list(request->work.store, &filter, add_count, items, err) < 0) {
		json_decref(items);
		return -1;
	}
	return respond_json(response, 200,
			    json_pack("{s:o, s:I, s:n, s:I, s:I, s:I}", "items", items, "total",
				      (json_int_t)json_array_size(items), "next", "since",
				      (json_int_t)filter.since, "until", (json_int_t)filter.until,
				      "step", (json_int_t)filter.step));
}
