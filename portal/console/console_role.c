/* console_role.c - see console_role.h. */
#include "portal/console/console_role.h"

#include "portal/console/console_answer.h"

int console_role_read(const struct request *request, struct response *response,
		      struct console_role *role_r)
{
	const json_t *names = json_object_get(request->json, "domains");
	const size_t count = json_array_size(names);

	role_r->role = pl_admin_role_by_name(request_text(request, "role"));
	if (role_r->role == PL_ADMIN_NOBODY)
		return respond_bad_field(response, "role");
	if ((role_r->role == PL_ADMIN_SERVER) != (count == 0))
		return respond_bad_field(response, "domains");
	for (size_t i = 0; i < count; i++)
		role_r->domains[i] = json_string_value(json_array_get(names, i));
	role_r->domains[count] = NULL;
	return 1;
}

static int add_domain(const char *domain, void *context)
{
	return json_array_append_new(context, json_string(domain));
}

int console_role_json(const struct request *request, const struct pl_administrator *administrator,
		      json_t **json_r)
{
	json_t *domains = json_array();

	*json_r = NULL;
	if (pl_administrator_domains(request->work.store, administrator->id, add_domain, domains,
				     request->work.err) < 0) {
		json_decref(domains);
		return -1;
	}
	*json_r =
		json_pack("{s:I, s:s, s:o, s:I, s:s}", "id", (json_int_t)administrator->id, "role",
			  pl_admin_role_name(administrator->role), "domains", domains, "made_at",
			  (json_int_t)administrator->made_at, "made_by", administrator->made_by);
	return 0;
}

int console_role_list_add(struct console_role_list *list, json_t *row)
{
	list->failed = row == NULL;
	return list->failed ? 1 : json_array_append_new(list->rows, row);
}

int console_role_list_answer(struct console_role_list *list, struct response *response,
			     int64_t total, int ret)
{
	if (ret < 0 || list->failed) {
		json_decref(list->rows);
		return -1;
	}
	return respond_json(response, 200,
			    console_page(list->rows, console_limit(list->request), total));
}
