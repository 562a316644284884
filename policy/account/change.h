/* change.h - a change of settings, as written by a person: "pop3=off".
 *
 * Knows active, class (of members), two_factor_grace_days and alias_of (of domains) beside the
 * settings of settings.def.
 */
#ifndef POSTLATCH_CHANGE_H
#define POSTLATCH_CHANGE_H

#include <stddef.h>
#include "policy/account/grace.h"
#include "policy/settings/policy.h"

struct pl_change {
	unsigned int settings; /* 1 << enum pl_setting: those that value holds */
	struct pl_settings value;
	int has_active, active;
	int has_class;
	char class_name[PL_CLASS_MAX + 1]; /* "" for none */
	int has_grace;
	struct pl_grace grace; /* of domains */
	int has_alias_of;
	char alias_of[PL_DOMAIN_MAX + 1]; /* "" for none */
};

/* Reads one "name=value" into the change. where is PL_AT_MEMBER or PL_AT_DOMAIN. */
int pl_change_parse(const char *word, enum pl_layer_bit where, struct pl_change *change,
		    struct pl_error *err);
/* Whether it changes what an alias cannot have of its own. */
int pl_change_has_settings(const struct pl_change *change);
/* PL_ERR_CONFLICT when the change switches on what the policy file forbids in
 * that domain. */
int pl_change_check(const struct pl_change *change, const struct pl_policy *policy,
		    const char *domain, struct pl_error *err);

#endif
