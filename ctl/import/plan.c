/* plan.c - what a source has; see import.h. */
#include "ctl/import/import.h"

#include <stdlib.h>
#include <string.h>

#include "policy/credential/totp_secret.h"

static int no_memory(struct import_plan *plan)
{
	return pl_error_set(plan->err, PL_ERR_RETRY, "out of memory");
}

int import_plan_begin(struct import_plan *plan, const struct ctl *ctl, struct pl_error *err)
{
	const char *prefix = ctl->option[CTL_OPTION_TABLE_PREFIX];

	memset(plan, 0, sizeof(*plan));
	plan->ctl = ctl;
	plan->prefix = prefix == NULL ? "" : prefix;
	plan->err = err;
	plan->domain_index = json_object();
	plan->member_index = json_object();
	return plan->domain_index == NULL || plan->member_index == NULL ? no_memory(plan) : 0;
}

void import_plan_free(struct import_plan *plan)
{
	pl_secret_wipe(&plan->des_key);
	for (size_t i = 0; i < plan->member_count; i++) {
		if (plan->members[i].secret != NULL)
			pl_secret_wipe(plan->members[i].secret);
		free(plan->members[i].secret);
		free(plan->members[i].forward);
	}
	for (size_t i = 0; i < plan->left_count; i++)
		json_decref(plan->left[i].names);
	free(plan->domains);
	free(plan->members);
	free(plan->left);
	json_decref(plan->domain_index);
	json_decref(plan->member_index);
	memset(plan, 0, sizeof(*plan));
}

/* Room for one more; NULL when there is none. */
static void *grow(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room == 0 ? 64 : *room * 2;
	return realloc(array, *room * size);
}

int import_leave(struct import_plan *plan, const char *kind, const char *reason, const char *name)
{
	struct import_left *left = plan->left, *end = plan->left + plan->left_count;

	while (left != end && (strcmp(left->kind, kind) != 0 || strcmp(left->reason, reason) != 0))
		left++;
	if (left == end) {
		left = grow(plan->left, plan->left_count, &plan->left_room, sizeof(*left));
		if (left == NULL)
			return no_memory(plan);
		plan->left = left;
		left += plan->left_count++;
		*left = (struct import_left){ .kind = kind, .names = json_array() };
		snprintf(left->reason, sizeof(left->reason), "%s", reason);
	}
	left->count++;
	if (name != NULL &&
	    json_array_append_new(left->names, json_stringn(name, strlen(name))) < 0)
		return json_array_append_new(left->names, json_string("?")) < 0 ? no_memory(plan)
										: 0;
	return 0;
}

/* ---- domains ---- */

static struct import_domain *find_domain(const struct import_plan *plan, const char *name)
{
	const json_t *at = json_object_get(plan->domain_index, name);

	return at == NULL ? NULL : &plan->domains[json_integer_value(at)];
}

/* name is folded. */
static struct import_domain *new_domain(struct import_plan *plan, const char *name, int active)
{
	struct import_domain *domain =
		grow(plan->domains, plan->domain_count, &plan->domain_room, sizeof(*domain));

	if (domain == NULL ||
	    json_object_set_new(plan->domain_index, name,
				json_integer((json_int_t)plan->domain_count)) < 0) {
		plan->domains = domain == NULL ? plan->domains : domain;
		no_memory(plan);
		return NULL;
	}
	plan->domains = domain;
	domain += plan->domain_count++;
	*domain = (struct import_domain){ .active = active };
	snprintf(domain->name, sizeof(domain->name), "%s", name);
	return domain;
}

int import_add_domain(struct import_plan *plan, const char *name, int active,
		      struct import_domain **domain_r)
{
	char folded[PL_DOMAIN_MAX + 1];
	struct pl_error why = { 0 };

	*domain_r = NULL;
	if (pl_domain_parse(name, folded, &why) < 0)
		return import_leave(plan, "domains", why.msg, name);
	*domain_r = find_domain(plan, folded);
	if (*domain_r == NULL)
		*domain_r = new_domain(plan, folded, active);
	return *domain_r == NULL ? -1 : 0;
}

int import_add_alias_domain(struct import_plan *plan, const char *name, const char *target,
			    int active)
{
	char folded[PL_DOMAIN_MAX + 1];
	struct import_domain *domain;
	struct pl_error why = { 0 };

	if (pl_domain_parse(target, folded, &why) < 0)
		return import_leave(plan, "alias domains", why.msg, name);
	if (import_add_domain(plan, name, active, &domain) < 0)
		return -1;
	if (domain == NULL)
		return 0;
	domain->active = domain->active && active;
	snprintf(domain->alias_of, sizeof(domain->alias_of), "%s", folded);
	return 0;
}

