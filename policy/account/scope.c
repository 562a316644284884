/* scope.c - changes a domain's settings and what its members hold; see scope.h. */
#include "policy/account/scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/domain_row.h"
#include "policy/account/member_row.h"
#include "policy/account/scope_reach.h"
#include "policy/account/settings_row.h"

int pl_scope_by_name(const char *name, enum pl_scope *scope_r)
{
	static const struct {
		const char *name;
		enum pl_scope scope;
	} scopes[] = {
		{ "inheriting", PL_SCOPE_INHERITING },
		{ "new", PL_SCOPE_NEW },
		{ "all", PL_SCOPE_ALL },
	};

	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		if (strcmp(scopes[i].name, name) == 0) {
			*scope_r = scopes[i].scope;
			return 1;
		}
	}
	return 0;
}

int pl_scope_begin(const struct pl_work *work, const struct pl_policy *policy, const char *name,
		   const struct pl_change *change, struct pl_scope_change *scope_r)
{
	int ret = pl_domain_get(work->store, name, &scope_r->before, work->err);

	if (ret == 0 || (ret == 1 && !scope_r->before.known))
		return pl_error_set(work->err, PL_ERR_CONFLICT,
				    "there is no domain %s; `postlatch domain add %s` adds it",
				    name, name);
	if (ret < 0 || pl_change_check(change, policy, name, work->err) < 0)
		return -1;
	scope_r->policy = policy;
	scope_r->now = work->now;
	scope_r->change = change;
	scope_r->after = scope_r->before;
	return pl_domain_apply(work, policy, change, &scope_r->after) < 0
		       ? pl_error_prefix(work->err, "domain %s", name)
		       : 0;
}

static struct pl_resolved holds(const struct pl_scope_change *scope, const struct pl_domain *domain,
				const struct pl_member *member, enum pl_setting setting)
{
	const struct pl_account account = { .member = *member, .domain = *domain };
	struct pl_layers layers;

	pl_account_layers(&account, scope->policy, scope->now, &layers);
	return pl_resolve(&layers, setting);
}

static int same(const struct pl_resolved *a, const struct pl_resolved *b)
{
	return a->value == b->value && a->next == b->next && a->next_from == b->next_from &&
	       strcmp(pl_resolved_text(a), pl_resolved_text(b)) == 0;
}

/* Without the days of grace. */
static struct pl_resolved holds_in_the_end(const struct pl_scope_change *scope,
					   const struct pl_domain *domain,
					   const struct pl_member *member, enum pl_setting setting)
{
	const struct pl_account account = { .member = *member, .domain = *domain };
	struct pl_layers layers;

	pl_account_layers(&account, scope->policy, scope->now, &layers);
	layers.required_from = 0;
	return pl_resolve(&layers, setting);
}

/* Gives the member what is announced, with its day, if that leaves what holds until then: 1, or 0
 * and nothing is given. */
static int pin_announced(const struct pl_scope_change *scope, enum pl_setting setting,
			 const struct pl_resolved *resolved, struct pl_member *member)
{
	struct pl_member pinned = *member;
	struct pl_resolved after;

	if (resolved->next_from == 0 || !pl_setting_accepts(setting, PL_AT_MEMBER, resolved->next))
		return 0;
	pinned.settings.value[setting] = (unsigned char)resolved->next;
	pinned.settings.from[setting] = resolved->next_from;
	after = holds_in_the_end(scope, &scope->after, &pinned, setting);
	if (!same(resolved, &after))
		return 0;
	*member = pinned;
	return 1;
}

/* Makes what holds the member's own. A requirement that a new member still has time for stays
 * one. What only the policy file may say (step_up) becomes optional, which asks for no less. */
static void pin(const struct pl_scope_change *scope, enum pl_setting setting,
		struct pl_member *member)
{
	const struct pl_resolved resolved =
		holds_in_the_end(scope, &scope->before, member, setting);

	if (pin_announced(scope, setting, &resolved, member))
		return;
	member->settings.value[setting] =
		(unsigned char)(pl_setting_accepts(setting, PL_AT_MEMBER, resolved.value)
					? resolved.value
					: PL_OPTIONAL);
	member->settings.from[setting] = 0;
	if (resolved.networks != NULL)
		snprintf(member->settings.networks, sizeof(member->settings.networks), "%s",
			 resolved.networks);
}

/* Whether what holds may be something else: a requirement also depends on the days of grace. */
static int is_touched(const struct pl_change *change, enum pl_setting setting)
{
	return (change->settings & 1u << setting) != 0 ||
	       (change->has_grace && setting == PL_SETTING_TWO_FACTOR_REQUIREMENT);
}

/* What becomes of the member's own value of a setting that is changed. */
static void reach_setting(const struct pl_scope_change *scope, enum pl_scope whom,
			  enum pl_setting setting, struct pl_member *member, int *pinned,
			  int *cleared)
{
	const int is_own = member->settings.value[setting] != PL_UNSET;

	if (whom == PL_SCOPE_NEW && !is_own) {
		pin(scope, setting, member);
		*pinned = 1;
	} else if (whom == PL_SCOPE_ALL && is_own) {
		member->settings.value[setting] = PL_UNSET;
		member->settings.from[setting] = 0;
		*cleared = 1;
	}
}

