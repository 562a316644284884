/* show.c - prints what an import has done, or would do; see import.h. */
#include <string.h>

#include "ctl/import/import.h"

#define NAMES_SHOWN 10 /* of those that are left out; --json has all */

struct counts {
	int domains, members, factors, forwards;
	int kept_domains, kept_members, kept_factors, kept_forwards;
};

static int has_forward(const struct import_member *member)
{
	return !member->is_left && member->forward != NULL && member->forward_result != IMPORT_LEFT;
}

static void count(const struct import_plan *plan, struct counts *counts_r)
{
	memset(counts_r, 0, sizeof(*counts_r));
	for (size_t i = 0; i < plan->domain_count; i++) {
		const struct import_domain *domain = &plan->domains[i];

		counts_r->domains += !domain->is_left && domain->result == IMPORT_ADDED;
		counts_r->kept_domains += !domain->is_left && domain->result == IMPORT_KEPT;
	}
	for (size_t i = 0; i < plan->member_count; i++) {
		const struct import_member *member = &plan->members[i];
		const int has_factor = !member->is_left && member->secret != NULL;

		counts_r->members += !member->is_left && member->result == IMPORT_ADDED;
		counts_r->kept_members += !member->is_left && member->result == IMPORT_KEPT;
		counts_r->factors += has_factor && member->factor == IMPORT_ADDED;
		counts_r->kept_factors += has_factor && member->factor == IMPORT_KEPT;
		counts_r->forwards += has_forward(member) && member->forward_result == IMPORT_ADDED;
		counts_r->kept_forwards +=
			has_forward(member) && member->forward_result == IMPORT_KEPT;
	}
}

/* ---- text ---- */

static void show_domain(const struct import_domain *domain)
{
	if (domain->is_left)
		return;
	printf("%s domain ", domain->result == IMPORT_ADDED ? "add " : "keep");
	ctl_put(stdout, domain->name);
	if (domain->result == IMPORT_KEPT)
		fputs(": it is known already, and is not changed", stdout);
	else if (!domain->active)
		fputs(" active=off", stdout);
	if (domain->result == IMPORT_ADDED && domain->alias_of[0] != '\0') {
		fputs(" alias_of=", stdout);
		ctl_put(stdout, domain->alias_of);
	}
	putchar('\n');
}

/* The member's settings, and whether it may sign in. */
static void show_change(const struct pl_change *change)
{
	char settings[1024];
	const struct pl_settings *value = &change->value;

	if (change->has_active && !change->active)
		fputs(" active=off", stdout);
	if (change->has_class && change->class_name[0] != '\0') {
		fputs(" class=", stdout);
		ctl_put(stdout, change->class_name);
	}
	ctl_own_settings(value, settings, sizeof(settings));
	if (strcmp(settings, "-") != 0) {
		putchar(' ');
		ctl_put(stdout, settings);
	}
}

static void show_forward(const struct import_member *member, const char *address)
{
	const int is_added = member->forward_result == IMPORT_ADDED;

	printf("%s forward of ", is_added ? "add " : "keep");
	ctl_put(stdout, address);
	if (is_added) {
		fputs(" to ", stdout);
		ctl_put(stdout, member->forward);
		putchar('\n');
	} else {
		puts(": it has one already");
	}
}

static void show_member(const struct import_member *member)
{
	char text[PL_ADDRESS_MAX + 1];

	if (member->is_left)
		return;
	pl_address_format(&member->address, text);
	printf("%s member ", member->result == IMPORT_ADDED ? "add " : "keep");
	ctl_put(stdout, text);
	if (member->result == IMPORT_ADDED)
		show_change(&member->change);
	else
		fputs(": it is there already, and its settings are not changed", stdout);
	putchar('\n');
	if (member->secret != NULL) {
		printf("%s second factor of ", member->factor == IMPORT_ADDED ? "add " : "keep");
		ctl_put(stdout, text);
		puts(member->factor == IMPORT_ADDED ? "" : ": one is registered already");
	}
	if (has_forward(member))
		show_forward(member, text);
}

