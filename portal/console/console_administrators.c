/* console_administrators.c - who manages what; for server administrators. */
#include <string.h>

#include "portal/console/conflict.h"
#include "portal/console/console_answer.h"
#include "portal/console/console_change.h"
#include "portal/console/console_role.h"
#include "portal/console/handlers.h"

/* NULL, and the request's error, when its domains cannot be read. */
static json_t *row_of(const struct request *request, const struct pl_administrator *row)
{
	char address[PL_ADDRESS_MAX + 1];
	json_t *json;

	if (console_role_json(request, row, &json) < 0)
		return NULL;
	json_object_update_new(json, json_pack("{s:s, s:b}", "member",
					       pl_address_format(&row->address, address),
					       "factor_registered", row->factor_registered));
	return json;
}

static int add_row(const struct pl_administrator *row, void *context)
{
	struct console_role_list *list = context;

	return console_role_list_add(list, row_of(list->request, row));
}

int get_console_administrators(struct request *request, struct response *response,
			       struct pl_error *err)
{
	struct console_role_list list = { request, json_array(), 0 };
	const int64_t total = pl_administrator_count(request->work.store, 0, err);
	int ret = total < 0 ? -1 : 0;

	if (ret == 0)
		ret = pl_administrator_page(request->work.store, console_after_id(request),
					    console_limit(request) + 1, add_row, &list, err);
	return console_role_list_answer(&list, response, total, ret);
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

static int set_administrator(struct request *request, struct response *response, void *context)
{
	const struct console_role *given = context;
	struct pl_error *err = request->work.err;
	struct pl_administrator administrator;
	struct pl_account account;
	json_t *row;
	int ret = find_member(request, response, &account, err);

	if (ret != 1)
		return ret;
	if (console_is_self(request, account.member.id))
		return respond_conflict(response, CONFLICT_OWN_ACCOUNT);
	ret = pl_administrator_set(&request->work, &account, given->role, given->domains);
	if (ret < 0 && err->code == PL_ERR_CONFLICT)
		return respond_bad_field(response, "domains");
	if (ret < 0 || pl_administrator_of_member(request->work.store, account.member.id,
						  &administrator, err) < 0)
		return -1;
	row = row_of(request, &administrator);
	if (row == NULL)
		return -1;
	respond_json(response, 200, row);
	return 1;
}

int post_console_administrator(struct request *request, struct response *response,
			       struct pl_error *err)
{
	struct console_role role;
	const int ret = console_role_read(request, response, &role);

	(void)err;
	return ret == 1 ? console_write(request, response, set_administrator, &role) : ret;
}

static int remove_one(struct request *request, struct response *response, void *context)
{
	const int64_t id = console_id(request);
	struct pl_error *err = request->work.err;
	struct pl_administrator administrator;
	int ret = pl_administrator_get(request->work.store, id, &administrator, err);

	(void)context;
	if (ret >= 0 && (ret == 0 || administrator.member_id == 0))
		return respond_error(response, 404, "not-found");
	if (ret < 0)
		return -1;
	if (console_is_self(request, administrator.member_id))
		return respond_conflict(response, CONFLICT_OWN_ACCOUNT);
	response->status = 204;
	return pl_administrator_remove(&request->work, id);
}

int delete_console_administrator(struct request *request, struct response *response,
				 struct pl_error *err)
{
	(void)err;
	return console_write(request, response, remove_one, NULL);
}
