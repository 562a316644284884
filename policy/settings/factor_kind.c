/* factor_kind.c - see factor_kind.h. */
#include "policy/settings/factor_kind.h"

#include <stdio.h>
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

int pl_factor_kinds_read(const char *list, unsigned int *kinds_r)
{
	*kinds_r = 0;
	while (*(list += strspn(list, ", \t")) != '\0') {
		const size_t len = strcspn(list, ", \t");
		enum pl_factor_kind kind;
		char word[16];

		if (len >= sizeof(word))
			return 0;
		snprintf(word, sizeof(word), "%.*s", (int)len, list);
		if (!pl_factor_kind_by_name(word, &kind))
			return 0;
		*kinds_r |= PL_FACTOR_BIT(kind);
		list += len;
	}
	return *kinds_r != 0;
}
