/* address.h - a member's address, `local@domain`, in the form in which addresses are compared.
 *
 * The local part is folded to lower case. It may be UTF-8 (RFC 6531), is then normalized to NFC,
 * and keeps letters that have no lower case of their own, for mail is sent to this form. Control
 * characters, spaces, invisible characters, quotes, '%' in front of '{' and a second '@' are not
 * allowed: parsing fails, and the caller treats the name as unknown.
 *
 * The domain is kept as A-labels (RFC 5890), in lower case and without a dot at its end, however
 * it was written; people are shown U-labels. Lengths are those of RFC 5321 4.5.3.1, in bytes.
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

/* Parses and folds a domain name alone, from A-labels or U-labels. */
int pl_domain_parse(const char *text, char domain_r[PL_DOMAIN_MAX + 1], struct pl_error *err);

/* What people are shown holds 63 letters of four bytes for each label. */
#define PL_DOMAIN_DISPLAY_MAX (4 * PL_DOMAIN_MAX)
#define PL_ADDRESS_DISPLAY_MAX (PL_LOCAL_MAX + 1 + PL_DOMAIN_DISPLAY_MAX)

/* Writes the domain, or local@domain, with U-labels (RFC 5890 2.3.2.1) for people. A label that is
 * no valid A-label stays as it is. Both return buf. */
char *pl_domain_display(const char *domain, char buf[PL_DOMAIN_DISPLAY_MAX + 1]);
char *pl_address_display(const struct pl_address *address, char buf[PL_ADDRESS_DISPLAY_MAX + 1]);

/* Writes local@domain; buf must hold PL_ADDRESS_MAX + 1. Returns buf. */
char *pl_address_format(const struct pl_address *address, char buf[PL_ADDRESS_MAX + 1]);

/* Folds a part of an address, as people type it into a search, to the form that addresses have.
 * Returns 0, or -1 when it is not UTF-8 or does not fit into size. */
int pl_address_fold(const char *part, char *folded_r, size_t size);
/* The folded part with A-labels in the place of U-labels in its domain, which is what follows the
 * '@' or, without one, all of it. It is part of an address with a dot at its end. Returns 1, or 0
 * and "" when it has no U-labels, or does not fit. */
int pl_address_fold_domain(const char *folded, char *part_r, size_t size);

#endif
