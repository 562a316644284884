/* policy.c - shares, searches and frees a policy that was read; see policy.h. */
#include "policy/settings/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pl_option_info options[] = {
#define PL_OPTION_TEXT(field, def, check, text) { #field, "text", def, text, 0, 0 },
#define PL_OPTION_INT(field, def, min, max, text) { #field, #min " to " #max, #def, text, 0, 0 },
#define PL_OPTION_NETWORKS(field, def, text) { #field, "networks", def, text, 0, 0 },
#define PL_OPTION_CHOICE(field, def, words, text) { #field, words, def, text, 0, 0 },
#define PL_OPTION_DOMAIN_TEXT(field, def, check, text) { #field, "text", def, text, 1, 0 },
#define PL_OPTION_DOMAIN_INT(field, def, min, max, text) \
	{ #field, #min " to " #max, #def, text, 1, 0 },
#define PL_OPTION_SECTION_TEXT(field, def, check, text) { #field, "text", def, text, 1, 1 },
#include "policy/settings/policy.def"
};

const struct pl_option_info *pl_policy_option(size_t index)
{
	return index < sizeof(options) / sizeof(options[0]) ? &options[index] : NULL;
}

struct pl_policy *pl_policy_ref(struct pl_policy *policy)
{
	__atomic_add_fetch(&policy->refcount, 1, __ATOMIC_RELAXED);
	return policy;
}

static void free_sections(struct pl_section *sections, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(sections[i].name);
#define PL_OPTION_DOMAIN_TEXT(field, def, check, text) free(sections[i].options.field);
#include "policy/settings/policy.def"
	}
	free(sections);
}

void pl_policy_unref(struct pl_policy **policy_p)
{
	struct pl_policy *policy = *policy_p;

	*policy_p = NULL;
	if (policy == NULL || __atomic_sub_fetch(&policy->refcount, 1, __ATOMIC_ACQ_REL) > 0)
		return;
#define PL_OPTION_TEXT(field, def, check, text) free(policy->field);
#define PL_OPTION_NETWORKS(field, def, text) free(policy->field.networks);
#include "policy/settings/policy.def"
	free_sections(policy->domains, policy->domain_count);
	free_sections(policy->classes, policy->class_count);
	for (size_t i = 0; i < policy->file_count; i++)
		free(policy->files[i]);
	free(policy->files);
	free(policy);
}

char *pl_policy_portal_host(const struct pl_policy *policy, char host_r[PL_DOMAIN_MAX + 1])
{
	const char *start = strstr(policy->portal_url, "://");
	size_t len = 0;

	if (start != NULL) {
		start += 3;
		len = *start == '[' ? strcspn(start, "]") + 1 : strcspn(start, ":");
	}
	snprintf(host_r, PL_DOMAIN_MAX + 1, "%.*s", (int)len, start == NULL ? "" : start);
	return host_r;
}

int pl_section_compare(const void *a, const void *b)
{
	return strcmp(((const struct pl_section *)a)->name, ((const struct pl_section *)b)->name);
}

static const struct pl_section *find_section(const struct pl_section *sections, size_t count,
					     const char *name)
{
	const struct pl_section key = { .name = (char *)name };

	return count == 0 ? NULL : bsearch(&key, sections, count, sizeof(key), pl_section_compare);
}

const struct pl_settings *pl_policy_domain(const struct pl_policy *policy, const char *domain)
{
	const struct pl_section *found =
		find_section(policy->domains, policy->domain_count, domain);

	return found == NULL ? NULL : &found->settings;
}

struct pl_domain_options pl_policy_domain_options(const struct pl_policy *policy,
						  const char *domain)
{
	const struct pl_section *found =
		find_section(policy->domains, policy->domain_count, domain);
	struct pl_domain_options own = { 0 };

	if (found != NULL)
		own = found->options;
#define PL_OPTION_DOMAIN_TEXT(field, def, check, text) \
	if (own.field == NULL)                         \
		own.field = policy->field;
#define PL_OPTION_DOMAIN_INT(field, def, min, max, text) \
	if (own.field == 0)                              \
		own.field = policy->field;
#include "policy/settings/policy.def"
	return own;
}

const struct pl_settings *pl_policy_class(const struct pl_policy *policy, const char *name)
{
	const struct pl_section *found = find_section(policy->classes, policy->class_count, name);

	return found == NULL ? NULL : &found->settings;
}

/* The validators have seen every value. */
static unsigned int kinds_of(const char *list)
{
	unsigned int kinds;

	return pl_factor_kinds_read(list, &kinds) ? kinds : 0;
}

unsigned int pl_policy_second_factors(const struct pl_policy *policy, const char *domain,
				      const char *class_name)
{
	const struct pl_section *of_class =
		find_section(policy->classes, policy->class_count, class_name);

	return kinds_of(of_class != NULL && of_class->options.second_factors != NULL
				? of_class->options.second_factors
				: pl_policy_domain_options(policy, domain).second_factors);
}

static int is_on(const char *value)
{
	return value != NULL && strcmp(value, "on") == 0;
}

int pl_policy_passkey_sign_in(const struct pl_policy *policy, const char *domain,
			      const char *class_name)
{
	const struct pl_section *of_class =
		find_section(policy->classes, policy->class_count, class_name);

	return is_on(of_class != NULL && of_class->options.passkey_sign_in != NULL
			     ? of_class->options.passkey_sign_in
			     : pl_policy_domain_options(policy, domain).passkey_sign_in);
}

int pl_policy_has_passkey_sign_in(const struct pl_policy *policy)
{
	int has = is_on(policy->passkey_sign_in);

	for (size_t i = 0; i < policy->domain_count; i++)
		has |= is_on(policy->domains[i].options.passkey_sign_in);
	for (size_t i = 0; i < policy->class_count; i++)
		has |= is_on(policy->classes[i].options.passkey_sign_in);
	return has;
}

unsigned int pl_policy_administrator_second_factors(const struct pl_policy *policy)
{
	return kinds_of(policy->administrator_second_factors);
}

int pl_policy_forbids(const struct pl_policy *policy, const char *domain, enum pl_setting service)
{
	const struct pl_layers layers = {
		.policy_domain = pl_policy_domain(policy, domain),
		.policy_defaults = &policy->defaults,
	};

	return pl_resolve(&layers, service).source == PL_FROM_FORBIDDEN;
}

int pl_network_list_has(const struct pl_network_list *list, const struct pl_ip *ip)
{
	for (size_t i = 0; i < list->count; i++) {
		if (pl_network_contains(&list->networks[i], ip))
			return 1;
	}
	return 0;
}
