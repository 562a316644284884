/* address.h - a member's address, `local@domain`, in the form in which addresses are compared.
 *
 * Letters A-Z are folded to lower case in both parts, as Dovecot's default
 * auth_username_format (%Lu) does. Lengths are those of RFC 5321 4.5.3.1.
 * Control characters, spaces, quotes, '%' in front of '{', a second '@' and
 * bytes of 0x7f and above are not allowed in a member's address: parsing fails,
 * and the caller treats the name as unknown.
 */
#ifndef POSTLATCH_ADDRESS_H
#define POSTLATCH_ADDRESS_H

#include <stddef.h>
#include "policy/base/error.h"

#define PL_LOCAL_MAX 64
#define PL_DOMAIN_MAX 255
#define PL_ADDRESS_MAX (PL_LOCAL_MAX + 1 + PL_DOMAIN_MAX)

struct pl_address {
	char local[PL_LOCAL_MAX + 1];
	char domain[PL_DOMAIN_MAX + 1];
};

/* Parses text of len bytes (NULs among them are refused). A name without '@'
 * gets default_domain, if that is not NULL or empty. */
int pl_address_parse(const char *text, size_t len, const char *default_domain,
		     struct pl_address *address_r, struct pl_error *err);

/* Parses and folds a domain name alone. */
int pl_domain_parse(const char *text, char domain_r[PL_DOMAIN_MAX + 1], struct pl_error *err);

/* Writes local@domain; buf must hold PL_ADDRESS_MAX + 1. Returns buf. */
char *pl_address_format(const struct pl_address *address, char buf[PL_ADDRESS_MAX + 1]);

#endif
