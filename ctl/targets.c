/* targets.c - see targets.h. */
#include "ctl/targets.h"

#include <stdlib.h>
#include <string.h>

int targets_add(struct targets *targets, const struct pl_address *address)
{
	if (targets->count == targets->room) {
		size_t room = targets->room == 0 ? 64 : targets->room * 2;
		struct pl_address *grown = realloc(targets->addresses, room * sizeof(*grown));

		if (grown == NULL)
			return -1;
		targets->addresses = grown;
		targets->room = room;
	}
	targets->addresses[targets->count++] = *address;
	return 0;
}

void targets_free(struct targets *targets)
{
	free(targets->addresses);
	memset(targets, 0, sizeof(*targets));
}

static int no_memory(struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_RETRY, "out of memory");
}

static int add_member(const struct pl_member *member, void *context)
{
	/* Out of memory shows in the count that stays behind; see the caller. */
	return targets_add(context, &member->address) < 0;
}

/* No members and a mistyped domain must not look the same. */
static int check_domain(const struct ctl *ctl, const char *name, struct pl_error *err)
{
	struct pl_domain domain;
	int ret = pl_domain_get(ctl->work.store, name, &domain, err);

	if (ret == 0)
		return pl_error_set(err, PL_ERR_CONFLICT,
				    "no such domain: %s; `postlatch domain list` shows the domains",
				    name);
	return ret < 0 ? -1 : 0;
}

int targets_filter(const struct ctl *ctl, struct pl_member_filter *filter_r,
		   char domain_r[PL_DOMAIN_MAX + 1], struct pl_error *err)
{
	const char *domain = ctl->option[CTL_OPTION_DOMAIN];

	memset(filter_r, 0, sizeof(*filter_r));
	filter_r->class_name = ctl->option[CTL_OPTION_CLASS];
	if (domain == NULL)
		return 0;
	if (pl_domain_parse(domain, domain_r, err) < 0)
		return pl_error_prefix(err, "--domain %.100s", domain);
	filter_r->domain = domain_r;
	return check_domain(ctl, domain_r, err);
}

/* The address on a line; 0 when the line has none, -1 when it is no address. */
static int line_address(const struct ctl *ctl, char *line, int number, struct pl_address *address_r,
			struct pl_error *err)
{
	size_t start = strspn(line, " \t");

	line[strcspn(line, "#\r\n")] = '\0';
	line += start;
	line[strcspn(line, " \t")] = '\0';
	if (*line == '\0')
		return 0;
	if (ctl_address(ctl, line, address_r, err) < 0)
		return pl_error_prefix(err, "standard input, line %d", number);
	return 1;
}

int targets_from_stdin(const struct ctl *ctl, struct targets *targets, struct pl_error *err)
{
	char *line = NULL;
	size_t size = 0;
	int ret = 0;

	if (ctl->option[CTL_OPTION_STDIN] == NULL)
		return 0;
	for (int number = 1; ret >= 0 && getline(&line, &size, stdin) > 0; number++) {
		struct pl_address address;

		ret = line_address(ctl, line, number, &address, err);
		if (ret == 1 && targets_add(targets, &address) < 0)
			ret = no_memory(err);
	}
	free(line);
	if (ret < 0)
		return -1;
	return ferror(stdin) ? pl_error_set(err, PL_ERR_RETRY, "standard input cannot be read") : 0;
}

int targets_from_options(struct ctl *ctl, struct targets *targets, struct pl_error *err)
{
	struct pl_member_filter filter;
	char domain[PL_DOMAIN_MAX + 1];

	if (ctl->option[CTL_OPTION_DOMAIN] == NULL && ctl->option[CTL_OPTION_CLASS] == NULL)
		return 0;
	return targets_filter(ctl, &filter, domain, err) < 0
		       ? -1
		       : pl_member_list(ctl->work.store, &filter, add_member, targets, err);
}
