/* write.c - does what a plan has, in one transaction; see import.h. */
#include <stdlib.h>
#include <string.h>

#include "ctl/import/import.h"
#include "policy/account/member_bulk.h"
#include "policy/credential/totp.h"

/* ---- domains ---- */

static const struct import_domain *planned_domain(const struct import_plan *plan, const char *name)
{
	const json_t *at = json_object_get(plan->domain_index, name);

	return at == NULL ? NULL : &plan->domains[json_integer_value(at)];
}

/* Whether somebody may have a mailbox there: 1, 0 or -1. */
static int is_known(struct ctl *ctl, const char *name)
{
	struct pl_domain domain = { .known = 0 };

	if (pl_policy_domain(ctl->policy, name) != NULL)
		return 1;
	return pl_domain_get(ctl->work.store, name, &domain, ctl->work.err) < 0 ? -1 : domain.known;
}

/* Why the domain cannot be an alias as it is in the source: a sentence, or NULL. */
static const char *no_alias(const struct import_plan *plan, const struct import_domain *domain)
{
	const struct import_domain *target = planned_domain(plan, domain->alias_of);

	if (domain->has_members)
		return "the domain has members of its own, and an alias has none: it is added as a "
		       "domain";
	if (target != NULL && target->alias_of[0] != '\0')
		return "it is an alias of an alias: it is added as a domain";
	return NULL;
}

static int add_domain(struct ctl *ctl, struct import_plan *plan, struct import_domain *domain)
{
	struct pl_change change = { .has_active = 1, .active = domain->active };
	int known = is_known(ctl, domain->name);
	char why[sizeof(plan->err->msg)];

	if (known != 0)
		return known < 0 ? -1 : 0;
	change.has_alias_of = domain->alias_of[0] != '\0';
	memcpy(change.alias_of, domain->alias_of, sizeof(change.alias_of));
	domain->result = IMPORT_ADDED;
	if (pl_domain_add(&ctl->work, ctl->policy, domain->name, &change) == 0)
		return 0;
	/* A conflict is found before anything is written. */
	if (plan->err->code != PL_ERR_CONFLICT || !change.has_alias_of)
		return -1;
	domain->is_left = 1;
	snprintf(why, sizeof(why), "%s", plan->err->msg);
	*plan->err = (struct pl_error){ .code = PL_OK };
	return import_leave(plan, "alias domains", why, domain->name);
}

/* Decides what becomes of the domains before any of them is added. */
static int settle_domains(struct import_plan *plan)
{
	for (size_t i = 0; i < plan->domain_count; i++) {
		struct import_domain *domain = &plan->domains[i];
		const char *why = domain->alias_of[0] != '\0' ? no_alias(plan, domain) : NULL;

		if (why != NULL) {
			if (import_leave(plan, "alias domains", why, domain->name) < 0)
				return -1;
			domain->alias_of[0] = '\0';
		}
		domain->is_left = domain->is_relay && !domain->has_members;
		if (domain->is_left && import_leave(plan, "relay domains",
						    "mail for them goes on to another server, and "
						    "nobody has a mailbox in them",
						    domain->name) < 0)
			return -1;
	}
	return 0;
}

/* Those that are no aliases first: aliases need them. */
static int add_domains(struct ctl *ctl, struct import_plan *plan)
{
	for (int alias = 0; alias <= 1; alias++) {
		for (size_t i = 0; i < plan->domain_count; i++) {
			struct import_domain *domain = &plan->domains[i];

			if (!domain->is_left && (domain->alias_of[0] != '\0') == alias &&
			    add_domain(ctl, plan, domain) < 0)
				return -1;
		}
	}
	return 0;
}

/* ---- members ---- */

static int add_factor(struct ctl *ctl, struct import_member *member, struct pl_account *account)
{
	int ret = pl_totp_import(&ctl->work, ctl->seal, account, member->secret);

	member->factor = ret > 0 ? IMPORT_ADDED : IMPORT_KEPT;
	return ret < 0 ? -1 : 0;
}

struct writing {
	struct ctl *ctl;
	struct import_plan *plan;
	size_t done;
};

static void is_done(struct writing *writing)
{
	const size_t count = writing->plan->member_count;

	writing->done++;
	if (writing->done % 1000 == 0 || writing->done == count)
		ctl_progress("members", (int64_t)writing->done, (int64_t)count);
}

static void added(const struct pl_new_member *added, void *context)
{
	struct import_member *member = added->item;

	member->result = IMPORT_ADDED;
	is_done(context);
}

static int write_one(const struct pl_new_member *one, void *context)
{
	struct writing *writing = context;
	struct import_plan *plan = writing->plan;
	struct ctl *ctl = writing->ctl;
	struct import_member *member = one->item;
	char text[PL_ADDRESS_MAX + 1];
	struct pl_account account;
	int ret = pl_account_get(ctl->work.store, &member->address, &account, ctl->work.err);

	if (ret == 0 && pl_account_is_outside(&account, ctl->policy)) {
		member->is_left = 1;
		return import_leave(plan, "members",
				    "their domain is not known: add it with `postlatch domain add`",
				    pl_address_format(&member->address, text));
	}
	if (ret == 0 && account.member.id == 0) {
		member->result = IMPORT_ADDED;
		ret = pl_member_set_or_add(&ctl->work, ctl->policy, &account, &member->change, NULL,
					   NULL);
	}
	is_done(writing);
	return ret < 0 ? -1 : 0;
}

/* When all are there. */
static int add_factors(struct ctl *ctl, struct import_plan *plan)
{
	for (size_t i = 0; i < plan->member_count; i++) {
		struct import_member *member = &plan->members[i];
		struct pl_account account;

		if (member->secret == NULL || member->is_left)
			continue;
		if (pl_account_get(ctl->work.store, &member->address, &account, ctl->work.err) <
			    0 ||
		    add_factor(ctl, member, &account) < 0)
			return -1;
	}
	return 0;
}

static int add_members(struct ctl *ctl, struct import_plan *plan)
{
	struct writing writing = { .ctl = ctl, .plan = plan };
	const struct pl_member_bulk bulk = { .work = &ctl->work,
					     .policy = ctl->policy,
					     .one = write_one,
					     .added = added,
					     .context = &writing };
	struct pl_new_member *members = calloc(plan->member_count + 1, sizeof(*members));
	int ret;

	if (members == NULL)
		return pl_error_set(ctl->work.err, PL_ERR_RETRY, "out of memory");
	for (size_t i = 0; i < plan->member_count; i++) {
		members[i].address = &plan->members[i].address;
		members[i].change = &plan->members[i].change;
		members[i].item = &plan->members[i];
	}
	ret = pl_member_bulk_run(&bulk, members, plan->member_count);
	free(members);
	return ret;
}

int import_write(struct ctl *ctl, struct import_plan *plan)
{
	if (settle_domains(plan) < 0 || add_domains(ctl, plan) < 0)
		return -1;
	if (add_members(ctl, plan) < 0 || add_factors(ctl, plan) < 0)
		return -1;
	return import_write_forwards(ctl, plan);
}
