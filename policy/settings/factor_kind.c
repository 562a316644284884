/* factor_kind.c - see factor_kind.h. */
#include "policy/settings/factor_kind.h"

#include <string.h>

static const char *const names[] = {
#define PL_FACTOR_KIND(id, name) name,
#include "policy/settings/factor_kind.def"
#undef PL_FACTOR_KIND
};

const char *pl_factor_kind_name(enum pl_factor_kind kind)
{
	return names[kind];
}

int pl_factor_kind_by_name(const char *name, enum pl_factor_kind *kind_r)
{
	for (unsigned int i = 0; i < PL_FACTOR_KIND_COUNT; i++) {
		if (strcmp(names[i], name) == 0) {
			*kind_r = (enum pl_factor_kind)i;
			return 1;
		}
	}
	return 0;
}
