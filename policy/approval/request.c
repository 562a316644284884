/* request.c - see request.h. */
#include "policy/approval/request.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "policy/account/audit.h"
#include "policy/approval/push.h"
#include "policy/credential/factor_failure.h"
#include "policy/outbox/notice.h"

#define NUMBERS 90 /* 10 to 99: two digits to type */
#define FIRST_NUMBER 10

static const char *const states[] = {
	[PL_APPROVAL_OPEN] = "open",         [PL_APPROVAL_APPROVED] = "approved",
	[PL_APPROVAL_WRONG] = "wrong",       [PL_APPROVAL_DENIED] = "denied",
	[PL_APPROVAL_REDEEMED] = "redeemed",
};

static int read_state(struct pl_stmt *stmt, enum pl_approval_state *state_r)
{
	char name[16];

	pl_col_copy(stmt, "state", name, sizeof(name));
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(name, states[i]) == 0) {
			*state_r = (enum pl_approval_state)i;
			return 1;
		}
	}
	return 0;
}

/* The one row of the bound statement. 1, 0 or -1. */
static int read_one(struct pl_stmt *stmt, struct pl_approval_request *row_r, struct pl_error *err)
{
	int ret = pl_step(stmt, err);

	memset(row_r, 0, sizeof(*row_r));
	if (ret != 1)
		return ret;
	row_r->id = pl_col_int(stmt, "id");
	row_r->session_id = pl_col_int(stmt, "session_id");
	pl_col_blob(stmt, "nonce", row_r->nonce, sizeof(row_r->nonce));
	row_r->pending = pl_col_int(stmt, "pending") != 0;
	row_r->number = (int)pl_col_int(stmt, "number");
	row_r->created_at = pl_col_int(stmt, "created_at");
	row_r->expires_at = pl_col_int(stmt, "expires_at");
	pl_col_copy(stmt, "ip", row_r->ip, sizeof(row_r->ip));
	pl_col_copy(stmt, "device", row_r->device, sizeof(row_r->device));
	if (!read_state(stmt, &row_r->state))
		ret = pl_error_set(err, PL_ERR_DATA, "approval request %lld has an unknown state",
				   (long long)row_r->id);
	if (ret == 1 && pl_row_ok(stmt, err) < 0)
		ret = -1;
	pl_reset(stmt);
	return ret;
}

int pl_approval_of_session(const struct pl_work *work, const struct pl_session *session,
			   struct pl_approval_request *request_r)
{
	return read_one(pl_query(work->store, PL_SQL_APPROVAL_REQUEST_OF_SESSION,
				 PL_PARAMS(PL_INT("session_id", session->id),
					   PL_INT("now", work->now))),
			request_r, work->err);
}

int pl_approval_waiting(const struct pl_work *work, int64_t member_id,
			struct pl_approval_request *request_r)
{
	return read_one(pl_query(work->store, PL_SQL_APPROVAL_REQUEST_WAITING,
				 PL_PARAMS(PL_INT("member_id", member_id),
					   PL_INT("now", work->now))),
			request_r, work->err);
}

/* ---- the beginning ---- */

static int count(const struct pl_work *work, int64_t member_id, int64_t *devices_r,
		 int64_t *recent_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_APPROVAL_REQUEST_COUNT,
					PL_PARAMS(PL_INT("member_id", member_id),
						  PL_INT("since", work->now - PL_APPROVAL_PERIOD)));
	int ret;

	if (pl_step(stmt, work->err) != 1)
		return -1;
	*devices_r = pl_col_int(stmt, "devices");
	*recent_r = pl_col_int(stmt, "recent");
	ret = pl_row_ok(stmt, work->err);
	pl_reset(stmt);
	return ret;
}

static int make(struct pl_approval_request *request_r, struct pl_error *err)
{
	unsigned char random;

	if (RAND_priv_bytes(request_r->nonce, sizeof(request_r->nonce)) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "there are no random bits");
	do {
		if (RAND_priv_bytes(&random, 1) != 1)
			return pl_error_set(err, PL_ERR_RETRY, "there are no random bits");
	} while (random >= 2 * NUMBERS);
	request_r->number = FIRST_NUMBER + random % NUMBERS;
	return 0;
}

static int insert(const struct pl_work *work, const struct pl_session *session,
		  struct pl_approval_request *request)
{
	request->state = PL_APPROVAL_OPEN;
	request->session_id = session->id;
	request->pending = session->pending;
	request->created_at = work->now;
	request->expires_at = work->now + PL_APPROVAL_SECONDS;
	if (make(request, work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_APPROVAL_REQUEST_INSERT,
		       PL_PARAMS(PL_BLOB("nonce", request->nonce, sizeof(request->nonce)),
				 PL_INT("member_id", session->member_id),
				 PL_INT("session_id", session->id),
				 PL_INT("pending", request->pending),
				 PL_INT("number", request->number), PL_INT("now", work->now),
				 PL_INT("expires_at", request->expires_at),
				 PL_TEXT("ip", request->ip), PL_TEXT("device", request->device)),
		       work->err);
}

int pl_approval_begin(const struct pl_work *work, const struct pl_session *session, const char *ip,
		      const char *device, struct pl_approval_request *request_r,
		      enum pl_approval_begun *begun_r)
{
	int64_t devices, recent;
	int ret = pl_approval_waiting(work, session->member_id, request_r);

