#include "command.h"

#include <string.h>
#include <time.h>

int ctl_address(const struct ctl *ctl, const char *text, struct pl_address *address_r,
		struct pl_error *err)
{
	if (pl_address_parse(text, strlen(text), ctl->policy->default_domain, address_r, err) < 0)
		return pl_error_prefix(err, "member \"%.100s\"", text);
	return 0;
}

int ctl_change(const struct ctl *ctl, int first, enum pl_layer_bit where,
	       struct pl_change *change_r, struct pl_error *err)
{
	memset(change_r, 0, sizeof(*change_r));
	for (int i = first; i < ctl->arg_count; i++) {
		if (pl_change_parse(ctl->args[i], where, change_r, err) < 0)
			return -1;
	}
	return 0;
}

int ctl_date(const char *text, int64_t *at_r, struct pl_error *err)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	int day = tm.tm_mday;

	/* mktime turns 02-31 into a day of March: that is a typing mistake. */
	if (end == NULL || *end != '\0' || (*at_r = mktime(&tm)) < 0 || tm.tm_mday != day)
		return pl_error_set(err, PL_ERR_INVALID, "\"%.32s\" is no date; write it as 2026-01-31",
				    text);
	return 0;
}

int ctl_finish_write(struct ctl *ctl, int ret, struct pl_error *err)
{
	if (ret >= 0 && ctl->option[CTL_OPTION_DRY_RUN] == NULL && pl_store_commit(ctl->store, err) < 0)
		ret = -1;
	pl_store_rollback(ctl->store); /* nothing is open after a commit */
	return ret;
}
