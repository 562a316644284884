/* adoption.c - see adoption.h. */
#include "policy/admin/adoption.h"

#include <string.h>

#include "policy/account/retirement.h"

#define PORTION 1000

/* Whether the member's own settings change what holds. */
static int is_different(const struct pl_layers *layers)
{
	struct pl_layers without = *layers;

	without.member = NULL;
	for (int setting = 0; setting < PL_SETTING_COUNT; setting++) {
		const struct pl_resolved own = pl_resolve(layers, setting);
		const struct pl_resolved others = pl_resolve(&without, setting);

		if (own.value != others.value || own.next_from != others.next_from ||
		    (own.next_from != 0 && own.next != others.next))
			return 1;
	}
	return 0;
}

/* Whether the member has to use a second factor, today or from a day on that is known. */
static int is_required(const struct pl_layers *layers, int *today_r)
{
	const struct pl_resolved requirement =
		pl_resolve(layers, PL_SETTING_TWO_FACTOR_REQUIREMENT);
	const int is_used = pl_resolve(layers, PL_SETTING_TWO_FACTOR).value == PL_ON &&
			    pl_resolve(layers, PL_SETTING_TWO_FACTOR_MODE).value == PL_USE;

	*today_r = is_used && requirement.value == PL_REQUIRED;
	return *today_r ||
	       (is_used && requirement.next_from != 0 && requirement.next == PL_REQUIRED);
}

static void count_member(const struct pl_account *account, const struct pl_policy *policy,
			 int64_t now, struct pl_adoption *adoption)
{
	const struct pl_member *member = &account->member;
	struct pl_layers layers;
	int required;

	pl_account_layers(account, policy, now, &layers);
	adoption->members++;
	adoption->required += is_required(&layers, &required);
	adoption->registered += member->factor_kinds != 0;
	adoption->overdue += required && member->factor_kinds == 0;
	adoption->opted_out += !required && member->opted_out;
	adoption->different += is_different(&layers);
}

/* Counts the members of a domain behind the local part, which becomes the last one of them: 1 when
 * there may be more, 0 or -1. Whose settings make no sense is left out; logins tell of that. */
static int count_portion(const struct pl_work *work, const struct pl_policy *policy,
			 int64_t domain_id, char local[PL_ADDRESS_MAX + 1],
			 struct pl_adoption *adoption)
{
	const struct pl_address nobody = { .local = "" };
	const int64_t since = work->now - PL_RETIREMENT_USE_DAYS * PL_DAY_SECONDS;
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_ADOPTION_MEMBERS,
			 PL_PARAMS(PL_INT("domain_id", domain_id), PL_TEXT("after", local),
				   PL_INT("since", since), PL_INT("portion", PORTION)));
	struct pl_account account;
	int ret, rows = 0;

	while ((ret = pl_step(stmt, work->err)) == 1) {
		rows++;
		pl_col_copy(stmt, "local", local, PL_ADDRESS_MAX + 1);
		pl_account_unknown(&nobody, &account);
		if (pl_account_read(stmt, &account, work->err) < 0) {
			if (work->err->code != PL_ERR_DATA) {
				pl_reset(stmt);
				return -1;
			}
		} else if (account.member.active) {
			count_member(&account, policy, work->now, adoption);
			adoption->account_password += pl_col_int(stmt, "account_password");
		}
	}
	return ret < 0 ? -1 : rows == PORTION;
}

static int write_row(const struct pl_work *work, int64_t domain_id,
		     const struct pl_adoption *adoption)
{
	return pl_exec(work->store, PL_SQL_ADOPTION_INSERT,
		       PL_PARAMS(PL_INT("day", adoption->day), PL_INT("domain_id", domain_id),
				 PL_INT("members", adoption->members),
				 PL_INT("required", adoption->required),
				 PL_INT("registered", adoption->registered),
				 PL_INT("overdue", adoption->overdue),
				 PL_INT("opted_out", adoption->opted_out),
				 PL_INT("different", adoption->different),
				 PL_INT("account_password", adoption->account_password)),
		       work->err);
}

/* The next domain behind the one with that id that has no row of the day: 1, 0 or -1. */
static int next_domain(const struct pl_work *work, int64_t day, int64_t *id)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_ADOPTION_NEXT_DOMAIN,
					PL_PARAMS(PL_INT("day", day), PL_INT("after", *id)));
	int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	*id = pl_col_int(stmt, "domain_id");
	ret = !pl_col_is_null(stmt, "domain_id");
	return pl_row_end(stmt, work->err) < 0 ? -1 : ret;
}

static int count_domain(const struct pl_work *work, const struct pl_policy *policy, int64_t day,
			int64_t domain_id)
{
	struct pl_adoption adoption = { .day = day };
	char local[PL_ADDRESS_MAX + 1] = "";
	int ret;

	do
		ret = count_portion(work, policy, domain_id, local, &adoption);
	while (ret == 1);
	return ret < 0 ? -1 : write_row(work, domain_id, &adoption);
}

int pl_adoption_count(const struct pl_work *work, const struct pl_policy *policy)
{
	const int64_t day = work->now - work->now % PL_DAY_SECONDS;
	int64_t id = 0;
	int ret;

	while ((ret = next_domain(work, day, &id)) == 1) {
		if (count_domain(work, policy, day, id) < 0)
			return pl_error_prefix(work->err, "adoption of the second factor");
	}
	return ret;
}

static void read_row(struct pl_stmt *stmt, struct pl_adoption *adoption_r)
{
	*adoption_r = (struct pl_adoption){
		.day = pl_col_int(stmt, "day"),
		.members = pl_col_int(stmt, "members"),
		.required = pl_col_int(stmt, "required"),
		.registered = pl_col_int(stmt, "registered"),
		.overdue = pl_col_int(stmt, "overdue"),
		.opted_out = pl_col_int(stmt, "opted_out"),
		.different = pl_col_int(stmt, "different"),
		.account_password = pl_col_int(stmt, "account_password"),
	};
}

int pl_adoption_list(struct pl_store *store, int64_t scope, int64_t domain_id, int64_t since,
		     int (*each)(const struct pl_adoption *adoption, void *context), void *context,
		     struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_ADOPTION_LIST,
			 PL_PARAMS(PL_INT("scope", scope), PL_INT("domain_id", domain_id),
				   PL_INT("since", since)));
	struct pl_adoption adoption;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		read_row(stmt, &adoption);
		if (each(&adoption, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}
