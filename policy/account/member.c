/* member.c - members and what holds for them; see member.h. */
#include "policy/account/member.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/account/member_state.h"
#include "policy/account/settings_row.h"

int pl_member_read(struct pl_stmt *stmt, struct pl_member *member_r, struct pl_error *err)
{
	member_r->id = pl_col_int(stmt, "member_id");
	pl_col_copy(stmt, "local", member_r->address.local, sizeof(member_r->address.local));
	member_r->active = pl_col_int(stmt, "member_active") != 0;
	pl_col_copy(stmt, "class", member_r->class_name, sizeof(member_r->class_name));
	member_r->generation = pl_col_int(stmt, "generation");
	member_r->created_at = pl_col_int(stmt, "member_created_at");
	if (pl_col_settings(stmt, "member_settings", &member_r->settings, err) < 0)
		return pl_error_prefix(err, "member %s@%s", member_r->address.local,
				       member_r->address.domain);
	member_r->factor_kinds = (unsigned int)pl_col_int(stmt, "factor_kinds");
	member_r->opted_out = pl_col_int(stmt, "opted_out") != 0;
	return pl_row_ok(stmt, err);
}

void pl_account_unknown(const struct pl_address *address, struct pl_account *account_r)
{
	memset(account_r, 0, sizeof(*account_r));
	account_r->member.address = *address;
	account_r->member.active = 1;
	account_r->domain.active = 1;
	memcpy(account_r->domain.name, address->domain, sizeof(account_r->domain.name));
}

int pl_account_read(struct pl_stmt *stmt, struct pl_account *account_r, struct pl_error *err)
{
	account_r->domains_known = pl_col_int(stmt, "domains_known") != 0;
	if (pl_col_is_null(stmt, "domain_id"))
		return pl_row_ok(stmt, err);
	account_r->domain.id = pl_col_int(stmt, "domain_id");
	pl_col_copy(stmt, "domain_name", account_r->domain.name, sizeof(account_r->domain.name));
	memcpy(account_r->member.address.domain, account_r->domain.name,
	       sizeof(account_r->domain.name));
	account_r->domain.known = pl_col_int(stmt, "domain_known") != 0;
	account_r->domain.active = pl_col_int(stmt, "domain_active") != 0;
	account_r->domain.created_at = pl_col_int(stmt, "domain_created_at");
	account_r->domain.grace = pl_col_grace(stmt, "domain_grace_days");
	if (pl_col_settings(stmt, "domain_settings", &account_r->domain.settings, err) < 0)
		return pl_error_prefix(err, "domain %s", account_r->domain.name);
	return pl_col_is_null(stmt, "member_id") ? pl_row_ok(stmt, err)
						 : pl_member_read(stmt, &account_r->member, err);
}

int pl_account_get(struct pl_store *store, const struct pl_address *address,
		   struct pl_account *account_r, struct pl_error *err)
{
	struct pl_stmt *stmt;
	int ret;

	pl_account_unknown(address, account_r);
	stmt = pl_query(store, PL_SQL_ACCOUNT,
			PL_PARAMS(PL_TEXT("local", address->local),
				  PL_TEXT("domain", address->domain)));
	ret = pl_step(stmt, err);
	if (ret != 1)
		return ret;
	ret = pl_account_read(stmt, account_r, err);
	pl_reset(stmt);
	return ret;
}

/* The end of the days that a member has to register a second factor; who is not in the database yet
 * joins today. A domain has no such days. */
static int32_t end_of_grace(const struct pl_account *account, const struct pl_policy *policy,
			    int64_t now)
{
	const struct pl_member *member = &account->member;
	const int days = pl_grace_days(&account->domain.grace, policy);

	if (days == 0 || member->address.local[0] == '\0')
		return 0;
	return pl_day_of(member->id != 0 ? member->created_at : now) + days;
}

void pl_account_layers(const struct pl_account *account, const struct pl_policy *policy,
		       int64_t now, struct pl_layers *layers_r)
{
	const char *class_name = account->member.class_name;

	layers_r->today = pl_day_of(now);
	layers_r->required_from = end_of_grace(account, policy, now);
	layers_r->member = account->member.id != 0 ? &account->member.settings : NULL;
	layers_r->class_section =
		class_name[0] != '\0' ? pl_policy_class(policy, class_name) : NULL;
	layers_r->domain = account->domain.id != 0 ? &account->domain.settings : NULL;
	layers_r->policy_domain = pl_policy_domain(policy, account->domain.name);
	layers_r->policy_defaults = &policy->defaults;
}

unsigned int pl_account_second_factors(const struct pl_account *account,
				       const struct pl_policy *policy)
{
	return pl_policy_second_factors(policy, account->domain.name, account->member.class_name);
}

int pl_account_passkey_sign_in(const struct pl_account *account, const struct pl_policy *policy)
{
	return (pl_account_second_factors(account, policy) & PL_FACTOR_BIT(PL_FACTOR_PASSKEY)) !=
		       0 &&
	       pl_policy_passkey_sign_in(policy, account->domain.name, account->member.class_name);
}

