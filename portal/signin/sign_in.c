/* sign_in.c - the account password, and the session that it opens. */
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "portal/signin/handlers.h"
#include "portal/signin/session_answer.h"
#include "policy/credential/totp.h"
#include "policy/credential/trusted.h"
#include "portal/http/portal.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/guards.h"
#include "portal/signin/notify.h"
#include "portal/signin/password.h"
#include "portal/signin/sign_in_count.h"
#include "portal/signin/sign_in_log.h"

/* No answer comes sooner, so that work that is done for some names only does not
 * show (Dovecot adds its own delay to refusals). */
#define FLOOR_MS 250
#define JITTER_MS 50

int get_session(struct request *request, struct response *response, struct pl_error *err)
{
	enum next_step next = NEXT_NOTHING;
	struct pl_account *account = NULL;
	const char *why;

	if (request->session.id == 0)
		return why_signed_out(request, &why) < 0
			       ? -1
			       : answer_no_session(request, response, why);
	if (request->session.pending) {
		if (request_account(request, &account, err) < 0)
			return -1;
		next = next_step_of(request, account, 0);
		/* The rules have changed since: the password alone decides anew. */
		if (next == NEXT_DENIED || next == NEXT_NOTHING)
			return answer_no_session(request, response, "ended");
	}
	return answer_session(request, response, &request->session, &request->cookie, account, next,
			      err);
}

/* What a sign-in has found out so far. */
struct sign_in {
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

/* The session ends that the browser had before; a new one has a new cookie. */
static int end_former(struct request *request, struct pl_error *err)
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

static int open_session(struct request *request, struct sign_in *in)
{
	struct pl_session *session = &in->session;

	session->channel = PL_CHANNEL_WEBMAIL;
	session->pending = in->next != NEXT_NOTHING;
	session->trusted_id = in->device.id;
	session->second_factor = in->device.id != 0 ? PL_SESSION_BY_OTHER : 0;
	/* The password proves nothing to one who has a factor. */
	session->reauthenticated_at =
		session->pending || in->account.member.factor_kinds != 0 ? 0 : request->work.now;
	memcpy(session->ip, request->ip_text, sizeof(session->ip));
	request_device(request, session->device, sizeof(session->device));
	return pl_session_open(&request->work, &in->account, session, &in->cookie);
}

/* In a write transaction. */
static int decide(struct request *request, struct sign_in *in, const struct pl_address *address,
		  struct pl_error *err)
{
	if (pl_account_get(request->work.store, address, &in->account, err) < 0)
		return -1;
	in->next = next_step_of(request, &in->account, 0);
	if (in->next == NEXT_DENIED)
		return 0;
	if (in->next == NEXT_CODE && use_device(request, in) < 0)
		return -1;
	return end_former(request, err) < 0 || open_session(request, in) < 0 ? -1 : 0;
}

static const char *result_of(const struct sign_in *in)
{
	if (in->trust == PL_TRUST_STOLEN)
		return "device-stolen";
	return in->next == NEXT_NOTHING ? "ok" : next_step_name(in->next);
}

/* The password was right: the member is in, or a step is to follow. */
static void count(const struct request *request, const struct sign_in *in, const char *address)
{
	const int is_in = in->next == NEXT_NOTHING;

	count_sign_in(request, address, is_in ? PL_LOGIN_ALLOWED : PL_LOGIN_PENDING,
		      in->device.id != 0 ? SIGN_IN_BY_DEVICE : SIGN_IN_BY_PASSWORD,
		      is_in ? "signed-in" : next_step_rule(request, &in->account));
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

/* The password was right; user is the name as Dovecot has it. */
static int let_in(struct request *request, struct response *response, const char *user,
		  struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_address address;
	struct sign_in in = { .trust = PL_TRUST_NONE };
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
		log_sign_in(request->ip_text, text, "denied");
		count_sign_in(request, text, PL_LOGIN_REFUSED, SIGN_IN_BY_PASSWORD,
			      next_step_rule(request, &in.account));
		ret = respond_error(response, 403,
				    next_step_is_outside(request, &in.account) ? "webmail-network"
									       : "not-allowed");
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

static void wait_until(const struct timespec *start)
{
	struct timespec end = *start;
	unsigned char random = 0;

	RAND_bytes(&random, 1);
	end.tv_nsec += (FLOOR_MS + random * JITTER_MS / 255) * 1000000L;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) != 0)
		continue;
}

int post_sign_in(struct request *request, struct response *response, struct pl_error *err)
{
	char name[PL_ADDRESS_MAX + 1];
	struct timespec start;
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &start);
	ret = password_attempt(request, response, request_text(request, "user"),
			       request_text(request, "password"), name, err);
	if (ret == 1)
		ret = let_in(request, response, name, err);
	portal_give(request, ret < 0);
	wait_until(&start);
	return ret;
}

int post_sign_out(struct request *request, struct response *response, struct pl_error *err)
{
	if (request->session.id != 0) {
		if (request_begin_write(request, err) < 0 || end_former(request, err) < 0 ||
		    pl_store_commit(request->work.store, err) < 0)
			return -1;
		log_sign_in(request->ip_text, request->address, "signed-out");
	}
	respond_cookie(response, SESSION_COOKIE, &request->cookie, -1);
	return answer_no_session(request, response, NULL);
}
