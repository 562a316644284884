/* denied_service.c - see denied_service.h. */
#include "policy/account/denied_service.h"

#include "policy/account/audit.h"
#include "policy/settings/other_services.h"

/* 1 when a record is missing, 0 or -1. */
static int is_new(const struct pl_work *work, const char *service)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_DENIED_SERVICE_COUNT,
					PL_PARAMS(PL_TEXT("service", service),
						  PL_INT("since", work->now - PL_DAY_SECONDS)));
	int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	ret = pl_col_int(stmt, "same") == 0 &&
	      pl_col_int(stmt, "denials") < PL_DENIED_SERVICE_DAILY;
	return pl_row_end(stmt, work->err) < 0 ? -1 : ret;
}

int pl_denied_service_add(const struct pl_work *work, const char *service)
{
	int ret = is_new(work, service);

	return ret == 1 ? pl_audit_add(work, "service.deny", service, "", "") : ret;
}

int pl_denied_service_list(struct pl_store *store, int64_t since,
			   void (*each)(const char *service, int64_t at, void *context),
			   void *context, struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_DENIED_SERVICE_LIST, PL_PARAMS(PL_INT("since", since)));
	char service[PL_OTHER_SERVICE_MAX + 1];
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		pl_col_copy(stmt, "service", service, sizeof(service));
		each(service, pl_col_int(stmt, "last_at"), context);
	}
	return ret;
}
