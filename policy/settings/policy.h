/* policy.h - the policy file, read and checked.
 *
 * A policy is immutable once it is loaded, and counted by reference. So a reload swaps one
 * pointer, and threads continue with the policy that they hold. The syntax is libconfuse's;
 * policy.conf(5) and conf.d/policy.conf show every setting.
 */
#ifndef POSTLATCH_POLICY_H
#define POSTLATCH_POLICY_H

#include <stddef.h>
#include "policy/base/address.h"
#include "policy/settings/decide.h"
#include "policy/base/error.h"
#include "policy/base/network.h"
#include "policy/settings/factor_kind.h"
#include "policy/settings/setting.h"

#define PL_POLICY_DEFAULT_PATH "/etc/postlatch/policy.conf"
#define PL_POLICY_FILE_MAX (1024 * 1024) /* bytes; a larger file is refused and not read */
#define PL_CLASS_MAX 64                  /* bytes of a class name */

struct pl_network_list {
	struct pl_network *networks;
	size_t count;
};

/* Plain settings of which a domain section may have its own; of some, a class section, too. */
struct pl_domain_options {
#define PL_OPTION_DOMAIN_TEXT(field, def, check, text) char *field;
#define PL_OPTION_DOMAIN_INT(field, def, min, max, text) long field;
#include "policy/settings/policy.def"
};

/* A `domain "name"` or `class "name"` section. */
struct pl_section {
	char *name;
	const char *file; /* where it stands, one of the policy's files */
	unsigned int line;
	struct pl_settings settings;
	struct pl_domain_options options; /* 0 and NULL: the section has none */
};

/* Compares sections by name, for qsort and bsearch. */
int pl_section_compare(const void *a, const void *b);

/* The words of unknown_domains in policy.def, in their order. */
enum pl_approval_lock { PL_APPROVAL_LOCK_REQUIRED, PL_APPROVAL_LOCK_OPTIONAL };
enum pl_unknown_domains { PL_UNKNOWN_DENY, PL_UNKNOWN_ALLOW };

/* Only policy_file.c writes to it. */
struct pl_policy {
#define PL_OPTION_TEXT(field, def, check, text) char *field;
#define PL_OPTION_INT(field, def, min, max, text) long field;
#define PL_OPTION_NETWORKS(field, def, text) struct pl_network_list field;
#define PL_OPTION_CHOICE(field, def, words, text) int field;
#include "policy/settings/policy.def"
	struct pl_settings defaults;
	struct pl_section *domains; /* sorted by name */
	size_t domain_count;
	struct pl_section *classes;
	size_t class_count;
	char **files; /* the policy file and everything it includes */
	size_t file_count;
	int refcount; /* atomic */
};

/* Reads a file; an error names file, line and setting. Not to be called from
 * two threads at once: libconfuse's scanner keeps its state in globals. */
int pl_policy_load(const char *path, struct pl_policy **policy_r, struct pl_error *err);
/* Reads the policy from memory; include() is refused. name is the file name in errors. */
int pl_policy_parse(const char *text, size_t len, const char *name, struct pl_policy **policy_r,
		    struct pl_error *err);
struct pl_policy *pl_policy_ref(struct pl_policy *policy);
/* Drops one reference and sets *policy to NULL. Accepts NULL. */
void pl_policy_unref(struct pl_policy **policy);

/* The settings of the section, or NULL when the file does not have one of that name. */
const struct pl_settings *pl_policy_domain(const struct pl_policy *policy, const char *domain);
/* What holds in the domain; the texts are the policy's. */
struct pl_domain_options pl_policy_domain_options(const struct pl_policy *policy,
						  const char *domain);
/* The kinds of second factors that members of the domain and class may use: what the section of the
 * class says, or that of the domain, or the file. */
unsigned int pl_policy_second_factors(const struct pl_policy *policy, const char *domain,
				      const char *class_name);
/* Whether such members may sign in with a passkey alone; in the same order. */
int pl_policy_passkey_sign_in(const struct pl_policy *policy, const char *domain,
			      const char *class_name);
/* Whether any members may. */
int pl_policy_has_passkey_sign_in(const struct pl_policy *policy);
/* Those that suffice for administrators. */
unsigned int pl_policy_administrator_second_factors(const struct pl_policy *policy);
const struct pl_settings *pl_policy_class(const struct pl_policy *policy, const char *name);
/* The name or address in portal_url, without scheme and port; "" when it is not set. Returns
 * host_r. */
char *pl_policy_portal_host(const struct pl_policy *policy, char host_r[PL_DOMAIN_MAX + 1]);
/* Whether the policy file forbids a service in that domain. */
int pl_policy_forbids(const struct pl_policy *policy, const char *domain, enum pl_setting service);
int pl_network_list_has(const struct pl_network_list *list, const struct pl_ip *ip);

struct pl_option_info {
	const char *name, *type, *fallback, *text;
	int is_domain; /* a domain section may have its own */
	int is_class;  /* and so may a class section */
};
/* The table of plain settings, in order; NULL after its end. For manuals. */
const struct pl_option_info *pl_policy_option(size_t index);

#endif
