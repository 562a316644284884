/* cmd_member_csv.c - postlatch member import, export. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/targets.h"
#include "policy/admin/member_csv.h"

/* Makes the domain of a row known; rows of a domain mostly follow each other. */
static int import_domain(struct ctl *ctl, const struct pl_member_csv *csv, size_t row)
{
	const char *domain = csv->rows[row].address.domain;

	if ((row > 0 && strcmp(domain, csv->rows[row - 1].address.domain) == 0) ||
	    pl_policy_domain(ctl->policy, domain) != NULL)
		return 0;
	return pl_domain_import(&ctl->work, domain);
}

/* Returns how many members changed, or -1. */
static int import_rows(struct ctl *ctl, const struct pl_member_csv *csv, int *domains_r,
		       struct pl_error *err)
{
	int changed = 0;

	*domains_r = 0;

	for (size_t i = 0; i < csv->count; i++) {
		const struct pl_member_csv_row *row = &csv->rows[i];
		int added = import_domain(ctl, csv, i);
		struct pl_account account;
		int ret;

		pl_account_unknown(&row->address, &account);
		ret = added < 0 ? -1
				: pl_member_set_or_add(&ctl->work, ctl->policy, &account,
						       &row->change, NULL, NULL);
		*domains_r += added;
		if (ret < 0)
			return pl_error_prefix(err, "line %d", row->line);
		changed += ret > 0;
		if ((i + 1) % 1000 == 0 || i + 1 == csv->count)
			ctl_progress("members", (int64_t)i + 1, (int64_t)csv->count);
	}
	return changed;
}

int cmd_member_import(struct ctl *ctl, struct pl_error *err)
{
	const char *path = ctl->args[0];
	int dry = ctl->option[CTL_OPTION_DRY_RUN] != NULL;
	const struct pl_member_csv_options options = { .default_domain =
							       ctl->policy->default_domain,
						       .kind = PL_MEMBER_CSV_PLAIN };
	struct pl_member_csv csv = { 0 };
	char *text = NULL;
	size_t len = 0;
	int changed = -1, domains, ret = -1;

	if (ctl_read_input(path, PL_MEMBER_CSV_MAX, &text, &len, err) < 0)
		goto out;
	if (pl_member_csv_parse(text, len, &options, &csv, err) < 0) {
		ctl_print_faults(ctl_input_name(path), csv.faults);
		pl_error_prefix(err, "%s", ctl_input_name(path));
		goto out;
	}
	if (pl_store_begin_write(ctl->work.store, err) < 0)
		goto out;
	changed = ctl_finish_write(ctl, import_rows(ctl, &csv, &domains, err), err);
	if (changed < 0)
		goto out;
	ret = CTL_DONE;
	if (ctl->json)
		ret = ctl_print_json(json_pack("{s:b, s:I, s:i}", "dry_run", dry, "members",
					       (json_int_t)csv.count, "changed", changed),
				     err);
	else
		printf("%s %d of %zu members\n", dry ? "would change" : "changed", changed,
		       csv.count);
	if (!ctl->json && domains > 0)
		printf("%s %d domain%s\n", dry ? "would add" : "added", domains,
		       domains == 1 ? "" : "s");
out:
	pl_member_csv_free(&csv);
	free(text);
	return ret;
}

static int write_row(const struct pl_member *member, void *context)
{
	pl_member_csv_write(context, member);
	return ferror((FILE *)context);
}

int cmd_member_export(struct ctl *ctl, struct pl_error *err)
{
	const char *path = ctl->arg_count > 0 ? ctl->args[0] : "-";
	struct pl_member_filter filter;
	char domain[PL_DOMAIN_MAX + 1];
	FILE *out;
	int ret;

	if (targets_filter(ctl, &filter, domain, err) < 0)
		return -1;
	out = strcmp(path, "-") == 0 ? stdout : fopen(path, "wx");
	if (out == NULL)
		return pl_error_set(err, PL_ERR_INVALID, "%s: %s", path,
				    errno == EEXIST ? "it already exists and is not overwritten"
						    : strerror(errno));
	pl_member_csv_write_header(out);
	ret = pl_member_list(ctl->work.store, &filter, write_row, out, err);
	if ((fflush(out) != 0 || ferror(out)) && ret == 0)
		ret = pl_error_set(err, PL_ERR_RETRY, "the members could not be written: %s",
				   strerror(errno));
	if (out != stdout)
		fclose(out);
	return ret;
}