/* ---- members ---- */

struct import_member *import_find_member(const struct import_plan *plan, const char *address)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_address parsed;
	const json_t *at;

	if (pl_address_parse(address, strlen(address), NULL, &parsed, NULL) < 0)
		return NULL;
	at = json_object_get(plan->member_index, pl_address_format(&parsed, text));
	return at == NULL ? NULL : &plan->members[json_integer_value(at)];
}

static struct import_member *new_member(struct import_plan *plan, const struct pl_address *address,
					const char *text)
{
	struct import_domain *domain = find_domain(plan, address->domain);
	struct import_member *member =
		grow(plan->members, plan->member_count, &plan->member_room, sizeof(*member));

	if (member != NULL)
		plan->members = member;
	if (member == NULL ||
	    json_object_set_new(plan->member_index, text,
				json_integer((json_int_t)plan->member_count)) < 0) {
		no_memory(plan);
		return NULL;
	}
	member += plan->member_count++;
	*member = (struct import_member){ .address = *address };
	if (domain != NULL)
		domain->has_members = 1;
	return member;
}

int import_get_member(struct import_plan *plan, const char *name, struct import_member **member_r)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_address parsed;
	struct pl_error why = { 0 };

	*member_r = NULL;
	if (pl_address_parse(name, strlen(name), plan->ctl->policy->default_domain, &parsed, &why) <
	    0)
		return import_leave(plan, "members", why.msg, name);
	*member_r = import_find_member(plan, pl_address_format(&parsed, text));
	if (*member_r == NULL)
		*member_r = new_member(plan, &parsed, text);
	return *member_r == NULL ? -1 : 0;
}

int import_add_member(struct import_plan *plan, const char *address,
		      struct import_member **member_r)
{
	const char *why = strchr(address, '@') == NULL ? "they have no domain"
			  : import_find_member(plan, address) != NULL
				  ? "another one has the same address"
				  : NULL;

	*member_r = NULL;
	return why != NULL ? import_leave(plan, "members", why, address)
			   : import_get_member(plan, address, member_r);
}

int import_set(struct import_plan *plan, struct import_member *member, const char *word)
{
	return pl_change_parse(word, PL_AT_MEMBER, &member->change, plan->err);
}

int import_set_factor(struct import_plan *plan, struct import_member *member, const char *secret,
		      size_t len)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_error why = { 0 };
	struct pl_secret parsed;

	if (pl_totp_secret_parse(secret, len, &parsed, &why) < 0)
		return import_leave(plan, "second factors", why.msg,
				    pl_address_format(&member->address, text));
	if (member->secret != NULL) {
		pl_secret_wipe(&parsed);
		return import_leave(plan, "second factors",
				    "a member has one authenticator: of several, the first comes "
				    "over",
				    pl_address_format(&member->address, text));
	}
	member->secret = malloc(sizeof(*member->secret));
	if (member->secret != NULL)
		*member->secret = parsed;
	pl_secret_wipe(&parsed);
	return member->secret == NULL ? no_memory(plan) : 0;
}

/* ---- aliases ---- */

int import_is_own(const struct import_member *member, const char *text)
{
	struct pl_address parsed;

	return pl_address_parse(text, strlen(text), NULL, &parsed, NULL) == 0 &&
	       strcmp(parsed.local, member->address.local) == 0 &&
	       strcmp(parsed.domain, member->address.domain) == 0;
}

int import_add_alias(struct import_plan *plan, const char *address, const char *go_to,
		     int is_active)
{
	static const char delivery[] =
		"they are delivery, which stays with Postfix: keep them in its virtual_alias_maps";
	struct import_member *member = import_find_member(plan, address);
	char name[2 * PL_ADDRESS_MAX + 16];

	snprintf(name, sizeof(name), "%s to %s", address, go_to);
	if (address[0] == '@')
		return import_leave(plan, "catch-all aliases", delivery, name);
	if (member == NULL)
		return import_leave(plan, "aliases", delivery, name);
	if (import_is_own(member, go_to))
		return 0;
	if (!is_active)
		return import_leave(plan, "forwards", "they are switched off there", name);
	if (member->forward != NULL)
		return import_leave(plan, "forwards",
				    "a member has one: of several, the first comes over", name);
	member->forward = strdup(go_to);
	return member->forward == NULL ? no_memory(plan) : 0;
}
