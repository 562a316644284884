/* services.h - the services of mail clients, and sets of them: what a credential covers.
 *
 * A set is 1 << enum pl_setting for each service in it; no bit at all stands for every service.
 */
#ifndef POSTLATCH_SERVICES_H
#define POSTLATCH_SERVICES_H

#include "policy/base/error.h"
#include "policy/settings/setting.h"

#define PL_SERVICES_TEXT 64 /* of pl_services_format, with its NUL */
#define PL_SERVICES_ALL 0u
/* The same, with a bit for each. */
#define PL_SERVICES_OF_CLIENTS                                                   \
	(1u << PL_SETTING_IMAP | 1u << PL_SETTING_POP3 | 1u << PL_SETTING_SMTP | \
	 1u << PL_SETTING_SIEVE)
/* A bit of none of them: a set that covers nothing, to begin with. */
#define PL_SERVICES_NONE (1u << PL_SETTING_COUNT)

struct pl_stmt;

/* The services of mail clients, in order; PL_SETTING_COUNT after the last. */
enum pl_setting pl_client_service(size_t index);
/* Whether the set covers the service. */
int pl_services_cover(unsigned int services, enum pl_setting service);
/* Whether each service of the first set is in the second. */
int pl_services_within(unsigned int services, unsigned int all);
/* "imap,smtp" to a set and back; "" and "all" are every service. 0, or -1 for another word;
 * returns buf. */
int pl_services_parse(const char *text, unsigned int *services_r, struct pl_error *err);
char *pl_services_format(unsigned int services, char *buf, size_t size);
/* The column services of a row. A word that this version does not know widens nothing. */
unsigned int pl_services_read(struct pl_stmt *stmt);

#endif
