/* password.c - see password.h. */
#include "portal/signin/password.h"

#include <string.h>

#include "dovecot/auth_client.h"
#include "policy/credential/throttle.h"
#include "policy/settings/policy.h"
#include "portal/http/portal.h"
#include "portal/signin/sign_in_log.h"

/* 1, 0 or -1. The request has a connection again, unless the answer is 0 or it cannot be had. */
static int ask_dovecot(struct request *request, const char *user, const char *password,
		       char name_r[PL_ADDRESS_MAX + 1], struct pl_error *err)
{
	struct pl_secret secret;
	const struct auth_client_login login = {
		.socket = request->policy->auth_socket,
		.service = "webmail",
		.user = user,
		.password = &secret,
		.ip = request->ip_text,
	};
	struct pl_error none;
	int right;

	portal_give(request, 0);
	pl_secret_set(&secret, password, strlen(password));
	right = auth_client_check(&login, name_r, err);
	pl_secret_wipe(&secret);
	if (right != 0 && portal_take(request, right < 0 ? &none : err) < 0)
		right = -1;
	return right;
}

int password_attempt(struct request *request, struct response *response, const char *user,
		     const char *password, char name_r[PL_ADDRESS_MAX + 1], struct pl_error *err)
{
	int64_t wait = 0;
	int right = pl_throttle_enter_commit(&request->work, &request->ip, &wait);

	if (right < 0)
		return -1;
	if (right == 0) {
		log_sign_in(request->ip_text, user, "throttled");
		return respond_wait(response, 429, "too-many-attempts", wait);
	}
	right = ask_dovecot(request, user, password, name_r, err);
	if (right == 0) {
		log_sign_in(request->ip_text, user, "wrong-password");
		return respond_error(response, 401, "wrong-credentials");
	}
	/* What the check itself reported counts for more than this. */
	if (request->work.store != NULL &&
	    pl_throttle_clear(request->work.store, &request->ip, right < 0 ? NULL : err) < 0 &&
	    right > 0)
		return -1;
	if (right < 0)
		log_sign_in(request->ip_text, user, "unavailable");
	return right;
}
