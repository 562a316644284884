/* console_domains_of.c - see console_domains_of.h. */
#include "portal/console/console_domains_of.h"

static int add_domain(const char *domain, void *context)
{
	return json_array_append_new(context, json_string(domain));
}

int console_domains_of(const struct request *request, const struct pl_administrator *administrator,
		       json_t **domains_r)
{
	*domains_r = json_array();
	if (pl_administrator_domains(request->work.store, administrator->id, add_domain, *domains_r,
				     request->work.err) < 0) {
		json_decref(*domains_r);
		return -1;
	}
	return 0;
}

int console_role(const struct request *request, struct response *response,
		 enum pl_admin_role *role_r, const char **domains_r)
{
	const json_t *names = json_object_get(request->json, "domains");
	const size_t count = json_array_size(names);

	*role_r = pl_admin_role_by_name(request_text(request, "role"));
	if (*role_r == PL_ADMIN_NOBODY)
		return respond_bad_field(response, "role");
	if ((*role_r == PL_ADMIN_SERVER) != (count == 0))
		return respond_bad_field(response, "domains");
	for (size_t i = 0; i < count; i++)
		domains_r[i] = json_string_value(json_array_get(names, i));
	domains_r[count] = NULL;
	return 1;
}
