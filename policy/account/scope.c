/* scope.c - changes a domain's settings and what its members hold; see scope.h. */
#include "policy/account/scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/domain_row.h"
#include "policy/account/member_row.h"
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

/* What a change of the domain does to one member. */
struct scope_walk {
	const struct pl_policy *policy;
	int64_t now;
	const struct pl_domain *before, *after;
	const struct pl_change *change;
	enum pl_scope scope;
	struct pl_scope_result *result;
	/* Members to be rewritten when the walk is over: a table is not changed
	 * while it is read. */
	struct pl_member *changed;
	size_t count, room;
	int failed;
};

static struct pl_resolved holds(const struct scope_walk *walk, const struct pl_domain *domain,
				const struct pl_member *member, enum pl_setting setting)
{
	const struct pl_account account = { .member = *member, .domain = *domain };
	struct pl_layers layers;

	pl_account_layers(&account, walk->policy, walk->now, &layers);
	return pl_resolve(&layers, setting);
}

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
	struct pl_member changed = *member;
	int pinned = 0, cleared = 0;
	/* A member who is switched off stays so. */
	int affected = walk->before->active != walk->after->active && member->active;

	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		enum pl_setting setting = (enum pl_setting)i;
		struct pl_resolved before, after;

		if ((walk->change->settings & 1u << i) == 0)
			continue;
		before = holds(walk, walk->before, member, setting);
		if (walk->scope == PL_SCOPE_NEW && member->settings.value[i] == PL_UNSET) {
			changed.settings.value[i] = (unsigned char)before.value;
			changed.settings.from[i] = 0;
			pinned = 1;
		} else if (walk->scope == PL_SCOPE_ALL && member->settings.value[i] != PL_UNSET) {
			changed.settings.value[i] = PL_UNSET;
			changed.settings.from[i] = 0;
			cleared = 1;
		}
		after = holds(walk, walk->after, &changed, setting);
		if (after.value != before.value || after.next != before.next ||
		    after.next_from != before.next_from)
			affected = 1;
	}
	walk->result->members++;
	walk->result->pinned += pinned;
	walk->result->cleared += cleared;
	walk->result->affected += affected;
	if ((pinned || cleared) && keep_changed(walk, &changed) < 0)
		walk->failed = 1;
	return walk->failed;
}

/* Carries the scope out on the domain's members. */
static int reach_members(struct pl_store *store, struct scope_walk *walk, struct pl_error *err)
{
	const struct pl_member_filter filter = { .domain = walk->before->name };
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

int pl_domain_set(const struct pl_work *work, const struct pl_policy *policy, const char *name,
		  const struct pl_change *change, enum pl_scope scope,
		  struct pl_scope_result *result_r)
{
	struct pl_domain before, after;
	struct scope_walk walk = {
		.policy = policy,
		.now = work->now,
		.before = &before,
		.after = &after,
		.change = change,
		.scope = scope,
		.result = result_r,
	};
	int ret = pl_domain_get(work->store, name, &before, work->err);

	memset(result_r, 0, sizeof(*result_r));
	if (ret == 0 || (ret == 1 && !before.known))
		return pl_error_set(work->err, PL_ERR_CONFLICT,
				    "there is no domain %s; `postlatch domain add %s` adds it",
				    name, name);
	if (ret < 0 || pl_change_check(change, policy, name, work->err) < 0)
		return -1;
	after = before;
	if (pl_domain_apply(work, policy, change, &after) < 0 ||
	    reach_members(work->store, &walk, work->err) < 0 || pl_domain_write(work, &after) < 0 ||
	    record_set(work, &before, &after, scope, result_r) < 0)
		return pl_error_prefix(work->err, "domain %s", name);
	return 0;
}
