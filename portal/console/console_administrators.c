/* console_administrators.c - who manages what; for server administrators. */
#include <string.h>

#include "portal/console/console_answer.h"
#include "portal/console/console_domains_of.h"
#include "portal/console/handlers.h"

static json_t *row_of(const struct pl_administrator *row, json_t *domains)
{
	char address[PL_ADDRESS_MAX + 1];

	return json_pack("{s:I, s:s, s:s, s:o, s:b, s:I, s:s}", "id", (json_int_t)row->id, "member",
			 pl_address_format(&row->address, address), "role",
			 pl_admin_role_name(row->role), "domains", domains, "factor_registered",
			 row->factor_registered, "made_at", (json_int_t)row->made_at, "made_by",
			 row->made_by);
}

struct list {
	const struct request *request;
	json_t *rows;
	int failed;
};

static int add_row(const struct pl_administrator *row, void *context)
{
	struct list *list = context;
	json_t *domains;

	if (console_domains_of(list->request, row, &domains) < 0)
		return list->failed = 1;
	return json_array_append_new(list->rows, row_of(row, domains));
}

int get_console_administrators(struct request *request, struct response *response,
			       struct pl_error *err)
{
	const int limit = console_limit(request);
	struct list list = { request, json_array(), 0 };
	int64_t total = pl_administrator_count(request->work.store, 0, err);

	if (total < 0 ||
	    pl_administrator_page(request->work.store, console_after_id(request), limit + 1,
				  add_row, &list, err) < 0 ||
	    list.failed) {
		json_decref(list.rows);
		return -1;
	}
	return respond_json(response, 200, console_page(list.rows, limit, total));
}

/* Whether the administrator of the request is that one. */
static int is_own(const struct request *request, int64_t member_id)
{
	return request->administrator.member_id != 0 &&
	       request->administrator.member_id == member_id;
}

/* Nobody takes rights from himself, and somebody must be left who gives them: 1, 0 answered, -1. */
static int check_loss(const struct request *request, struct response *response,
		      const struct pl_administrator *administrator, enum pl_admin_role role,
		      struct pl_error *err)
{
	int last;

	if (is_own(request, administrator->member_id))
		return respond_error(response, 409, "own-account");
	if (role == PL_ADMIN_SERVER)
		return 1;
	last = pl_administrator_is_last_server(request->work.store, administrator, err);
	if (last == 1)
		return respond_error(response, 409, "last-server-administrator");
	return last < 0 ? -1 : 1;
}

/* The account that the body names, of a member that the database has: 1, 0 answered, -1. */
static int find_member(const struct request *request, struct response *response,
		       struct pl_account *account_r, struct pl_error *err)
{
	const char *text = request_text(request, "member");
	struct pl_address address;

	if (pl_address_parse(text, strlen(text), NULL, &address, NULL) < 0)
		return respond_bad_field(response, "member");
	if (pl_account_get(request->work.store, &address, account_r, err) < 0)
		return -1;
	return account_r->member.id != 0 ? 1 : respond_bad_field(response, "member");
}

/* In a write transaction: 1, 0 answered, -1. */
static int set(struct request *request, struct response *response, enum pl_admin_role role,
	       const char *const *domains, struct pl_error *err)
{
	struct pl_administrator administrator;
	struct pl_account account;
	json_t *names;
	int ret = find_member(request, response, &account, err);

	if (ret != 1)
		return ret;
	if (pl_administrator_of_member(request->work.store, account.member.id, &administrator,
				       err) < 0)
		return -1;
	administrator.member_id = account.member.id;
	ret = check_loss(request, response, &administrator, role, err);
	if (ret != 1)
		return ret;
	ret = pl_administrator_set(&request->work, &account, role, domains);
	if (ret < 0 && err->code == PL_ERR_CONFLICT)
		return respond_bad_field(response, "domains");
	if (ret < 0 ||
	    pl_administrator_of_member(request->work.store, account.member.id, &administrator,
				       err) < 0 ||
	    console_domains_of(request, &administrator, &names) < 0)
		return -1;
	respond_json(response, 200, row_of(&administrator, names));
	return 1;
}

int post_console_administrator(struct request *request, struct response *response,
			       struct pl_error *err)
{
	const char *domains[CONSOLE_DOMAINS_MOST + 1];
	enum pl_admin_role role;
	int ret = console_role(request, response, &role, domains);

	if (ret == 1 && pl_store_begin_write(request->work.store, err) < 0)
		return -1;
	if (ret == 1)
		ret = set(request, response, role, domains, err);
	if (ret == 1)
		ret = pl_store_commit(request->work.store, err);
	return ret < 0 ? -1 : 0;
}

/* In a write transaction: 1, 0 answered, -1. */
static int remove_it(struct request *request, struct response *response, int64_t id,
		     struct pl_error *err)
{
	struct pl_administrator administrator;
	int ret = pl_administrator_get(request->work.store, id, &administrator, err);

	if (ret >= 0 && (ret == 0 || administrator.member_id == 0))
		return respond_error(response, 404, "not-found");
	if (ret == 1)
		ret = check_loss(request, response, &administrator, PL_ADMIN_NOBODY, err);
	if (ret == 1)
		ret = pl_administrator_remove(&request->work, id);
	return ret;
}

int delete_console_administrator(struct request *request, struct response *response,
				 struct pl_error *err)
{
	int ret = pl_store_begin_write(request->work.store, err);

	if (ret == 0)
		ret = remove_it(request, response, console_id(request), err);
	if (ret == 1) {
		response->status = 204;
		ret = pl_store_commit(request->work.store, err);
	}
	return ret < 0 ? -1 : 0;
}
