/* denied_service.h - services of Dovecot that were denied because nothing says which switch holds
 * for them.
 *
 * They are audit records, one for each service and day, and not more of a day than a program that
 * makes up names may write.
 */
#ifndef POSTLATCH_DENIED_SERVICE_H
#define POSTLATCH_DENIED_SERVICE_H

#include "policy/store/work.h"

#define PL_DENIED_SERVICE_DAILY 32

/* In the caller's write transaction; does nothing where there is such a record. 0, or -1. */
int pl_denied_service_add(const struct pl_work *work, const char *service);
/* Calls each for every service that was denied since then, with the time of the last record. 0, or
 * -1. */
int pl_denied_service_list(struct pl_store *store, int64_t since,
			   void (*each)(const char *service, int64_t at, void *context),
			   void *context, struct pl_error *err);

#endif