unsigned int pl_account_usable_factors(const struct pl_account *account,
				       const struct pl_policy *policy)
{
	const unsigned int registered = account->member.factor_kinds;
	const unsigned int usable = registered & pl_account_second_factors(account, policy);

	return usable != 0 ? usable : registered;
}

int pl_account_is_outside(const struct pl_account *account, const struct pl_policy *policy)
{
	if (pl_unknown_domains_allowed(policy) || pl_domain_is_known(&account->domain, policy))
		return 0;
	return account->domains_known || policy->domain_count > 0;
}

int pl_member_list(struct pl_store *store, const struct pl_member_filter *filter,
		   int (*each)(const struct pl_member *member, void *context), void *context,
		   struct pl_error *err)
{
	struct pl_stmt *stmt;
	struct pl_member member;
	int ret;

	if (filter->domain == NULL)
		stmt = pl_query(store, PL_SQL_MEMBER_LIST, NULL);
	else
		stmt = pl_query(store, PL_SQL_MEMBER_LIST_DOMAIN,
				PL_PARAMS(PL_TEXT("domain", filter->domain)));
	while ((ret = pl_step(stmt, err)) == 1) {
		memset(&member, 0, sizeof(member));
		pl_col_copy(stmt, "domain", member.address.domain, sizeof(member.address.domain));
		if (pl_member_read(stmt, &member, err) < 0) {
			pl_reset(stmt);
			return -1;
		}
		if (filter->class_name != NULL &&
		    strcmp(filter->class_name, member.class_name) != 0)
			continue;
		if (each(&member, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

static int insert(const struct pl_work *work, const struct pl_account *account, int64_t *id_r)
{
	const struct pl_member *member = &account->member;
	const struct pl_member_state state = pl_member_state_of(&member->settings);
	char settings[PL_SETTINGS_TEXT];

	return pl_insert(work->store, PL_SQL_MEMBER_INSERT,
			 PL_PARAMS(PL_INT("domain_id", account->domain.id),
				   PL_TEXT("local", member->address.local),
				   PL_INT("active", member->active),
				   PL_TEXT("class", member->class_name),
				   PL_INT("created_at", work->now),
				   PL_TEXT("settings",
					   pl_settings_format(&member->settings, settings)),
				   PL_INT("state", state.now), PL_INT("dated_state", state.dated),
				   PL_ID("dated_from", state.from),
				   PL_ID("required_from", state.required_from)),
			 id_r, work->err);
}

int pl_member_write(struct pl_store *store, const struct pl_member *member, struct pl_error *err)
{
	const struct pl_member_state state = pl_member_state_of(&member->settings);
	char settings[PL_SETTINGS_TEXT];

	return pl_exec(store, PL_SQL_MEMBER_UPDATE,
		       PL_PARAMS(PL_INT("active", member->active),
				 PL_TEXT("class", member->class_name),
				 PL_TEXT("settings",
					 pl_settings_format(&member->settings, settings)),
				 PL_INT("state", state.now), PL_INT("dated_state", state.dated),
				 PL_ID("dated_from", state.from),
				 PL_ID("required_from", state.required_from),
				 PL_INT("member_id", member->id)),
		       err);
}

void pl_member_apply(const struct pl_change *change, struct pl_member *member)
{
	if (change == NULL)
		return;
	pl_change_apply(change, &member->settings);
	if (change->has_active)
		member->active = change->active;
	if (change->has_class)
		memcpy(member->class_name, change->class_name, sizeof(member->class_name));
}

void pl_member_describe(const struct pl_member *before, const struct pl_member *after, char *was,
			char *is)
{
	was[0] = is[0] = '\0';
	if (before->active != after->active) {
		pl_record_word(was, PL_AUDIT_TEXT, "active", before->active ? "on" : "off");
		pl_record_word(is, PL_AUDIT_TEXT, "active", after->active ? "on" : "off");
	}
	if (strcmp(before->class_name, after->class_name) != 0) {
		pl_record_word(was, PL_AUDIT_TEXT, "class", before->class_name);
		pl_record_word(is, PL_AUDIT_TEXT, "class", after->class_name);
	}
	pl_record_settings(&before->settings, &after->settings, was, is, PL_AUDIT_TEXT);
}

/* Writes a member that the database did not have. */
static int add(const struct pl_work *work, struct pl_account *account)
{
	static const struct pl_member nobody = { .active = 1 };
	char address[PL_ADDRESS_MAX + 1], was[PL_AUDIT_TEXT], is[PL_AUDIT_TEXT];

	if (account->domain.id == 0 && pl_domain_hold(work, &account->domain) < 0)
		return -1;
	if (insert(work, account, &account->member.id) < 0)
		return -1;
	account->member.created_at = work->now;
	pl_member_describe(&nobody, &account->member, was, is);
	return pl_audit_add(work, "member.add",
			    pl_address_format(&account->member.address, address), "", is);
}

int pl_member_add(const struct pl_work *work, const struct pl_address *address,
		  const struct pl_change *change)
{
	struct pl_account account;
	char text[PL_ADDRESS_MAX + 1];
	int ret = pl_account_get(work->store, address, &account, work->err);

	if (ret == 0 && account.member.id != 0)
		ret = pl_error_set(work->err, PL_ERR_CONFLICT,
				   "it already exists; change it with `postlatch member set`");
	pl_member_apply(change, &account.member);
	if (ret == 0)
		ret = add(work, &account);
	return ret < 0 ? pl_error_prefix(work->err, "member %s", pl_address_format(address, text))
		       : 0;
}

int pl_member_ensure(const struct pl_work *work, struct pl_account *account)
{
	return account->member.id != 0 ? 0 : add(work, account);
}

/* Returns 2 added, 1 changed, 0 not, -1. */
static int set(const struct pl_work *work, struct pl_account *account,
	       const struct pl_change *change, int may_add, char *was, char *is)
{
	const struct pl_member before = account->member;
	char address[PL_ADDRESS_MAX + 1];

	pl_member_apply(change, &account->member);
	pl_member_describe(&before, &account->member, was, is);
	if (account->member.id == 0 && !may_add)
		return pl_error_set(work->err, PL_ERR_CONFLICT,
				    "there is no such member; `postlatch member add` adds one");
	if (account->member.id == 0)
		return add(work, account) < 0 ? -1 : 2;
	if (was[0] == '\0' && is[0] == '\0')
		return 0;
	if (pl_member_write(work->store, &account->member, work->err) < 0 ||
	    pl_audit_add(work, "member.set", pl_address_format(&before.address, address), was, is) <
		    0)
		return -1;
	return 1;
}

static int read_and_set(const struct pl_work *work, const struct pl_policy *policy,
			struct pl_account *account, const struct pl_change *change, int may_add,
			char *before_r, char *after_r)
{
	const struct pl_address address = account->member.address;
	char was[PL_AUDIT_TEXT] = "", is[PL_AUDIT_TEXT] = "", text[PL_ADDRESS_MAX + 1];
	int ret = -1;

	if (pl_change_check(change, policy, address.domain, work->err) == 0 &&
	    pl_account_get(work->store, &address, account, work->err) == 0)
		ret = set(work, account, change, may_add, was, is);
	if (before_r != NULL)
		memcpy(before_r, was, sizeof(was));
	if (after_r != NULL)
		memcpy(after_r, is, sizeof(is));
	return ret < 0 ? pl_error_prefix(work->err, "member %s", pl_address_format(&address, text))
		       : ret;
}

int pl_member_set(const struct pl_work *work, const struct pl_policy *policy,
		  struct pl_account *account, const struct pl_change *change, char *before_r,
		  char *after_r)
{
	return read_and_set(work, policy, account, change, 0, before_r, after_r);
}

int pl_member_set_or_add(const struct pl_work *work, const struct pl_policy *policy,
			 struct pl_account *account, const struct pl_change *change, char *before_r,
			 char *after_r)
{
	return read_and_set(work, policy, account, change, 1, before_r, after_r);
}

int pl_member_opt_out(const struct pl_work *work, struct pl_member *member, int opted_out)
{
	char text[PL_ADDRESS_MAX + 1];
	int64_t changed = pl_exec_count(work->store, PL_SQL_MEMBER_OPT_OUT,
					PL_PARAMS(PL_INT("opted_out", opted_out),
						  PL_INT("member_id", member->id)),
					work->err);

	if (changed < 0 ||
	    (changed > 0 &&
	     pl_audit_add(work, opted_out ? "two-factor.opt-out" : "two-factor.opt-in",
			  pl_address_format(&member->address, text), "", "") < 0))
		return -1;
	member->opted_out = opted_out;
	return changed > 0;
}

int pl_member_remove(const struct pl_work *work, const struct pl_address *address)
{
	static const struct pl_member nobody = { .active = 1 };
	char text[PL_ADDRESS_MAX + 1], was[PL_AUDIT_TEXT], is[PL_AUDIT_TEXT];
	struct pl_account account;

	if (pl_account_get(work->store, address, &account, work->err) < 0)
		return -1;
	if (account.member.id == 0)
		return 0;
	if (pl_exec(work->store, PL_SQL_MEMBER_DELETE,
		    PL_PARAMS(PL_INT("member_id", account.member.id)), work->err) < 0)
		return pl_error_prefix(work->err, "member %s", pl_address_format(address, text));
	pl_member_describe(&account.member, &nobody, was, is);
	pl_address_format(&account.member.address, text);
	if (pl_audit_add(work, "member.remove", text, was, "") < 0)
		return -1;
	return 1;
}
