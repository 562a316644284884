/* app_password_kind.h - what an app password is for. */
#ifndef POSTLATCH_APP_PASSWORD_KIND_H
#define POSTLATCH_APP_PASSWORD_KIND_H

#include "policy/base/error.h"
#include "policy/settings/services.h"

enum pl_app_password_kind {
#define PL_APP_PASSWORD_KIND(id, name, services, asks) PL_APP_PASSWORD_##id,
#include "policy/credential/app_password_kind.def"
#undef PL_APP_PASSWORD_KIND
	PL_APP_PASSWORD_KIND_COUNT
};

enum pl_app_password_ask { PL_ASK_SERVICES = 1, PL_ASK_NETWORKS = 2, PL_ASK_EXPIRY = 4 };

struct pl_app_password_kind_info {
	const char *name;
	unsigned int services;
	unsigned int asks; /* enum pl_app_password_ask */
};

/* Never NULL for a valid enum. */
const struct pl_app_password_kind_info *pl_app_password_kind(enum pl_app_password_kind kind);
/* 0, or -1 and the error, which lists the kinds. */
int pl_app_password_kind_parse(const char *name, enum pl_app_password_kind *kind_r,
			       struct pl_error *err);

#endif
