/* domain.c - mail domains; see domain.h. */
#include "policy/account/domain.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/domain_row.h"
#include "policy/account/settings_row.h"

static int read_domain(struct pl_stmt *stmt, struct pl_domain *domain_r, struct pl_error *err)
{
	memset(domain_r, 0, sizeof(*domain_r));
	domain_r->id = pl_col_int(stmt, "id");
	pl_col_copy(stmt, "name", domain_r->name, sizeof(domain_r->name));
	domain_r->known = pl_col_int(stmt, "known") != 0;
	domain_r->active = pl_col_int(stmt, "active") != 0;
	domain_r->created_at = pl_col_int(stmt, "created_at");
	domain_r->grace = pl_col_grace(stmt, "grace_days");
	domain_r->alias_id = pl_col_int(stmt, "alias_id");
	pl_col_copy(stmt, "alias_of", domain_r->alias_of, sizeof(domain_r->alias_of));
	if (pl_col_settings(stmt, "settings", &domain_r->settings, err) < 0)
		return pl_error_prefix(err, "domain %s", domain_r->name);
	return pl_row_ok(stmt, err);
}

static void read_counts(struct pl_stmt *stmt, struct pl_domain *domain)
{
	domain->members = pl_col_int(stmt, "members");
	domain->aliases = pl_col_int(stmt, "aliases");
}

int pl_domain_count(struct pl_store *store, struct pl_domain *domain, struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_DOMAIN_COUNTS, PL_PARAMS(PL_INT("domain_id", domain->id)));

	if (pl_step(stmt, err) != 1)
		return pl_error_prefix(err, "domain %s", domain->name);
	read_counts(stmt, domain);
	return pl_row_end(stmt, err) < 0 ? -1 : 0;
}

int pl_domain_of_alias(struct pl_store *store, struct pl_address *address, struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_DOMAIN_OF_ALIAS,
					PL_PARAMS(PL_TEXT("domain", address->domain)));

	if (pl_step(stmt, err) != 1)
		return -1;
	if (!pl_col_is_null(stmt, "name"))
		pl_col_copy(stmt, "name", address->domain, sizeof(address->domain));
	return pl_row_end(stmt, err);
}

int pl_domain_get(struct pl_store *store, const char *name, struct pl_domain *domain_r,
		  struct pl_error *err)
{
	struct pl_stmt *stmt;
	int ret;

	stmt = pl_query(store, PL_SQL_DOMAIN_GET, PL_PARAMS(PL_TEXT("name", name)));
	ret = pl_step(stmt, err);
	if (ret != 1)
		return ret;
	ret = read_domain(stmt, domain_r, err);
	pl_reset(stmt);
	return ret < 0 ? -1 : 1;
}

int pl_domain_list(struct pl_store *store,
		   int (*each)(const struct pl_domain *domain, void *context), void *context,
		   struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_DOMAIN_LIST, NULL);
	struct pl_domain domain;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		ret = read_domain(stmt, &domain, err);
		read_counts(stmt, &domain);
		if (ret < 0 || each(&domain, context) != 0) {
			pl_reset(stmt);
			return ret;
		}
	}
	return ret;
}

int pl_domain_is_known(const struct pl_domain *domain, const struct pl_policy *policy)
{
	return domain->known || pl_policy_domain(policy, domain->name) != NULL;
}

int pl_unknown_domains_allowed(const struct pl_policy *policy)
{
	return policy->unknown_domains == PL_UNKNOWN_ALLOW;
}

/* name is folded. 1 added, 0 it is known already, -1. */
static int add(const struct pl_work *work, const struct pl_policy *policy, const char *name,
	       const struct pl_change *change)
{
	struct pl_domain nothing = { .id = 0 };
	struct pl_domain domain = { .active = 1 };
	char before[PL_AUDIT_TEXT] = "", after[PL_AUDIT_TEXT] = "";
	int ret = pl_domain_get(work->store, name, &domain, work->err);

	if (ret < 0 || domain.known)
		return ret < 0 ? -1 : 0;
	snprintf(domain.name, sizeof(domain.name), "%s", name);
	if (change != NULL && pl_domain_apply(work, policy, change, &domain) < 0)
		return -1;
	if (pl_domain_write(work, &domain) < 0)
		return -1;
	nothing.active = !domain.active; /* it is recorded, either way */
	pl_domain_record(&nothing, &domain, before, after);
	pl_record_settings(&nothing.settings, &domain.settings, before, after, sizeof(after));
	return pl_audit_add(work, "domain.add", domain.name, "", after) < 0 ? -1 : 1;
}

int pl_domain_add(const struct pl_work *work, const struct pl_policy *policy, const char *name,
		  const struct pl_change *change)
{
	char folded[PL_DOMAIN_MAX + 1];
	int ret;

	if (pl_domain_parse(name, folded, work->err) < 0)
		return pl_error_prefix(work->err, "domain \"%.100s\"", name);
	ret = add(work, policy, folded, change);
	if (ret == 0)
		pl_error_set(work->err, PL_ERR_CONFLICT,
			     "it already exists; change it with `postlatch domain set`");
	return ret == 1 ? 0 : pl_error_prefix(work->err, "domain %s", folded);
}

int pl_domain_import(const struct pl_work *work, const char *name)
{
	char folded[PL_DOMAIN_MAX + 1];
	int ret;

	if (pl_domain_parse(name, folded, work->err) < 0)
		return pl_error_prefix(work->err, "domain \"%.100s\"", name);
	ret = add(work, NULL, folded, NULL);
	return ret < 0 ? pl_error_prefix(work->err, "domain %s", folded) : ret;
}

int pl_domain_hold(const struct pl_work *work, struct pl_domain *domain)
{
	return pl_insert(work->store, PL_SQL_DOMAIN_HOLD,
			 PL_PARAMS(PL_TEXT("name", domain->name), PL_INT("created_at", work->now)),
			 &domain->id, work->err) < 0
		       ? pl_error_prefix(work->err, "domain %s", domain->name)
		       : 0;
}

int pl_domain_remove(const struct pl_work *work, const char *name, int64_t *members_r)
{
	struct pl_domain domain;
	char before[PL_AUDIT_TEXT];
	int ret = pl_domain_get(work->store, name, &domain, work->err);

	if (ret == 0)
		return pl_error_set(work->err, PL_ERR_CONFLICT, "there is no domain %s", name);
	if (ret < 0 || pl_domain_count(work->store, &domain, work->err) < 0)
		return -1;
	if (pl_exec(work->store, PL_SQL_DOMAIN_DELETE, PL_PARAMS(PL_INT("domain_id", domain.id)),
		    work->err) < 0)
		return pl_error_prefix(work->err, "domain %s", name);
	*members_r = domain.members;
	snprintf(before, sizeof(before), "members=%lld", (long long)domain.members);
	return pl_audit_add(work, "domain.remove", name, before, "");
}
