/* restored.c - see restored.h. */
#include "policy/session/restored.h"

#include "policy/credential/totp.h"

int pl_restored(const struct pl_work *work, const char *backup)
{
	if (pl_exec(work->store, PL_SQL_SESSION_DELETE_EVERY, NULL, work->err) < 0 ||
	    pl_exec(work->store, PL_SQL_TRUSTED_DELETE_EVERY, NULL, work->err) < 0 ||
	    pl_exec(work->store, PL_SQL_RECOVERY_REQUEST_DELETE_EVERY, NULL, work->err) < 0 ||
	    pl_totp_use_up(work) < 0)
		return -1;
	return pl_audit_add(work, "db.restore", backup, "", "");
}
