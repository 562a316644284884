/* administrators.c - see administrators.h. */
#include "ctl/administrators.h"

static int add_domain(const char *domain, void *context)
{
	return json_array_append_new(context, json_string(domain));
}

int administrators_add(struct administrators *list, const struct pl_administrator *administrator,
		       json_t *row)
{
	json_t *domains = json_array();

	json_object_update_new(row,
			       json_pack("{s:s, s:o, s:I, s:s}", "role",
					 pl_admin_role_name(administrator->role), "domains",
					 domains, "made_at", (json_int_t)administrator->made_at,
					 "made_by", administrator->made_by));
	json_array_append_new(list->rows, row);
	list->failed = pl_administrator_domains(list->ctl->work.store, administrator->id,
						add_domain, domains, list->err) < 0;
	return list->failed;
}

int administrators_show(struct administrators *list, void (*print)(const json_t *row), int ret)
{
	if (ret == 0 && !list->failed && list->ctl->json)
		return ctl_print_json(list->rows, list->err);
	for (size_t i = 0; ret == 0 && !list->failed && i < json_array_size(list->rows); i++)
		print(json_array_get(list->rows, i));
	json_decref(list->rows);
	return ret < 0 || list->failed ? -1 : CTL_DONE;
}

void administrators_put_domains(const json_t *row)
{
	size_t i;
	json_t *domain;

	json_array_foreach(json_object_get(row, "domains"), i, domain)
	{
		fputs(i == 0 ? ": " : ", ", stdout);
		ctl_put(stdout, json_string_value(domain));
	}
}
