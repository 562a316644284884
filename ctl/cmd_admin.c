/* cmd_admin.c - postlatch admin ... */
#include "ctl/administrators.h"

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
	if (account.member.factor_kinds == 0)
		fprintf(stderr,
			"postlatch: %s has no second factor yet, and the console needs one: sign "
			"in at the portal and register it first\n",
			ctl->args[0]);
	return CTL_DONE;
}

static int add_row(const struct pl_administrator *row, void *context)
{
	char address[PL_ADDRESS_MAX + 1];

	/* Keys are those of `api-key list`. */
	if (row->member_id == 0)
		return 0;
	return administrators_add(context, row,
				  json_pack("{s:s}", "member",
					    pl_address_format(&row->address, address)));
}

static void print_row(const json_t *row)
{
	printf("%-9s ", json_string_value(json_object_get(row, "role")));
	ctl_put(stdout, json_string_value(json_object_get(row, "member")));
	administrators_put_domains(row);
	putchar('\n');
}

int cmd_admin_list(struct ctl *ctl, struct pl_error *err)
{
	struct administrators list = { ctl, json_array(), err, 0 };
	const int ret = pl_administrator_list(ctl->work.store, add_row, &list, err);

	return administrators_show(&list, print_row, ret);
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
		ret = pl_error_set(err, PL_ERR_CONFLICT,
				   "%s is not an administrator; `postlatch admin list` "
				   "shows them",
				   ctl->args[0]);
	if (ret == 1)
		ret = pl_administrator_remove(&ctl->work, administrator.id);
	return ctl_finish_write(ctl, ret, err) < 0 ? -1 : CTL_DONE;
}
