/* session_sweep.c - takes away what has expired. */
#include "policy/session/session.h"
#include "policy/credential/throttle.h"

int pl_session_sweep(const struct pl_work *work)
{
	const struct {
		enum pl_sql sql;
		struct pl_param params[3];
	} sweeps[] = {
		{ PL_SQL_SESSION_SWEEP,
		  { PL_INT("now", work->now), PL_INT("idle_since", work->now - PL_SESSION_IDLE) } },
		{ PL_SQL_TRUSTED_SWEEP, { PL_INT("now", work->now) } },
		{ PL_SQL_TOKEN_SWEEP, { PL_INT("now", work->now) } },
		{ PL_SQL_GRANT_SWEEP, { PL_INT("now", work->now) } },
		{ PL_SQL_TOTP_PENDING_SWEEP, { PL_INT("now", work->now) } },
		{ PL_SQL_SIGN_IN_FAILURE_SWEEP,
		  { PL_INT("forget_before", work->now - PL_THROTTLE_FORGET) } },
	};

	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
		if (pl_exec(work->store, sweeps[i].sql, sweeps[i].params, work->err) < 0)
			return pl_error_prefix(work->err, "sweep");
	}
	return 0;
}
