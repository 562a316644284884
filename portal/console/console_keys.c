/* console_keys.c - keys of programs; for server administrators. */
#include <stdio.h>
#include <string.h>

#include "portal/console/conflict.h"
#include "portal/console/console_answer.h"
#include "portal/console/console_change.h"
#include "portal/console/console_role.h"
#include "portal/console/handlers.h"

/* NULL, and the request's error, when its domains cannot be read. */
static json_t *row_of(const struct request *request, const struct pl_api_key *key)
{
	json_t *json;

	if (console_role_json(request, &key->administrator, &json) < 0)
		return NULL;
	json_object_update_new(json, json_pack("{s:s, s:s, s:I, s:I, s:s}", "label", key->label,
					       "networks", key->networks, "expires_at",
					       (json_int_t)key->expires_at, "last_used_at",
					       (json_int_t)key->last_used_at, "last_used_ip",
					       key->last_used_ip));
	return json;
}

static int add_row(const struct pl_api_key *key, void *context)
{
	struct console_role_list *list = context;

	return console_role_list_add(list, row_of(list->request, key));
}

int get_console_keys(struct request *request, struct response *response, struct pl_error *err)
{
	struct console_role_list list = { request, json_array(), 0 };
	const int64_t total = pl_administrator_count(request->work.store, 1, err);
	int ret = total < 0 ? -1 : 0;

	if (ret == 0)
		ret = pl_api_key_list(request->work.store, console_after_id(request),
				      console_limit(request) + 1, add_row, &list, err);
	return console_role_list_answer(&list, response, total, ret);
}

/* All but role and domains: 1, or 0 and the answer. */
static int read_key(const struct request *request, struct response *response,
		    struct pl_api_key *key_r)
{
	const char *networks = request_text(request, "networks");

	memset(key_r, 0, sizeof(*key_r));
	snprintf(key_r->label, sizeof(key_r->label), "%s", request_text(request, "label"));
	snprintf(key_r->networks, sizeof(key_r->networks), "%s", networks != NULL ? networks : "");
	key_r->expires_at = json_integer_value(json_object_get(request->json, "expires_at"));
	if (pl_network_list_check(key_r->networks, NULL) < 0)
		return respond_bad_field(response, "networks");
	if (key_r->expires_at != 0 && key_r->expires_at <= request->work.now)
		return respond_bad_field(response, "expires_at");
	return 1;
}

struct new_key {
	struct console_role role;
	struct pl_api_key key;
};

static int add(struct request *request, struct response *response, void *context)
{
	struct new_key *new = context;
	struct pl_api_key *key = &new->key;
	struct pl_secret secret = { .len = 0 };
	json_t *row;

	key->administrator.role = new->role.role;
	if (pl_api_key_add(&request->work, key, new->role.domains, &secret) < 0)
		return request->work.err->code == PL_ERR_CONFLICT
			       ? respond_bad_field(response, "domains")
			       : -1;
	row = row_of(request, key);
	if (row != NULL)
		json_object_set_new(row, "key", json_string((const char *)secret.data));
	pl_secret_wipe(&secret);
	if (row == NULL)
		return -1;
	respond_json(response, 200, row);
	return 1;
}

int post_console_key(struct request *request, struct response *response, struct pl_error *err)
{
	struct new_key new;
	int ret;

	(void)err;
	/* One that was stolen would live on in those that it has made. */
	if (request->administrator.member_id == 0)
		return respond_error(response, 403, "not-with-a-key");
	ret = read_key(request, response, &new.key);
	if (ret == 1)
		ret = console_role_read(request, response, &new.role);
	return ret == 1 ? console_write(request, response, add, &new) : ret;
}

static int remove_one(struct request *request, struct response *response, void *context)
{
	const int64_t id = console_id(request);
	struct pl_administrator administrator;
	const int ret =
		pl_administrator_get(request->work.store, id, &administrator, request->work.err);

	(void)context;
	if (ret >= 0 && (ret == 0 || administrator.member_id != 0))
		return respond_error(response, 404, "not-found");
	if (ret < 0)
		return -1;
	if (id == request->administrator.id)
		return respond_conflict(response, CONFLICT_OWN_ACCOUNT);
	response->status = 204;
	return pl_administrator_remove(&request->work, id);
}

int delete_console_key(struct request *request, struct response *response, struct pl_error *err)
{
	(void)err;
	return console_write(request, response, remove_one, NULL);
}
