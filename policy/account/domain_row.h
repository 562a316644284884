/* domain_row.h - changing and writing a domain, for the files of policy/account/. */
#ifndef POSTLATCH_DOMAIN_ROW_H
#define POSTLATCH_DOMAIN_ROW_H

#include "policy/account/domain.h"

/* Applies the change to what was read. PL_ERR_CONFLICT when the domain cannot be the alias that it
 * is to be, or is one and is given settings of its own. */
int pl_domain_apply(const struct pl_work *work, const struct pl_policy *policy,
		    const struct pl_change *change, struct pl_domain *domain);
/* Writes a domain that is known from now on; there may be a row of it already. */
int pl_domain_write(const struct pl_work *work, const struct pl_domain *domain);
/* Appends to the record of a change what differs but the settings. */
void pl_domain_record(const struct pl_domain *before, const struct pl_domain *after, char *was,
		      char *is);

#endif
