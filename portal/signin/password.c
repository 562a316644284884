/* password.c - see password.h. */
#include "portal/signin/password.h"

#include <string.h>

#include "dovecot/auth_client.h"
#include "policy/credential/throttle.h"
#include "policy/settings/policy.h"
#include "portal/signin/sign_in_log.h"

int password_attempt(struct request *request, struct response *response, const char *user,
		     const char *password, char name_r[PL_ADDRESS_MAX + 1], struct pl_error *err)
{
	struct pl_secret secret;
	const struct auth_client_login login = {
		.socket = request->policy->auth_socket,
		.service = "webmail",
		.user = user,
		.password = &secret,
		.ip = request->ip_text,
	};
	int64_t wait = 0;
	int right = pl_throttle_enter_commit(&request->work, &request->ip, &wait);

	if (right < 0)
		return -1;
	if (right == 0) {
		log_sign_in(request->ip_text, user, "throttled");
		return respond_wait(response, 429, "too-many-attempts", wait);
	}
	pl_secret_set(&secret, password, strlen(password));
	right = auth_client_check(&login, name_r, err);
	pl_secret_wipe(&secret);
	if (right == 0) {
		log_sign_in(request->ip_text, user, "wrong-password");
		return respond_error(response, 401, "wrong-credentials");
	}
	/* What the check itself reported counts for more than this. */
	if (pl_throttle_clear(request->work.store, &request->ip, right < 0 ? NULL : err) < 0 &&
	    right > 0)
		return -1;
	if (right < 0)
		log_sign_in(request->ip_text, user, "unavailable");
	return right;
}
