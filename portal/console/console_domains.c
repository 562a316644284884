/* console_domains.c - the administrators' domains: listed, shown, added, removed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portal/console/conflict.h"
#include "portal/console/console_change.h"
#include "portal/console/console_domain_answer.h"
#include "portal/console/handlers.h"

#define PAGE 50

struct rows {
	const struct request *request;
	json_t *items;
	size_t most;
	char last[PL_DOMAIN_MAX + 1]; /* of the items */
	int has_more;
};

static int add_row(const struct pl_domain_summary *summary, void *context)
{
	struct rows *rows = context;

	if (json_array_size(rows->items) == rows->most) {
		rows->has_more = 1;
		return 1;
	}
	memcpy(rows->last, summary->domain.name, sizeof(rows->last));
	return json_array_append_new(rows->items, console_domain_row(rows->request, summary));
}

static const char *query_or(const struct request *request, const char *name, const char *otherwise)
{
	const char *value = request_query(request, name);

	return value != NULL ? value : otherwise;
}

int get_console_domains(struct request *request, struct response *response, struct pl_error *err)
{
	const char *limit = request_query(request, "limit");
	struct rows rows = { .request = request, .most = PAGE };
	struct pl_domain_page page = {
		.scope = pl_administrator_scope(&request->administrator),
		.part = query_or(request, "q", ""),
		.after = query_or(request, "after", ""),
	};
	char whole[PL_DOMAIN_MAX + 1];
	int64_t total;

	if (limit != NULL)
		rows.most = strtoul(limit, NULL, 10);
	page.limit = (int)rows.most + 1;
	/* A name that is typed in its own letters is kept as A-labels. */
	if (pl_domain_parse(page.part, whole, NULL) == 0)
		page.part = whole;
	rows.items = json_array();
	if (pl_domain_page(request->work.store, &page, add_row, &rows, err) < 0 ||
	    pl_domain_page_total(request->work.store, &page, &total, err) < 0) {
		json_decref(rows.items);
		return -1;
	}
	return respond_json(response, 200,
			    json_pack("{s:o, s:I, s:s?}", "items", rows.items, "total",
				      (json_int_t)total, "next", rows.has_more ? rows.last : NULL));
}

int get_console_domain(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_domain_summary summary;
	int ret = console_domain_read(request, response, &summary, err);

	return ret == 1 ? console_domain_answer(request, response, 200, &summary, NULL, err) : ret;
}

/* What can be said of a domain that is to be the target of an alias: 1; 0 and the answer; -1. */
static int check_target(const struct request *request, struct response *response, const char *name,
			struct pl_error *err)
{
	struct pl_domain target;
	int ret = pl_domain_get(request->work.store, name, &target, err);

	if (ret < 0)
		return -1;
	if (ret == 0 || !target.known)
		return respond_conflict(response, CONFLICT_NO_SUCH_DOMAIN);
	return target.alias_id != 0 ? respond_conflict(response, CONFLICT_ALIAS_OF_ALIAS) : 1;
}

struct new_domain {
	char name[PL_DOMAIN_MAX + 1];
	struct pl_change change;
};

static int add(struct request *request, struct response *response, void *context)
{
	const struct new_domain *new = context;
	struct pl_error *err = request->work.err;
	struct pl_domain_summary summary;
	struct pl_domain domain;
	int ret = pl_domain_get(request->work.store, new->name, &domain, err);

	if (ret < 0)
		return -1;
	if (ret == 1 && domain.known)
		return respond_conflict(response, CONFLICT_DOMAIN_EXISTS);
	if (new->change.has_alias_of) {
		ret = check_target(request, response, new->change.alias_of, err);
		if (ret != 1)
			return ret;
	}
	if (pl_domain_add(&request->work, request->policy, new->name, &new->change) < 0)
		return err->code == PL_ERR_CONFLICT
			       ? respond_conflict(response, CONFLICT_ALIAS_REFUSED)
			       : -1;
	if (pl_domain_summary(request->work.store, new->name, &summary, err) != 1)
		return -1;
	return console_domain_answer(request, response, 200, &summary, NULL, err) < 0 ? -1 : 1;
}

int post_console_domain(struct request *request, struct response *response, struct pl_error *err)
{
	const char *alias_of = request_text(request, "alias_of");
	struct new_domain new = { .change.has_alias_of = alias_of != NULL };

	(void)err;
	if (pl_domain_parse(request_text(request, "domain"), new.name, NULL) < 0)
		return respond_bad_field(response, "domain");
	if (alias_of != NULL && pl_domain_parse(alias_of, new.change.alias_of, NULL) < 0)
		return respond_bad_field(response, "alias_of");
	return console_write(request, response, add, &new);
}

static int remove_domain(struct request *request, struct response *response, void *context)
{
	const char *members = query_or(request, "members", "");
	struct pl_domain_summary summary;
	char count[32];
	int64_t removed;
	int ret = console_domain_read(request, response, &summary, request->work.err);

	(void)context;
	if (ret != 1)
		return ret;
	if (request->session.id != 0 &&
	    strcmp(request->session.address.domain, summary.domain.name) == 0)
		return respond_conflict(response, CONFLICT_OWN_ACCOUNT);
	snprintf(count, sizeof(count), "%lld", (long long)summary.domain.members);
	if (strcmp(members, count) != 0)
		return respond_conflict_with(response, CONFLICT_MEMBERS_DIFFER,
					     json_pack("{s:I, s:I}", "members",
						       (json_int_t)summary.domain.members,
						       "aliases",
						       (json_int_t)summary.domain.aliases));
	response->status = 204;
	return pl_domain_remove(&request->work, summary.domain.name, &removed) < 0 ? -1 : 1;
}

int delete_console_domain(struct request *request, struct response *response, struct pl_error *err)
{
	(void)err;
	return console_write(request, response, remove_domain, NULL);
}
