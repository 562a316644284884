/* last_access.c - see last_access.h. */
#include "policy/session/last_access.h"

#include <stdio.h>
#include <string.h>

/* Of what session.c records: "id=7 channel=webmail by=passkey ip=192.0.2.1 device=Linux,
 * Firefox"; by is left out where the password was entered. */
static void read_record(const char *after, struct pl_last_access *access)
{
	const char *ip = strstr(after, " ip="), *device = strstr(after, " device=");

	if (ip != NULL)
		snprintf(access->ip, sizeof(access->ip), "%.*s", (int)strcspn(ip + 4, " "), ip + 4);
	if (device != NULL)
		snprintf(access->device, sizeof(access->device), "%s", device + 8);
}

int pl_session_last_access(const struct pl_work *work, const struct pl_session *session,
			   int64_t since, struct pl_last_access *access_r)
{
	char object[PL_ADDRESS_MAX + 1], own[32];
	struct pl_stmt *stmt;
	int ret;

	memset(access_r, 0, sizeof(*access_r));
	snprintf(own, sizeof(own), "id=%lld %%", (long long)session->id);
	stmt = pl_query(work->store, PL_SQL_SESSION_LAST_ACCESS,
			PL_PARAMS(PL_TEXT("object", pl_address_format(&session->address, object)),
				  PL_TEXT("own", own), PL_INT("since", since)));
	ret = pl_step(stmt, work->err);
	if (ret != 1)
		return ret;
	access_r->at = pl_col_int(stmt, "at");
	read_record(pl_col_text(stmt, "after"), access_r);
	return pl_row_end(stmt, work->err) < 0 ? -1 : 0;
}
