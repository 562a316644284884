/* let_in.c - see let_in.h. */
#include "portal/signin/let_in.h"

#include <string.h>

#include "policy/credential/trusted.h"
#include "portal/http/portal.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/notify.h"
#include "portal/signin/session_answer.h"
#include "portal/signin/sign_in_count.h"
#include "portal/signin/sign_in_log.h"

/* What a sign-in has found out so far. */
struct sign_in {
	const struct pl_passkey *passkey; /* NULL: the account password was right */
	struct pl_account account;
	enum next_step next;
	enum pl_trust trust;
	struct pl_trusted device; /* id 0: none was used */
	struct pl_secret device_cookie;
	struct pl_session session;
	struct pl_secret cookie;
};

/* Looks at the cookie of a trusted device, and uses it where that decides. */
static int use_device(struct request *request, struct sign_in *in)
{
	struct pl_secret cookie;
	int ret = 0;

	if (in->account.member.id == 0 || !request_cookie(request, DEVICE_COOKIE, &cookie))
		return 0;
	ret = pl_trusted_peek(&request->work, &cookie, in->account.member.id, &in->trust,
			      &in->device.id);
	if (ret == 0 && in->trust == PL_TRUST_STOLEN)
		ret = disconnect_device(request, in->account.member.id, in->device.id);
	if (ret == 0 && in->trust == PL_TRUST_VALID)
		in->next = next_step_of(request, &in->account, 1);
	/* Where no step was next without it, its value need not change. */
	if (ret == 0 && in->trust != PL_TRUST_NONE)
		ret = pl_trusted_use(&request->work, &cookie, in->account.member.id,
				     request->ip_text, &in->trust, &in->device, &in->device_cookie);
	if (ret == 0 && in->trust == PL_TRUST_STOLEN)
		ret = notify_member(request, in->account.member.id, "device-stolen");
	if (ret == 0 && in->trust != PL_TRUST_VALID)
		in->device.id = 0;
	pl_secret_wipe(&cookie);
	return ret;
}

static int open_session(struct request *request, struct sign_in *in)
{
	struct pl_session *session = &in->session;

	session->channel = PL_CHANNEL_WEBMAIL;
	session->pending = in->next != NEXT_NOTHING;
	session->trusted_id = in->device.id;
	session->passkey_alone = in->passkey != NULL;
	if (in->passkey != NULL)
		session->second_factor = PL_FACTOR_BIT(PL_FACTOR_PASSKEY);
	else if (in->device.id != 0)
		session->second_factor = PL_SESSION_BY_OTHER;
	/* The password proves nothing to one who has a factor. */
	if (in->passkey != NULL || in->account.member.factor_kinds == 0)
		session->reauthenticated_at = request->work.now;
	memcpy(session->ip, request->ip_text, sizeof(session->ip));
	request_device(request, session->device, sizeof(session->device));
	return pl_session_open(&request->work, &in->account, session, &in->cookie);
}

/* The operator's passdbs may have turned the name into that of another account. */
static enum next_step first_step(const struct request *request, const struct sign_in *in)
{
	if (in->passkey == NULL)
		return next_step_of(request, &in->account, 0);
	return in->account.member.id == in->passkey->member_id
		       ? next_step_by_passkey(request, &in->account)
		       : NEXT_DENIED;
}

/* In a write transaction. */
static int decide(struct request *request, struct sign_in *in, const struct pl_address *address,
		  struct pl_error *err)
{
	if (pl_account_get(request->work.store, address, &in->account, err) < 0)
		return -1;
	in->next = first_step(request, in);
	if (in->next == NEXT_DENIED)
		return 0;
	if (in->next == NEXT_CODE && use_device(request, in) < 0)
		return -1;
	return end_own_session(request, err) < 0 || open_session(request, in) < 0 ? -1 : 0;
}

static const char *result_of(const struct sign_in *in)
{
	if (in->trust == PL_TRUST_STOLEN)
		return "device-stolen";
	return in->next == NEXT_NOTHING ? "ok" : next_step_name(in->next);
}

static enum pl_offer offer_of(const struct sign_in *in)
{
	return in->passkey != NULL ? PL_OFFER_PASSKEY : PL_OFFER_PROVEN;
}

static const char *credential_of(const struct sign_in *in)
{
	if (in->passkey != NULL)
		return SIGN_IN_BY_PASSKEY_ALONE;
	return in->device.id != 0 ? SIGN_IN_BY_DEVICE : SIGN_IN_BY_PASSWORD;
}

/* The password was right: the member is in, or a step is to follow. */
static void count(const struct request *request, const struct sign_in *in, const char *address)
{
	const int is_in = in->next == NEXT_NOTHING;

	count_sign_in(request, address, is_in ? PL_LOGIN_ALLOWED : PL_LOGIN_PENDING,
		      credential_of(in),
		      is_in ? "signed-in" : next_step_rule(request, &in->account, offer_of(in)));
}

/* The cookies and the answer to what is committed. */
static int admit(struct request *request, struct response *response, struct sign_in *in,
		 const char *address, struct pl_error *err)
{
	log_sign_in(request->ip_text, address, result_of(in));
	count(request, in, address);
	if (in->trust == PL_TRUST_STOLEN) {
		respond_cookie(response, DEVICE_COOKIE, &in->device_cookie, -1);
	} else if (in->device_cookie.len > 0) {
		respond_cookie(response, DEVICE_COOKIE, &in->device_cookie,
			       (int)(in->device.expires_at - request->work.now));
	}
	respond_cookie(response, SESSION_COOKIE, &in->cookie, 0);
	return answer_session(request, response, &in->session, &in->cookie, &in->account, in->next,
			      err);
}

int let_in_refuse(const struct request *request, struct response *response,
		  const struct pl_account *account, enum pl_offer offer, const char *address)
{
	log_sign_in(request->ip_text, address, "denied");
	count_sign_in(request, address, PL_LOGIN_REFUSED,
		      offer == PL_OFFER_PASSKEY ? SIGN_IN_BY_PASSKEY_ALONE : SIGN_IN_BY_PASSWORD,
		      next_step_rule(request, account, offer));
	return respond_error(response, 403, next_step_refusal(request, account, offer));
}

int let_in(struct request *request, struct response *response, const char *user,
	   const struct pl_passkey *passkey, struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_address address;
	struct sign_in in = { .passkey = passkey, .trust = PL_TRUST_NONE };
	int ret;

	if (pl_address_parse(user, strlen(user), request->policy->default_domain, &address, NULL) <
	    0) {
		log_sign_in(request->ip_text, user, "no-address");
		count_sign_in(request, user, PL_LOGIN_REFUSED, SIGN_IN_BY_NOTHING, "name-invalid");
		return respond_error(response, 403, "not-allowed");
	}
	request->work.actor.who = pl_address_format(&address, text);
	ret = request_begin_write(request, err);
	if (ret == 0)
		ret = decide(request, &in, &address, err);
	if (ret == 0 && in.next == NEXT_DENIED) {
		ret = let_in_refuse(request, response, &in.account, offer_of(&in), text);
	} else if (ret == 0) {
		ret = pl_store_commit(request->work.store, err);
		if (ret == 0)
			ret = admit(request, response, &in, text, err);
	}
	pl_secret_wipe(&in.cookie);
	pl_secret_wipe(&in.device_cookie);
	request->work.actor.who = "portal";
	return ret;
}
