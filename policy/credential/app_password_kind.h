/* app_password_kind.h - what an app password is for, and the services of mail clients. */
#ifndef POSTLATCH_APP_PASSWORD_KIND_H
#define POSTLATCH_APP_PASSWORD_KIND_H

#include "policy/base/error.h"
#include "policy/settings/setting.h"

#define PL_SERVICES_TEXT 64 /* of pl_services_format, with its NUL */
/* In a set of services, 1 << enum pl_setting; no bit at all stands for every service. */
#define PL_SERVICES_ALL 0u
/* The same, with a bit for each. */
#define PL_SERVICES_OF_CLIENTS                                                   \
	(1u << PL_SETTING_IMAP | 1u << PL_SETTING_POP3 | 1u << PL_SETTING_SMTP | \
	 1u << PL_SETTING_SIEVE)

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

/* The services of mail clients, in order; PL_SETTING_COUNT after the last. */
enum pl_setting pl_client_service(size_t index);
/* Whether each service of the first set is in the second. */
int pl_services_within(unsigned int services, unsigned int all);
/* "imap,smtp" to a set and back; "" and "all" are every service. 0, or -1 for another word;
 * returns buf. */
int pl_services_parse(const char *text, unsigned int *services_r, struct pl_error *err);
char *pl_services_format(unsigned int services, char *buf, size_t size);

#endif