static void show_left(const struct import_left *left)
{
	const size_t names = json_array_size(left->names);

	printf("leave out %s (%lld): ", left->kind, (long long)left->count);
	ctl_put(stdout, left->reason);
	putchar('\n');
	for (size_t i = 0; i < names && i < NAMES_SHOWN; i++) {
		fputs("    ", stdout);
		ctl_put(stdout, json_string_value(json_array_get(left->names, i)));
		putchar('\n');
	}
	if (names > NAMES_SHOWN)
		printf("    and %zu more; --json lists all\n", names - NAMES_SHOWN);
}

static int show_text(const struct import_plan *plan, const struct counts *counts,
		     const char *source, int is_written)
{
	for (size_t i = 0; i < plan->domain_count; i++)
		show_domain(&plan->domains[i]);
	for (size_t i = 0; i < plan->member_count; i++)
		show_member(&plan->members[i]);
	for (size_t i = 0; i < plan->left_count; i++)
		show_left(&plan->left[i]);
	printf("added: domains %d, members %d, second factors %d, forwards %d; there already: "
	       "domains %d, members %d, second factors %d, forwards %d\n",
	       counts->domains, counts->members, counts->factors, counts->forwards,
	       counts->kept_domains, counts->kept_members, counts->kept_factors,
	       counts->kept_forwards);
	if (counts->forwards > 0 && !plan->ctl->policy->member_forwards)
		puts("forwards rest until Postfix asks for them (member_forwards = on) and the "
		     "switch forwarding is on for their members");
	if (!is_written)
		printf("nothing was changed; `postlatch import %s FILE --write` does this\n",
		       source);
	return CTL_DONE;
}

/* ---- JSON ---- */

static const char *result_name(enum import_result result)
{
	return result == IMPORT_ADDED ? "added" : "kept";
}

static json_t *domains_json(const struct import_plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->domain_count; i++) {
		const struct import_domain *domain = &plan->domains[i];

		if (!domain->is_left)
			json_array_append_new(list, json_pack("{s:s, s:s*, s:b, s:s}", "domain",
							      domain->name, "alias_of",
							      domain->alias_of[0] != '\0'
								      ? domain->alias_of
								      : NULL,
							      "active", domain->active, "result",
							      result_name(domain->result)));
	}
	return list;
}

static json_t *members_json(const struct import_plan *plan)
{
	char text[PL_ADDRESS_MAX + 1];
	json_t *list = json_array();

	for (size_t i = 0; i < plan->member_count; i++) {
		const struct import_member *member = &plan->members[i];

		if (!member->is_left)
			json_array_append_new(list,
					      json_pack("{s:s, s:b, s:o, s:s, s:s*, s:s*}",
							"member",
							pl_address_format(&member->address, text),
							"active",
							!member->change.has_active ||
								member->change.active,
							"settings",
							ctl_settings_json(&member->change.value),
							"result", result_name(member->result),
							"second_factor",
							member->secret != NULL
								? result_name(member->factor)
								: NULL,
							"forward",
							has_forward(member)
								? result_name(
									  member->forward_result)
								: NULL));
	}
	return list;
}

static json_t *left_json(const struct import_plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->left_count; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:I, s:O}", "kind", plan->left[i].kind,
						"reason", plan->left[i].reason, "count",
						plan->left[i].count, "names", plan->left[i].names));
	return list;
}

int import_show(const struct import_plan *plan, const char *source, int is_written)
{
	struct counts counts;

	count(plan, &counts);
	if (!plan->ctl->json)
		return show_text(plan, &counts, source, is_written);
	return ctl_print_json(json_pack("{s:s, s:b, s:o, s:o, s:o, s:{s:i, s:i, s:i, s:i}}",
					"source", source, "written", is_written, "domains",
					domains_json(plan), "members", members_json(plan),
					"left_out", left_json(plan), "added", "domains",
					counts.domains, "members", counts.members, "second_factors",
					counts.factors, "forwards", counts.forwards),
			      plan->err);
}
