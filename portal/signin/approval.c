/* approval.c - see approval.h. */
#include "portal/signin/approval.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/base/random.h"
#include "portal/http/portal.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/factor.h"
#include "portal/signin/qr.h"

/* ---- requests ---- */

static const char *state_name(const struct pl_approval_request *request)
{
	switch (request->state) {
	case PL_APPROVAL_OPEN:
		return "open";
	case PL_APPROVAL_APPROVED:
		return "approved";
	case PL_APPROVAL_WRONG:
		return "wrong-number";
	case PL_APPROVAL_DENIED:
	case PL_APPROVAL_REDEEMED:
		break;
	}
	return "none";
}

static int answer_request(const struct request *request, struct response *response,
			  const struct pl_approval_request *asked)
{
	const int64_t left = asked->expires_at - request->work.now;

	return respond_json(response, 200,
			    json_pack("{s:s, s:i, s:I}", "state", state_name(asked), "number",
				      asked->number, "seconds", (json_int_t)left));
}

/* Whether a factor may be tried now. 1; 0 response says why not; -1. */
static int check_failures(struct request *request, struct response *response)
{
	struct pl_factor_state state;

	if (pl_factor_state(&request->work, request->session.member_id, &state) < 0)
		return -1;
	if (state.failures >= PL_FACTOR_MAX_FAILURES)
		return respond_error(response, 403, "factor-blocked");
	if (state.wait_until > request->work.now)
		return respond_wait(response, 429, "too-many-codes",
				    state.wait_until - request->work.now);
	return 1;
}

static int answer_begun(const struct request *request, struct response *response,
			const struct pl_approval_request *asked, enum pl_approval_begun begun)
{
	switch (begun) {
	case PL_APPROVAL_BEGUN:
		return answer_request(request, response, asked);
	case PL_APPROVAL_BUSY:
		return respond_wait(response, 429, "approval-busy",
				    asked->expires_at - request->work.now);
	case PL_APPROVAL_TOO_MANY:
		return respond_error(response, 429, "too-many-approvals");
	case PL_APPROVAL_NONE:
		break;
	}
	return respond_error(response, 403, "not-allowed");
}

int approval_begin(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_approval_request asked;
	enum pl_approval_begun begun;
	char device[sizeof(asked.device)];
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = check_failures(request, response);
	if (ret != 1)
		return ret;
	request_device(request, device, sizeof(device));
	if (pl_approval_begin(&request->work, &request->session, request->ip_text, device, &asked,
			      &begun) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	return answer_begun(request, response, &asked, begun);
}

int approval_state(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_approval_request asked;
	int ret = pl_approval_of_session(&request->work, &request->session, &asked);

	(void)err;
	if (ret < 0)
		return -1;
	return ret == 1 ? answer_request(request, response, &asked)
			: respond_json(response, 200, json_pack("{s:s}", "state", "none"));
}

int approval_redeem(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = check_failures(request, response);

	(void)err;
	if (ret == 1)
		ret = pl_approval_redeem(&request->work, &request->session);
	else
		return ret;
	return ret == 0 ? respond_error(response, 409, "approval-not-given") : ret;
}

/* ---- registration ---- */

/* The page of the phone, to which the secret is given in a part of the address that no server is
 * sent. */
static char *draw(const struct request *request, const struct pl_enrolment_offer *offer)
{
	char secret[PL_BASE64URL_TEXT(PL_ENROLMENT_SECRET_BYTES)];
	char address[512];
	char *svg;

	snprintf(address, sizeof(address), "%s/approve#%s", request->policy->portal_url,
		 pl_base64url(offer->secret, sizeof(offer->secret), secret));
	svg = qr_svg(address);
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(address, sizeof(address));
	return svg;
}

static int answer_offer(struct request *request, struct response *response,
			const struct pl_enrolment_offer *offer, struct pl_error *err)
{
	char *svg = draw(request, offer);

	if (svg == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the QR code cannot be drawn");
	respond_json(response, 200,
		     json_pack("{s:s, s:s, s:s, s:s, s:I}", "svg", svg, "institution",
			       request->session.address.domain, "user",
			       request->session.address.local, "code", offer->code, "expires_at",
			       (json_int_t)offer->expires_at));
	free(svg);
	return 0;
}

int approval_begin_registration(struct request *request, struct response *response,
				struct pl_error *err)
{
	struct pl_enrolment_offer offer;
	struct pl_account *account;
	int ret = -1;

	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY,
				    "approval devices need the HMAC key (verify_key)");
	if (request_begin_write(request, err) == 0 &&
	    request_account(request, &account, err) == 0 &&
	    pl_enrolment_begin(&request->work, request->verify, account, request->session.id,
			       &offer) == 0 &&
	    pl_store_commit(request->work.store, err) == 0)
		ret = answer_offer(request, response, &offer, err);
	OPENSSL_cleanse(&offer, sizeof(offer));
	return ret;
}

int approval_registration_state(struct request *request, struct response *response,
				struct pl_error *err)
{
	struct pl_enrolment enrolment;
	int ret = pl_enrolment_of_session(&request->work, request->session.id, &enrolment);

	(void)err;
	if (ret < 0)
		return -1;
	if (ret == 0 || !enrolment.is_claimed)
		return respond_json(response, 200,
				    json_pack("{s:s}", "state", ret == 0 ? "none" : "open"));
	return respond_json(response, 200,
			    json_pack("{s:s, s:s, s:s, s:s}", "state", "claimed", "name",
				      enrolment.device.name, "ip", enrolment.device.created_ip,
				      "number", enrolment.number));
}

int approval_register(struct request *request, struct response *response, json_t **codes_r,
		      struct pl_error *err)
{
	enum pl_enrolment_confirmed confirmed;
	struct pl_account *account;
	int is_first;

	if (portal_clock(request, err) < 0 || request_account(request, &account, err) < 0)
		return -1;
	is_first = account->member.factor_kinds == 0;
	if (pl_enrolment_confirm(&request->work, account, request->session.id,
				 request_text(request, "number"), &confirmed) < 0)
		return -1;
	if (confirmed == PL_ENROLMENT_GONE)
		return respond_error(response, 422, "registration-expired");
	if (confirmed == PL_ENROLMENT_TOO_MANY_DEVICES)
		return respond_error(response, 409, "too-many-phones");
	if (!is_first)
		return 1;
	return end_other_sessions(request, err) < 0 ||
			       factor_recovery_codes(request, codes_r, err) < 0
		       ? -1
		       : 1;
}
