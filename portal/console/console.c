/* console.c - who the administrator is. */
#include "portal/console/console_answer.h"
#include "portal/console/handlers.h"

static int add_domain(const char *domain, void *context)
{
	return json_array_append_new(context, json_string(domain));
}

int get_console_me(struct request *request, struct response *response, struct pl_error *err)
{
	const struct pl_administrator *administrator = &request->administrator;
	json_t *domains = json_array();

	if (pl_administrator_domains(request->work.store, administrator->id, add_domain, domains,
				     err) < 0) {
		json_decref(domains);
		return -1;
	}
	return respond_json(response, 200,
			    json_pack("{s:s, s:s, s:b, s:o}", "name", request->address, "role",
				      pl_admin_role_name(administrator->role), "all_domains",
				      pl_administrator_scope(administrator) == 0, "domains",
				      domains));
}
