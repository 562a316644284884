/* session_sweep.c - takes away what has expired. */
#include "policy/session/session.h"
#include "policy/credential/throttle.h"

int pl_session_sweep(struct pl_store *store, int64_t now, struct pl_error *err)
{
	const struct {
		enum pl_sql sql;
		int64_t before[2]; /* what the statement binds; 0: no more */
	} sweeps[] = {
		{ PL_SQL_SESSION_SWEEP, { now, now - PL_SESSION_IDLE } },
		{ PL_SQL_TRUSTED_SWEEP, { now } },
		{ PL_SQL_TOKEN_SWEEP, { now } },
		{ PL_SQL_GRANT_SWEEP, { now } },
		{ PL_SQL_TOTP_PENDING_SWEEP, { now } },
		{ PL_SQL_ADDRESS_FAILURE_SWEEP, { now - PL_THROTTLE_FORGET } },
	};

	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
		struct pl_stmt *stmt = pl_stmt(store, sweeps[i].sql);

		for (int b = 0; b < 2 && sweeps[i].before[b] != 0; b++)
			pl_bind_int(stmt, sweeps[i].before[b]);
		if (pl_run(stmt, err) < 0)
			return pl_error_prefix(err, "sweep");
	}
	return 0;
}
