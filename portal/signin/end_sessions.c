/* end_sessions.c - see end_sessions.h. */
#include "portal/signin/end_sessions.h"

#include "daemon/log.h"

static void log_failure(const struct pl_error *err)
{
	daemon_log_failure(NULL, err);
}

static void disconnect(const struct request *request)
{
	disconnection_run(&request->disconnection, request->policy, log_failure);
}

void disconnect_afterwards(struct request *request)
{
	request->afterwards = disconnect;
}

void disconnect_session(struct request *request, const struct pl_session *session)
{
	disconnect_afterwards(request);
	disconnection_add_session(&request->disconnection, session);
}

/* Which of the sessions that are listed end. */
struct ending {
	struct request *request;
	int64_t kept;       /* but this one; 0: none */
	int64_t trusted_id; /* of this device; 0: of any */
};

static int add_ending(const struct pl_session *session, void *context)
{
	struct ending *ending = context;

	if (session->id != ending->kept &&
	    (ending->trusted_id == 0 || session->trusted_id == ending->trusted_id))
		disconnect_session(ending->request, session);
	return 0;
}

int disconnect_device(struct request *request, int64_t member_id, int64_t trusted_id)
{
	struct ending ending = { .request = request, .trusted_id = trusted_id };

	return pl_session_list(&request->work, member_id, add_ending, &ending);
}

int end_session(struct request *request, const struct pl_session *session, struct pl_error *err)
{
	struct pl_account account;
	int ended = request_begin_write(request, err);

	if (ended == 0)
		ended = pl_account_get(request->work.store, &session->address, &account, err);
	if (ended == 0)
		ended = pl_session_revoke(&request->work, &account, session->id);
	if (ended < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	if (ended == 1)
		disconnect_session(request, session);
	return 0;
}

int end_own_session(struct request *request, struct pl_error *err)
{
	struct pl_account *account;

	if (request->session.id == 0)
		return 0;
	disconnect_session(request, &request->session);
	return request_account(request, &account, err) < 0 ||
			       pl_session_revoke(&request->work, account, request->session.id) < 0
		       ? -1
		       : 0;
}

int end_other_sessions(struct request *request, struct pl_error *err)
{
	struct ending ending = { .request = request, .kept = request->session.id };
	struct pl_account *account;

	return request_account(request, &account, err) < 0 ||
			       pl_session_list(&request->work, account->member.id, add_ending,
					       &ending) < 0 ||
			       pl_session_revoke_others(&request->work, account,
							request->session.id) < 0
		       ? -1
		       : 0;
}
