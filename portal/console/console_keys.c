/* console_keys.c - keys of programs; for server administrators. */
#include <stdio.h>
#include <string.h>

#include "portal/console/console_answer.h"
#include "portal/console/console_domains_of.h"
#include "portal/console/handlers.h"

static json_t *row_of(const struct pl_api_key *key, json_t *domains)
{
	const struct pl_administrator *row = &key->administrator;

	return json_pack("{s:I, s:s, s:s, s:o, s:s, s:I, s:I, s:s, s:I, s:s}", "id",
			 (json_int_t)row->id, "label", key->label, "role",
			 pl_admin_role_name(row->role), "domains", domains, "networks",
			 key->networks, "expires_at", (json_int_t)key->expires_at, "made_at",
			 (json_int_t)row->made_at, "made_by", row->made_by, "last_used_at",
			 (json_int_t)key->last_used_at, "last_used_ip", key->last_used_ip);
}

struct list {
	const struct request *request;
	json_t *rows;
	int failed;
};

static int add_row(const struct pl_api_key *key, void *context)
{
	struct list *list = context;
	json_t *domains;

	if (console_domains_of(list->request, &key->administrator, &domains) < 0)
		return list->failed = 1;
	return json_array_append_new(list->rows, row_of(key, domains));
}

int get_console_keys(struct request *request, struct response *response, struct pl_error *err)
{
	const int limit = console_limit(request);
	struct list list = { request, json_array(), 0 };
	int64_t total = pl_administrator_count(request->work.store, 1, err);

	if (total < 0 ||
	    pl_api_key_list(request->work.store, console_after_id(request), limit + 1, add_row,
			    &list, err) < 0 ||
	    list.failed) {
		json_decref(list.rows);
		return -1;
	}
	return respond_json(response, 200, console_page(list.rows, limit, total));
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

/* In a write transaction: 1, 0 answered, -1. */
static int add(struct request *request, struct response *response, struct pl_api_key *key,
	       const char *const *domains, struct pl_error *err)
{
	struct pl_secret secret = { .len = 0 };
	json_t *names, *row;
	int ret = pl_api_key_add(&request->work, key, domains, &secret);

	if (ret < 0)
		return err->code == PL_ERR_CONFLICT ? respond_bad_field(response, "domains") : -1;
	if (console_domains_of(request, &key->administrator, &names) < 0) {
		pl_secret_wipe(&secret);
		return -1;
	}
	row = row_of(key, names);
	json_object_set_new(row, "key", json_string((const char *)secret.data));
	pl_secret_wipe(&secret);
	respond_json(response, 200, row);
	return 1;
}

int post_console_key(struct request *request, struct response *response, struct pl_error *err)
{
	const char *domains[CONSOLE_DOMAINS_MOST + 1];
	struct pl_api_key key;
	int ret;

	/* One that was stolen would live on in those that it has made. */
	if (request->administrator.member_id == 0)
		return respond_error(response, 403, "not-with-a-key");
	ret = read_key(request, response, &key);
	if (ret == 1)
		ret = console_role(request, response, &key.administrator.role, domains);
	if (ret == 1 && pl_store_begin_write(request->work.store, err) < 0)
		return -1;
	if (ret == 1)
		ret = add(request, response, &key, domains, err);
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

	if (ret >= 0 && (ret == 0 || administrator.member_id != 0))
		return respond_error(response, 404, "not-found");
	if (ret == 1 && id == request->administrator.id)
		return respond_error(response, 409, "own-account");
	return ret < 0 ? -1 : pl_administrator_remove(&request->work, id);
}

int delete_console_key(struct request *request, struct response *response, struct pl_error *err)
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
