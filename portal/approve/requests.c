/* requests.c - a phone asks for the sign-in that waits, and answers it. */
#include <string.h>

#include "policy/approval/request.h"
#include "policy/base/random.h"
#include "portal/approve/handlers.h"
#include "portal/approve/lock.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/sign_in_log.h"

/* It reads only, as every phone asks every few seconds. */
int post_waiting_request(struct request *request, struct response *response, struct pl_error *err)
{
	char nonce[PL_BASE64URL_TEXT(PL_APPROVAL_NONCE_BYTES)];
	char address[PL_ADDRESS_DISPLAY_MAX + 1];
	struct pl_approval_request asked;
	json_t *waiting = NULL;
	int ret = pl_approval_waiting(&request->work, request->device.member_id, &asked);

	(void)err;
	if (ret < 0)
		return -1;
	if (ret == 1)
		waiting = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "id",
				    pl_base64url(asked.nonce, sizeof(asked.nonce), nonce), "for",
				    asked.pending ? "sign-in" : "change", "ip", asked.ip, "browser",
				    asked.device, "at", (json_int_t)asked.created_at, "seconds",
				    (json_int_t)(asked.expires_at - request->work.now));
	return respond_json(response, 200,
			    json_pack("{s:s, s:s, s:o?}", "account",
				      pl_address_display(&request->device.address, address), "name",
				      request->device.name, "request", waiting));
}

static int answer(struct response *response, enum pl_approval_answered answered)
{
	switch (answered) {
	case PL_APPROVAL_ANSWERED:
		return respond_json(response, 200, json_object());
	case PL_APPROVAL_WRONG_NUMBER:
		return respond_error(response, 422, "wrong-number");
	case PL_APPROVAL_GONE:
		break;
	}
	return respond_error(response, 409, "approval-gone");
}

/* 1 or 0. */
static int read_nonce(const struct request *request, unsigned char nonce_r[PL_APPROVAL_NONCE_BYTES])
{
	return pl_base64url_read(request_text(request, "request"), nonce_r,
				 PL_APPROVAL_NONCE_BYTES);
}

int post_approve(struct request *request, struct response *response, struct pl_error *err)
{
	const int number = (int)json_integer_value(json_object_get(request->json, "number"));
	enum pl_approval_answered answered;
	unsigned char nonce[PL_APPROVAL_NONCE_BYTES];
	int ret;

	ret = lock_check(request, response, err);
	if (ret != 1)
		return ret;
	if (!read_nonce(request, nonce))
		return respond_bad_field(response, "request");
	if (pl_approval_approve_commit(&request->work, &request->device, nonce, number, &answered) <
	    0)
		return -1;
	if (answered == PL_APPROVAL_WRONG_NUMBER)
		log_sign_in(request->ip_text, request->address, "wrong-number");
	return answer(response, answered);
}

int post_deny(struct request *request, struct response *response, struct pl_error *err)
{
	enum pl_approval_answered answered;
	unsigned char nonce[PL_APPROVAL_NONCE_BYTES];
	struct pl_session session;

	(void)err;
	if (!read_nonce(request, nonce))
		return respond_bad_field(response, "request");
	if (pl_approval_deny_commit(&request->work, &request->device, nonce, &session, &answered) <
	    0)
		return -1;
	if (answered == PL_APPROVAL_ANSWERED) {
		log_sign_in(session.ip, request->address, "approval-denied");
		if (!session.pending)
			disconnect_session(request, &session);
	}
	return answer(response, answered);
}
