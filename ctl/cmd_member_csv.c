/* cmd_member_csv.c - postlatch member import, export. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/targets.h"
#include "policy/account/member_bulk.h"
#include "policy/admin/member_csv.h"

struct importing {
	struct ctl *ctl;
	size_t count, done;
	int changed, domains;
};

static const struct pl_member_csv_row *row_of(const struct pl_new_member *member)
{
	return member->item;
}

static int fail(const struct importing *importing, const struct pl_new_member *member)
{
	return pl_error_prefix(importing->ctl->work.err, "line %d", row_of(member)->line);
}

/* Makes the domain known. */
static int begin_domain(const struct pl_new_member *first, void *context)
{
	struct importing *importing = context;
	struct ctl *ctl = importing->ctl;
	const char *domain = first->address->domain;
	int added;

	if (pl_policy_domain(ctl->policy, domain) != NULL)
		return 0;
	added = pl_domain_import(&ctl->work, domain);
	if (added < 0)
		return fail(importing, first);
	importing->domains += added;
	return 0;
}

static void is_done(struct importing *importing, int changed)
{
	importing->changed += changed;
	importing->done++;
	if (importing->done % 1000 == 0 || importing->done == importing->count)
		ctl_progress("members", (int64_t)importing->done, (int64_t)importing->count);
}

static void added(const struct pl_new_member *member, void *context)
{
	(void)member;
	is_done(context, 1);
}

static int write_one(const struct pl_new_member *member, void *context)
{
	struct importing *importing = context;
	struct ctl *ctl = importing->ctl;
	struct pl_account account;
	int ret;

	pl_account_unknown(member->address, &account);
	ret = pl_member_set_or_add(&ctl->work, ctl->policy, &account, member->change, NULL, NULL);
	if (ret < 0)
		return fail(importing, member);
	is_done(importing, ret > 0);
	return 0;
}

/* Returns how many members changed, or -1. */
static int import_rows(struct ctl *ctl, const struct pl_member_csv *csv, int *domains_r,
		       struct pl_error *err)
{
	struct importing importing = { .ctl = ctl, .count = csv->count };
	const struct pl_member_bulk bulk = { .work = &ctl->work,
					     .policy = ctl->policy,
					     .begin_domain = begin_domain,
					     .one = write_one,
					     .added = added,
					     .context = &importing };
	struct pl_new_member *members = calloc(csv->count + 1, sizeof(*members));
	int ret;

	if (members == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	for (size_t i = 0; i < csv->count; i++) {
		members[i].address = &csv->rows[i].address;
		members[i].change = &csv->rows[i].change;
		members[i].item = &csv->rows[i];
	}
	ret = pl_member_bulk_run(&bulk, members, csv->count);
	free(members);
	*domains_r = importing.domains;
	return ret < 0 ? -1 : importing.changed;
}

static json_t *left_json(unsigned int left)
{
	json_t *names = json_array();

	for (int i = 0; (i = pl_csv_left_next(left, i)) != 0;)
		json_array_append_new(names, json_string(pl_csv_column_name(i)));
	return names;
}

static void print_left(unsigned int left)
{
	const char *between = "left as they are: ";

	for (int i = 0; (i = pl_csv_left_next(left, i)) != 0;) {
		printf("%s%s", between, pl_csv_column_name(i));
		between = ", ";
	}
	if (left != 0)
		putchar('\n');
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
	int changed = -1, domains = 0, ret = -1;

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
		ret = ctl_print_json(json_pack("{s:b, s:I, s:i, s:o}", "dry_run", dry, "members",
					       (json_int_t)csv.count, "changed", changed,
					       "left_columns", left_json(csv.left)),
				     err);
	else
		printf("%s %d of %zu members\n", dry ? "would change" : "changed", changed,
		       csv.count);
	if (!ctl->json && domains > 0)
		printf("%s %d domain%s\n", dry ? "would add" : "added", domains,
		       domains == 1 ? "" : "s");
	if (!ctl->json)
		print_left(csv.left);
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
