/* postfix_domains.h - the domains whose mailboxes the Postfix of this machine has.
 *
 * They are those of virtual_mailbox_domains, and of mydestination without the names of the
 * machine itself. Nobody has a mailbox in virtual_alias_domains and relay_domains.
 */
#ifndef POSTLATCH_POSTFIX_DOMAINS_H
#define POSTLATCH_POSTFIX_DOMAINS_H

#include "policy/base/address.h"

struct domain_names {
	char (*names)[PL_DOMAIN_MAX + 1]; /* folded; a name may be there twice */
	size_t count, room;
};

/* Adds a name. PL_ERR_INVALID when it is not a domain name. */
int domain_names_add(struct domain_names *list, const char *name, struct pl_error *err);
void domain_names_free(struct domain_names *list);

/* Asks postconf, and postmap about tables. dir is Postfix's configuration directory, or NULL.
 * PL_ERR_CONFLICT when a table cannot be listed, which is so with databases and patterns:
 * some of the domains would be worse than none. */
int postfix_domains(const char *dir, struct domain_names *list, struct pl_error *err);

#endif