	if (ret != 0) {
		*begun_r =
			request_r->session_id == session->id ? PL_APPROVAL_BEGUN : PL_APPROVAL_BUSY;
		return ret < 0 ? -1 : 0;
	}
	if (count(work, session->member_id, &devices, &recent) < 0)
		return -1;
	*begun_r = devices == 0                     ? PL_APPROVAL_NONE
		   : recent >= PL_APPROVAL_REQUESTS ? PL_APPROVAL_TOO_MANY
						    : PL_APPROVAL_BEGUN;
	if (*begun_r != PL_APPROVAL_BEGUN)
		return 0;
	snprintf(request_r->ip, sizeof(request_r->ip), "%s", ip);
	snprintf(request_r->device, sizeof(request_r->device), "%s", device);
	return insert(work, session, request_r) < 0 ||
			       pl_push_wake(work, session->member_id, PL_APPROVAL_SECONDS) < 0
		       ? -1
		       : 0;
}

/* ---- the answer ---- */

static int find(const struct pl_work *work, const struct pl_approval_device *device,
		const unsigned char *nonce, struct pl_approval_request *request_r)
{
	return read_one(pl_query(work->store, PL_SQL_APPROVAL_REQUEST_GET,
				 PL_PARAMS(PL_BLOB("nonce", nonce, PL_APPROVAL_NONCE_BYTES),
					   PL_INT("member_id", device->member_id),
					   PL_INT("now", work->now))),
			request_r, work->err);
}

static int set_state(const struct pl_work *work, int64_t id, enum pl_approval_state state)
{
	return pl_exec(work->store, PL_SQL_APPROVAL_REQUEST_SET,
		       PL_PARAMS(PL_INT("request_id", id), PL_TEXT("state", states[state]),
				 PL_INT("expires_at", work->now + PL_APPROVAL_SECONDS)),
		       work->err);
}

static int used(const struct pl_work *work, const struct pl_approval_device *device)
{
	return pl_exec(work->store, PL_SQL_APPROVAL_DEVICE_USED,
		       PL_PARAMS(PL_INT("device_id", device->id), PL_INT("now", work->now),
				 PL_TEXT("ip", work->actor.from)),
		       work->err);
}

static int approve(const struct pl_work *work, const struct pl_approval_device *device,
		   const unsigned char *nonce, int number, enum pl_approval_answered *answered_r)
{
	struct pl_approval_request request;
	int ret = find(work, device, nonce, &request);
	int right;

	*answered_r = PL_APPROVAL_GONE;
	if (ret != 1 || request.state != PL_APPROVAL_OPEN)
		return ret < 0 ? -1 : 0;
	right = request.number == number;
	*answered_r = right ? PL_APPROVAL_ANSWERED : PL_APPROVAL_WRONG_NUMBER;
	return set_state(work, request.id, right ? PL_APPROVAL_APPROVED : PL_APPROVAL_WRONG) < 0 ||
			       used(work, device) < 0
		       ? -1
		       : 0;
}

int pl_approval_approve_commit(const struct pl_work *work, const struct pl_approval_device *device,
			       const unsigned char nonce[PL_APPROVAL_NONCE_BYTES], int number,
			       enum pl_approval_answered *answered_r)
{
	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	return pl_store_finish(work->store, approve(work, device, nonce, number, answered_r),
			       work->err);
}

static int tell(const struct pl_work *work, const struct pl_account *account,
		const struct pl_approval_request *request)
{
	struct pl_notice_origin origin = { .ip = "" };
	char text[PL_ADDRESS_MAX + 1], what[sizeof(request->device) + PL_IP_TEXT + 8];

	snprintf(origin.ip, sizeof(origin.ip), "%s", request->ip);
	snprintf(origin.device, sizeof(origin.device), "%s", request->device);
	snprintf(what, sizeof(what), "%s (%s)", request->ip, request->device);
	return pl_audit_add(work, "approval.deny",
			    pl_address_format(&account->member.address, text), what, "") < 0 ||
			       pl_notice_add(work, account->member.id, "approval-denied", &origin) <
				       0
		       ? -1
		       : 0;
}

static int deny(const struct pl_work *work, const struct pl_approval_device *device,
		const unsigned char *nonce, struct pl_session *session_r,
		enum pl_approval_answered *answered_r)
{
	struct pl_approval_request request;
	struct pl_account account;
	int ret = find(work, device, nonce, &request);

	*answered_r = PL_APPROVAL_GONE;
	memset(session_r, 0, sizeof(*session_r));
	if (ret != 1 || request.state == PL_APPROVAL_DENIED)
		return ret < 0 ? -1 : 0;
	*answered_r = PL_APPROVAL_ANSWERED;
	if (pl_session_get(work->store, request.session_id, session_r, work->err) < 0 ||
	    pl_account_get(work->store, &device->address, &account, work->err) < 0 ||
	    set_state(work, request.id, PL_APPROVAL_DENIED) < 0 || used(work, device) < 0 ||
	    pl_session_sign_out(work, &account, request.session_id) < 0)
		return -1;
	return tell(work, &account, &request);
}

int pl_approval_deny_commit(const struct pl_work *work, const struct pl_approval_device *device,
			    const unsigned char nonce[PL_APPROVAL_NONCE_BYTES],
			    struct pl_session *session_r, enum pl_approval_answered *answered_r)
{
	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	return pl_store_finish(work->store, deny(work, device, nonce, session_r, answered_r),
			       work->err);
}

/* ---- the end ---- */

int pl_approval_redeem(const struct pl_work *work, const struct pl_session *session)
{
	int64_t redeemed = pl_exec_count(work->store, PL_SQL_APPROVAL_REQUEST_REDEEM,
					 PL_PARAMS(PL_INT("session_id", session->id),
						   PL_INT("pending", session->pending),
						   PL_INT("now", work->now)),
					 work->err);

	if (redeemed <= 0)
		return (int)redeemed;
	return pl_factor_clear(work->store, session->member_id, work->err) < 0 ? -1 : 1;
}