int pl_scope_reach(const struct pl_scope_change *scope, enum pl_scope whom,
		   const struct pl_member *member, struct pl_member *changed_r,
		   struct pl_scope_result *result)
{
	int pinned = 0, cleared = 0;
	/* A member who is switched off stays so. */
	int affected = scope->before.active != scope->after.active && member->active;

	*changed_r = *member;
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		enum pl_setting setting = (enum pl_setting)i;
		struct pl_resolved before, after;

		if (!is_touched(scope->change, setting))
			continue;
		before = holds(scope, &scope->before, member, setting);
		if ((scope->change->settings & 1u << i) != 0)
			reach_setting(scope, whom, setting, changed_r, &pinned, &cleared);
		after = holds(scope, &scope->after, changed_r, setting);
		affected |= !same(&before, &after);
	}
	result->members++;
	result->pinned += pinned;
	result->cleared += cleared;
	result->affected += affected;
	return pinned || cleared;
}

/* Members to be rewritten when the walk is over: a table is not changed while it is read. */
struct scope_walk {
	const struct pl_scope_change *change;
	enum pl_scope scope;
	struct pl_scope_result *result;
	struct pl_member *changed;
	size_t count, room;
	int counts_only, failed;
};

static int keep_changed(struct scope_walk *walk, const struct pl_member *member)
{
	if (walk->count == walk->room) {
		size_t room = walk->room == 0 ? 64 : walk->room * 2;
		struct pl_member *changed = realloc(walk->changed, room * sizeof(*changed));

		if (changed == NULL)
			return -1;
		walk->changed = changed;
		walk->room = room;
	}
	walk->changed[walk->count++] = *member;
	return 0;
}

static int walk_member(const struct pl_member *member, void *context)
{
	struct scope_walk *walk = context;
	struct pl_member changed;

	if (pl_scope_reach(walk->change, walk->scope, member, &changed, walk->result) &&
	    !walk->counts_only && keep_changed(walk, &changed) < 0)
		walk->failed = 1;
	return walk->failed;
}

/* Carries the scope out on the domain's members. */
static int reach_members(struct pl_store *store, struct scope_walk *walk, struct pl_error *err)
{
	const struct pl_member_filter filter = { .domain = walk->change->before.name };
	int ret = pl_member_list(store, &filter, walk_member, walk, err);

	if (ret == 0 && walk->failed)
		ret = pl_error_set(err, PL_ERR_RETRY, "out of memory");
	for (size_t i = 0; ret == 0 && i < walk->count; i++)
		ret = pl_member_write(store, &walk->changed[i], err);
	free(walk->changed);
	return ret;
}

static const char *scope_name(enum pl_scope scope)
{
	switch (scope) {
	case PL_SCOPE_INHERITING:
		return "inheriting";
	case PL_SCOPE_NEW:
		return "new";
	case PL_SCOPE_ALL:
		return "all";
	}
	return "inheriting";
}

static int record_set(const struct pl_work *work, const struct pl_domain *before,
		      const struct pl_domain *after, enum pl_scope scope,
		      const struct pl_scope_result *result)
{
	char was[PL_AUDIT_TEXT] = "", is[PL_AUDIT_TEXT] = "", count[32];

	pl_domain_record(before, after, was, is);
	pl_record_settings(&before->settings, &after->settings, was, is, sizeof(is));
	pl_record_word(is, sizeof(is), "scope", scope_name(scope));
	snprintf(count, sizeof(count), "%lld", (long long)(result->pinned + result->cleared));
	pl_record_word(is, sizeof(is), "members-changed", count);
	return pl_audit_add(work, "domain.set", before->name, was, is);
}

int pl_scope_write(const struct pl_work *work, const struct pl_scope_change *scope,
		   enum pl_scope whom, const struct pl_scope_result *result)
{
	return pl_domain_write(work, &scope->after) < 0 ||
			       record_set(work, &scope->before, &scope->after, whom, result) < 0
		       ? pl_error_prefix(work->err, "domain %s", scope->before.name)
		       : 0;
}

int pl_scope_count(const struct pl_work *work, const struct pl_policy *policy, const char *name,
		   const struct pl_change *change, enum pl_scope scope,
		   struct pl_scope_result *result_r)
{
	struct pl_scope_change what;
	struct scope_walk walk = {
		.change = &what, .scope = scope, .result = result_r, .counts_only = 1
	};

	memset(result_r, 0, sizeof(*result_r));
	return pl_scope_begin(work, policy, name, change, &what) < 0
		       ? -1
		       : reach_members(work->store, &walk, work->err);
}

int pl_domain_set_counted(const struct pl_work *work, const struct pl_policy *policy,
			  const char *name, const struct pl_change *change, enum pl_scope scope,
			  const struct pl_scope_result *counted)
{
	struct pl_scope_change what;

	return pl_scope_begin(work, policy, name, change, &what) < 0
		       ? -1
		       : pl_scope_write(work, &what, scope, counted);
}

int pl_domain_set(const struct pl_work *work, const struct pl_policy *policy, const char *name,
		  const struct pl_change *change, enum pl_scope scope,
		  struct pl_scope_result *result_r)
{
	struct pl_scope_change what;
	struct scope_walk walk = { .change = &what, .scope = scope, .result = result_r };

	memset(result_r, 0, sizeof(*result_r));
	if (pl_scope_begin(work, policy, name, change, &what) < 0)
		return -1;
	if (reach_members(work->store, &walk, work->err) < 0)
		return pl_error_prefix(work->err, "domain %s", name);
	return pl_scope_write(work, &what, scope, result_r);
}
