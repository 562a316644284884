/* factor_kind.h - the kinds of second factors (factor_kind.def), and sets of them.
 *
 * Pure. A set is a number with PL_FACTOR_BIT of each kind in it; 0 is the empty one, "no second
 * factor".
 */
#ifndef POSTLATCH_FACTOR_KIND_H
#define POSTLATCH_FACTOR_KIND_H

enum pl_factor_kind {
#define PL_FACTOR_KIND(id, name) PL_FACTOR_##id,
#include "policy/settings/factor_kind.def"
#undef PL_FACTOR_KIND
	PL_FACTOR_KIND_COUNT
};

#define PL_FACTOR_BIT(kind) (1u << (kind))
#define PL_FACTOR_KINDS_ALL (PL_FACTOR_BIT(PL_FACTOR_KIND_COUNT) - 1)

/* "totp" */
const char *pl_factor_kind_name(enum pl_factor_kind kind);
/* Returns 1 and the kind, or 0 when there is none of that name. */
int pl_factor_kind_by_name(const char *name, enum pl_factor_kind *kind_r);

/* Reads a list, "totp, passkey". Returns 1 and the set, which is not empty; or 0. */
int pl_factor_kinds_read(const char *list, unsigned int *kinds_r);

#endif
