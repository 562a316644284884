/* cmd_member_logins.c - postlatch member logins. */
#include "ctl/command.h"
#include "policy/account/login_record.h"

static int show_json(const struct pl_login_row *row, void *context)
{
	json_array_append_new(context,
			      json_pack("{s:I, s:I, s:I, s:b, s:s, s:s, s:s, s:I, s:s, s:s}",
					"first_at", (json_int_t)row->first_at, "at",
					(json_int_t)row->at, "times", (json_int_t)row->times,
					"refused", row->refused, "service",
					pl_setting_info(row->service)->name, "ip", row->ip,
					"credential", pl_login_credential_name(row->credential),
					"app_password", (json_int_t)row->app_password_id, "label",
					row->label, "rule", row->rule));
	return 0;
}

static int show_text(const struct pl_login_row *row, void *context)
{
	char at[32];

	(void)context;
	printf("%s %-7s %-7s from %-15s ", ctl_time(row->at, at, sizeof(at)),
	       row->refused ? "refused" : "let in", pl_setting_info(row->service)->name,
	       row->ip[0] != '\0' ? row->ip : "-");
	ctl_put(stdout, row->rule);
	if (row->app_password_id != 0) {
		printf(", app password %lld ", (long long)row->app_password_id);
		ctl_put(stdout, row->label);
	}
	if (row->times > 1)
		printf(", %lld times since %s", (long long)row->times,
		       ctl_time(row->first_at, at, sizeof(at)));
	putchar('\n');
	return 0;
}

int cmd_member_logins(struct ctl *ctl, struct pl_error *err)
{
	struct pl_login_filter filter = { PL_LOGIN_NEWEST, .limit = 100 };
	struct pl_account account;
	json_t *json = NULL;

	if (ctl_limit(ctl, &filter.limit, err) < 0 || ctl_member(ctl, &account, err) < 0)
		return -1;
	filter.member_id = account.member.id;
	if (ctl->json)
		json = json_array();
	if (pl_login_record_list(ctl->work.store, &filter, ctl->json ? show_json : show_text, json,
				 err) < 0) {
		json_decref(json);
		return -1;
	}
	return ctl->json ? ctl_print_json(json, err) : CTL_DONE;
}
