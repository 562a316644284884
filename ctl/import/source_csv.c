/* source_csv.c - a CSV file of members; see import.h.
 *
 * It is read as `member import` reads it. That command also changes members who are there already,
 * and removes settings that the file does not have; this one adds those who are missing, with their
 * second factors, and shows what it would do first.
 */
#include <string.h>

#include "ctl/import/import.h"
#include "policy/admin/member_csv.h"

static int on_row(struct import_plan *plan, const struct pl_member_csv_row *row)
{
	char text[PL_ADDRESS_MAX + 1];
	struct import_domain *domain;
	struct import_member *member;

	pl_address_format(&row->address, text);
	if (import_add_domain(plan, row->address.domain, 1, &domain) < 0 ||
	    import_add_member(plan, text, &member) < 0)
		return -1;
	if (member == NULL)
		return 0;
	member->change = row->change;
	return row->totp_secret[0] == '\0' ? 0
					   : import_set_factor(plan, member, row->totp_secret,
							       strlen(row->totp_secret));
}

int import_csv(struct import_plan *plan, const char *text, size_t len)
{
	const struct pl_member_csv_options options = { .default_domain =
							       plan->ctl->policy->default_domain,
						       .kind = PL_MEMBER_CSV_WITH_SECRETS };
	struct pl_member_csv csv;
	int ret = pl_member_csv_parse(text, len, &options, &csv, plan->err);

	if (ret < 0)
		ctl_print_faults(ctl_input_name(plan->ctl->args[0]), csv.faults);
	for (size_t i = 0; ret == 0 && i < csv.count; i++)
		ret = on_row(plan, &csv.rows[i]);
	for (int i = 0; ret == 0 && (i = pl_csv_left_next(csv.left, i)) != 0;)
		ret = import_leave(plan, "columns", "Postlatch finds out by itself what they show",
				   pl_csv_column_name(i));
	pl_member_csv_free(&csv);
	return ret;
}
