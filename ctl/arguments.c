/* arguments.c - reads the words that commands are given; see command.h. */
#include "ctl/command.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int ctl_address(const struct ctl *ctl, const char *text, struct pl_address *address_r,
		struct pl_error *err)
{
	if (pl_address_parse(text, strlen(text), ctl->policy->default_domain, address_r, err) < 0)
		return pl_error_prefix(err, "member \"%.100s\"", text);
	return ctl->work.store != NULL && pl_domain_of_alias(ctl->work.store, address_r, err) < 0
		       ? -1
		       : 0;
}

int ctl_member(const struct ctl *ctl, struct pl_account *account_r, struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_address address;

	if (ctl_address(ctl, ctl->args[0], &address, err) < 0 ||
	    pl_account_get(ctl->work.store, &address, account_r, err) < 0)
		return -1;
	if (account_r->member.id != 0)
		return 0;
	return pl_error_set(err, PL_ERR_CONFLICT,
			    "no such member: %s (members are added by `postlatch member add`, and "
			    "when they sign in for the first time)",
			    pl_address_format(&address, text));
}

int ctl_known_domain(const struct ctl *ctl, const struct pl_address *address, struct pl_error *err)
{
	struct pl_account account;

	if (pl_account_get(ctl->work.store, address, &account, err) < 0)
		return -1;
	if (!pl_account_is_outside(&account, ctl->policy))
		return 0;
	return pl_error_set(err, PL_ERR_CONFLICT,
			    "the domain %s is not known; `postlatch domain add %s` adds it",
			    address->domain, address->domain);
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

void ctl_note_change(const struct ctl *ctl, const struct pl_change *change)
{
	if (change->has_class && change->class_name[0] != '\0' &&
	    pl_policy_class(ctl->policy, change->class_name) == NULL)
		fprintf(stderr,
			"postlatch: note: the policy file has no section class \"%s\", so the "
			"class "
			"has no effect\n",
			change->class_name);
	if ((change->settings & 1u << PL_SETTING_LARGE_ATTACHMENTS) != 0 &&
	    ctl->policy->attachment_url[0] == '\0')
		fprintf(stderr, "postlatch: note: large_attachments does nothing until "
				"attachment_url is set in the policy file\n");
}

int ctl_date(const char *text, int64_t *at_r, struct pl_error *err)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	int day = tm.tm_mday;

	/* mktime turns 02-31 into a day of March: that is a typing mistake. */
	if (end == NULL || *end != '\0' || (*at_r = mktime(&tm)) < 0 || tm.tm_mday != day)
		return pl_error_set(err, PL_ERR_INVALID,
				    "\"%.32s\" is not a date; write it as 2026-01-31", text);
	return 0;
}

int ctl_expiry(const char *text, int64_t now, int64_t *expires_r, struct pl_error *err)
{
	char *end;
	long days = strtol(text, &end, 10);

	if (days > 0 && days <= 36500 && strcmp(end, "d") == 0) {
		*expires_r = now + days * PL_DAY_SECONDS;
		return 0;
	}
	if (ctl_date(text, expires_r, err) < 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "--expires %.32s: write a date, 2027-01-31, or days, 90d",
				    text);
	*expires_r += PL_DAY_SECONDS;
	if (*expires_r <= now)
		return pl_error_set(err, PL_ERR_INVALID, "--expires %.32s: that day has passed",
				    text);
	return 0;
}

int ctl_domains(const struct ctl *ctl, struct ctl_domains *domains_r, struct pl_error *err)
{
	const char *list = ctl->option[CTL_OPTION_DOMAINS];
	char *rest = domains_r->text;
	size_t count = 0;

	if (ctl_copy("--domains", list != NULL ? list : "", domains_r->text,
		     sizeof(domains_r->text), err) < 0)
		return -1;
	while (rest != NULL && *rest != '\0') {
		if (count == CTL_DOMAINS_MOST)
			return pl_error_set(err, PL_ERR_INVALID,
					    "--domains: no more than %d domains", CTL_DOMAINS_MOST);
		domains_r->name[count++] = strsep(&rest, ",");
	}
	domains_r->name[count] = NULL;
	return 0;
}

int ctl_limit(const struct ctl *ctl, int *limit_r, struct pl_error *err)
{
	const char *text = ctl->option[CTL_OPTION_LIMIT];
	char *end;
	long limit;

	if (text == NULL)
		return 0;
	limit = strtol(text, &end, 10);
	if (limit <= 0 || limit > INT_MAX || *end != '\0')
		return pl_error_set(err, PL_ERR_INVALID,
				    "--limit %.32s: it must be a number above 0", text);
	*limit_r = (int)limit;
	return 0;
}

int ctl_channel(const char *text, enum pl_channel *channel_r, struct pl_error *err)
{
	return pl_channel_by_name(text, channel_r)
		       ? 0
		       : pl_error_set(err, PL_ERR_INVALID,
				      "--channel %.32s: it must be client or webmail", text);
}

int ctl_copy(const char *what, const char *text, char *buf, size_t size, struct pl_error *err)
{
	if (strlen(text) >= size)
		return pl_error_set(err, PL_ERR_INVALID, "%s is longer than %zu bytes", what,
				    size - 1);
	snprintf(buf, size, "%s", text);
	return 0;
}

int ctl_finish_write(struct ctl *ctl, int ret, struct pl_error *err)
{
	if (ret >= 0 && ctl->option[CTL_OPTION_DRY_RUN] == NULL &&
	    pl_store_commit(ctl->work.store, err) < 0)
		ret = -1;
	pl_store_rollback(ctl->work.store); /* nothing is open after a commit */
	return ret;
}
