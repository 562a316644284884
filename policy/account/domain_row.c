/* domain_row.c - changes and writes a domain; see domain_row.h. */
#include "policy/account/domain_row.h"

#include <string.h>

#include "policy/account/settings_row.h"

static int cannot_be_alias(const struct pl_work *work, const struct pl_policy *policy,
			   struct pl_domain *domain)
{
	if (pl_domain_count(work->store, domain, work->err) < 0)
		return -1;
	if (domain->members > 0 || domain->aliases > 0)
		return pl_error_set(work->err, PL_ERR_CONFLICT,
				    "it has members or aliases of its own; an alias has none");
	if (pl_policy_domain(policy, domain->name) != NULL)
		return pl_error_set(work->err, PL_ERR_CONFLICT,
				    "it has a section in the policy file, which would have no "
				    "effect; remove the section");
	return 0;
}

/* A row is needed for the domain that the alias stands for. */
static int find_target(const struct pl_work *work, const char *name, const struct pl_domain *domain,
		       struct pl_domain *target_r)
{
	int ret = pl_domain_get(work->store, name, target_r, work->err);

	if (ret < 0)
		return -1;
	if (ret == 0 || !target_r->known)
		return pl_error_set(work->err, PL_ERR_CONFLICT,
				    "there is no domain %s; `postlatch domain add %s` adds it",
				    name, name);
	if (strcmp(name, domain->name) == 0)
		return pl_error_set(work->err, PL_ERR_CONFLICT, "it cannot be an alias of itself");
	if (target_r->alias_id != 0)
		return pl_error_set(work->err, PL_ERR_CONFLICT,
				    "%s is an alias itself; use %s, for which it stands", name,
				    target_r->alias_of);
	return 0;
}

static int become_alias(const struct pl_work *work, const struct pl_policy *policy,
			const char *name, struct pl_domain *domain)
{
	struct pl_domain target;

	domain->alias_id = 0;
	domain->alias_of[0] = '\0';
	if (*name == '\0')
		return 0;
	if (find_target(work, name, domain, &target) < 0 ||
	    cannot_be_alias(work, policy, domain) < 0)
		return -1;
	domain->alias_id = target.id;
	memcpy(domain->alias_of, target.name, sizeof(domain->alias_of));
	memset(&domain->settings, 0, sizeof(domain->settings));
	memset(&domain->grace, 0, sizeof(domain->grace));
	return 0;
}

int pl_domain_apply(const struct pl_work *work, const struct pl_policy *policy,
		    const struct pl_change *change, struct pl_domain *domain)
{
	if (change->has_alias_of && become_alias(work, policy, change->alias_of, domain) < 0)
		return -1;
	if (domain->alias_id != 0 && pl_change_has_settings(change))
		return pl_error_set(work->err, PL_ERR_CONFLICT,
				    "it is an alias of %s and has that domain's settings; change "
				    "them there",
				    domain->alias_of);
	pl_change_apply(change, &domain->settings);
	if (change->has_active)
		domain->active = change->active;
	if (change->has_grace)
		domain->grace = change->grace;
	return 0;
}

int pl_domain_write(const struct pl_work *work, const struct pl_domain *domain)
{
	char settings[PL_SETTINGS_TEXT];
	int64_t id;

	pl_settings_format(&domain->settings, settings);
	if (domain->id != 0)
		return pl_exec(work->store, PL_SQL_DOMAIN_UPDATE,
			       PL_PARAMS(PL_INT("active", domain->active),
					 PL_TEXT("settings", settings),
					 pl_grace_param("grace_days", &domain->grace),
					 PL_ID("alias_of", domain->alias_id),
					 PL_INT("domain_id", domain->id)),
			       work->err);
	return pl_insert(work->store, PL_SQL_DOMAIN_INSERT,
			 PL_PARAMS(PL_TEXT("name", domain->name), PL_INT("active", domain->active),
				   PL_INT("created_at", work->now), PL_TEXT("settings", settings),
				   pl_grace_param("grace_days", &domain->grace),
				   PL_ID("alias_of", domain->alias_id)),
			 &id, work->err);
}

void pl_domain_record(const struct pl_domain *before, const struct pl_domain *after, char *was,
		      char *is)
{
	char days[PL_GRACE_TEXT];

	if (before->active != after->active) {
		pl_record_word(was, PL_AUDIT_TEXT, "active", before->active ? "on" : "off");
		pl_record_word(is, PL_AUDIT_TEXT, "active", after->active ? "on" : "off");
	}
	if (!pl_grace_same(&before->grace, &after->grace)) {
		pl_record_word(was, PL_AUDIT_TEXT, PL_GRACE_NAME,
			       pl_grace_format(&before->grace, days));
		pl_record_word(is, PL_AUDIT_TEXT, PL_GRACE_NAME,
			       pl_grace_format(&after->grace, days));
	}
	if (before->alias_id != after->alias_id) {
		pl_record_word(was, PL_AUDIT_TEXT, "alias_of", before->alias_of);
		pl_record_word(is, PL_AUDIT_TEXT, "alias_of", after->alias_of);
	}
}
