/* end_sessions.c - see end_sessions.h. */
#include "portal/signin/end_sessions.h"

#include <stdio.h>

#include "daemon/log.h"
#include "dovecot/doveadm.h"

static void kick(const struct request *request)
{
	const struct pl_policy *policy = request->policy;
	struct pl_error err = { 0 };

	if (policy->doveadm_url[0] != '\0' &&
	    doveadm_kick(policy->doveadm_url, policy->doveadm_key_file, request->kicked, &err) < 0)
		daemon_log_failure(NULL, &err);
}

void disconnect_member(struct request *request, const char *address)
{
	snprintf(request->kicked, sizeof(request->kicked), "%s", address);
	request->afterwards = kick;
}

int end_session(struct request *request, const struct pl_session *session, struct pl_error *err)
{
	char address[PL_ADDRESS_MAX + 1];
	struct pl_account account;
	int ended = pl_store_begin_write(request->work.store, err);

	if (ended == 0)
		ended = pl_account_get(request->work.store, &session->address, &account, err);
	if (ended == 0)
		ended = pl_session_revoke(&request->work, &account, session->id, 0);
	if (ended < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	if (ended == 1)
		disconnect_member(request, pl_address_format(&session->address, address));
	return 0;
}

int end_other_sessions(struct request *request, struct pl_error *err)
{
	struct pl_account *account;

	return request_account(request, &account, err) < 0
		       ? -1
		       : pl_session_revoke_others(&request->work, account, request->session.id);
}
