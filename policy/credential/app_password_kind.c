/* app_password_kind.c - see app_password_kind.h. */
#include "policy/credential/app_password_kind.h"

#include <string.h>

static const struct pl_app_password_kind_info kinds[PL_APP_PASSWORD_KIND_COUNT] = {
#define PL_APP_PASSWORD_KIND(id, name, services, asks) { name, services, asks },
#include "policy/credential/app_password_kind.def"
#undef PL_APP_PASSWORD_KIND
};

const struct pl_app_password_kind_info *pl_app_password_kind(enum pl_app_password_kind kind)
{
	return &kinds[kind];
}

int pl_app_password_kind_parse(const char *name, enum pl_app_password_kind *kind_r,
			       struct pl_error *err)
{
	for (unsigned int i = 0; i < PL_APP_PASSWORD_KIND_COUNT; i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			*kind_r = (enum pl_app_password_kind)i;
			return 0;
		}
	}
	return pl_error_set(err, PL_ERR_INVALID,
			    "\"%.64s\" is not a kind of app password; they are mail, "
			    "scanner, script and decoy",
			    name);
}
