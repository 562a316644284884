/* cmd_report.c - postlatch report: what administrators look up before they change something. */
#include <stdlib.h>
#include <string.h>

#include "ctl/targets.h"
#include "policy/account/last_use.h"

#define DAYS_MOST 36500

static int read_days(const struct ctl *ctl, long *days_r, struct pl_error *err)
{
	const char *text = ctl->option[CTL_OPTION_DAYS];
	char *end;

	*days_r = 30;
	if (text == NULL)
		return 0;
	*days_r = strtol(text, &end, 10);
	if (*days_r < 1 || *days_r > DAYS_MOST || *end != '\0')
		return pl_error_set(err, PL_ERR_INVALID,
				    "--days %.32s: it must be a number from 1 to %d", text,
				    DAYS_MOST);
	return 0;
}

static int show_json(const struct pl_address *member, const struct pl_last_use *use, void *context)
{
	char text[PL_ADDRESS_MAX + 1];

	json_array_append_new(context, json_pack("{s:s, s:s, s:I, s:s}", "member",
						 pl_address_format(member, text), "service",
						 pl_setting_info(use->service)->name, "at",
						 (json_int_t)use->at, "ip", use->ip));
	return 0;
}

/* An address may begin with '=', which a spreadsheet takes for a formula; as in `member export`. */
static int show_csv(const struct pl_address *member, const struct pl_last_use *use, void *context)
{
	char text[PL_ADDRESS_MAX + 1], at[32];

	(void)context;
	printf("\"%s\",%s,%s,%s\n", pl_address_format(member, text),
	       pl_setting_info(use->service)->name, ctl_time(use->at, at, sizeof(at)), use->ip);
	return 0;
}

static int show_text(const struct pl_address *member, const struct pl_last_use *use, void *context)
{
	char text[PL_ADDRESS_DISPLAY_MAX + 1], at[32];

	(void)context;
	printf("%-40s %-7s %s from %s\n", pl_address_display(member, text),
	       pl_setting_info(use->service)->name, ctl_time(use->at, at, sizeof(at)),
	       use->ip[0] != '\0' ? use->ip : "-");
	return 0;
}

int cmd_report_account_password(struct ctl *ctl, struct pl_error *err)
{
	struct pl_member_filter filter;
	char domain[PL_DOMAIN_MAX + 1] = "";
	json_t *json = NULL;
	int64_t since;
	long days;
	int ret;

	if (read_days(ctl, &days, err) < 0 || targets_filter(ctl, &filter, domain, err) < 0)
		return -1;
	since = ctl->work.now - days * PL_DAY_SECONDS;
	if (ctl->json)
		json = json_array();
	else if (ctl->option[CTL_OPTION_CSV] != NULL)
		puts("member,service,last_used,ip");
	ret = pl_last_use_of_account_passwords(ctl->work.store, since, domain,
					       ctl->json                             ? show_json
					       : ctl->option[CTL_OPTION_CSV] != NULL ? show_csv
										     : show_text,
					       json, err);
	if (ret < 0) {
		json_decref(json);
		return -1;
	}
	return ctl->json ? ctl_print_json(json, err) : CTL_DONE;
}
