/* end_sessions.c - see end_sessions.h. */
#include "portal/signin/end_sessions.h"

#include <stdio.h>

#include "daemon/log.h"
#include "dovecot/doveadm.h"

#define BATCH 64

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

/* Ids of the member's other sessions, as many as fit. */
struct others {
	const struct pl_session *own;
	int64_t id[BATCH];
	int with_trust[BATCH];
	size_t count;
};

static int add_session(const struct pl_session *session, void *context)
{
	struct others *others = context;

	if (session->id == others->own->id)
		return 0;
	others->id[others->count] = session->id;
	/* Two sessions of one browser share its trust. */
	others->with_trust[others->count] = session->trusted_id != others->own->trusted_id;
	return ++others->count == BATCH;
}

int end_other_sessions(struct request *request, struct pl_error *err)
{
	const struct pl_session *own = &request->session;
	struct others others = { .own = own };
	struct pl_account *account;

	if (request_account(request, &account, err) < 0)
		return -1;
	do {
		others.count = 0;
		if (pl_session_list(&request->work, own->member_id, add_session, &others) < 0)
			return -1;
		for (size_t i = 0; i < others.count; i++) {
			if (pl_session_revoke(&request->work, account, others.id[i],
					      others.with_trust[i]) < 0)
				return -1;
		}
	} while (others.count == BATCH);
	return 0;
}
