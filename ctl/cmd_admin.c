/* cmd_admin.c - postlatch admin ... */
#include "ctl/command.h"

int cmd_admin_add(struct ctl *ctl, struct pl_error *err)
{
	const char *role = ctl->option[CTL_OPTION_ROLE];
	struct ctl_domains domains;
	struct pl_account account;
	int ret;

	if (ctl_domains(ctl, &domains, err) < 0 || pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	ret = ctl_member(ctl, &account, err);
	if (ret == 0)
		ret = pl_administrator_set(&ctl->work, &account, pl_admin_role_by_name(role),
					   domains.name);
	if (ctl_finish_write(ctl, ret, err) < 0)
		return -1;
	if (!account.member.factor_registered)
		fprintf(stderr,
			"postlatch: %s has no second factor yet: the console wants one, so "
			"sign in at the portal and register it first\n",
			ctl->args[0]);
	return CTL_DONE;
}

static int add_domain(const char *domain, void *context)
{
	return json_array_append_new(context, json_string(domain));
}

int ctl_domains_json(const struct ctl *ctl, const struct pl_administrator *administrator,
		     json_t *domains, struct pl_error *err)
{
	return pl_administrator_domains(ctl->work.store, administrator->id, add_domain, domains,
					err);
}

void ctl_put_domains(const json_t *domains)
{
	size_t i;
	json_t *domain;

	json_array_foreach(domains, i, domain)
	{
		fputs(i == 0 ? ": " : ", ", stdout);
		ctl_put(stdout, json_string_value(domain));
	}
}

struct list {
	struct ctl *ctl;
	json_t *rows;
	struct pl_error *err;
	int failed;
};

static int add_row(const struct pl_administrator *row, void *context)
{
	struct list *list = context;
	char address[PL_ADDRESS_MAX + 1];
	json_t *domains;

	/* Keys are those of `api-key list`. */
	if (row->member_id == 0)
		return 0;
	domains = json_array();
	json_array_append_new(list->rows,
			      json_pack("{s:s, s:s, s:o, s:I, s:s}", "member",
					pl_address_format(&row->address, address), "role",
					pl_admin_role_name(row->role), "domains", domains,
					"made_at", (json_int_t)row->made_at, "made_by",
					row->made_by));
	list->failed = ctl_domains_json(list->ctl, row, domains, list->err) < 0;
	return list->failed;
}

static void print_row(const json_t *row)
{
	printf("%-9s ", json_string_value(json_object_get(row, "role")));
	ctl_put(stdout, json_string_value(json_object_get(row, "member")));
	ctl_put_domains(json_object_get(row, "domains"));
	putchar('\n');
}

int cmd_admin_list(struct ctl *ctl, struct pl_error *err)
{
	struct list list = { ctl, json_array(), err, 0 };

	if (pl_administrator_list(ctl->work.store, add_row, &list, err) < 0 || list.failed) {
		json_decref(list.rows);
		return -1;
	}
	if (ctl->json)
		return ctl_print_json(list.rows, err);
	for (size_t i = 0; i < json_array_size(list.rows); i++)
		print_row(json_array_get(list.rows, i));
	json_decref(list.rows);
	return CTL_DONE;
}

int cmd_admin_remove(struct ctl *ctl, struct pl_error *err)
{
	struct pl_administrator administrator;
	struct pl_account account;
	int ret;

	if (pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	ret = ctl_member(ctl, &account, err);
	if (ret == 0)
		ret = pl_administrator_of_member(ctl->work.store, account.member.id, &administrator,
						 err);
	if (ret == 0)
		ret = pl_error_set(err, PL_ERR_CONFLICT, "%s is no administrator", ctl->args[0]);
	if (ret == 1)
		ret = pl_administrator_remove(&ctl->work, administrator.id);
	return ctl_finish_write(ctl, ret, err) < 0 ? -1 : CTL_DONE;
}
