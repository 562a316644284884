/* password.c - see password.h. */
#include "portal/signin/password.h"

#include <stdio.h>
#include <string.h>

#include "dovecot/auth_client.h"
#include "policy/credential/throttle.h"
#include "policy/credential/trusted.h"
#include "policy/settings/policy.h"
#include "portal/http/portal.h"
#include "portal/signin/sign_in_count.h"
#include "portal/signin/sign_in_log.h"

#define HOLDS_TRIES 2

/* The browser's trusted device, if it is one of the member; else 0. */
static int find_device(const struct request *request, const struct pl_address *address,
		       int64_t *id_r, struct pl_error *err)
{
	struct pl_account account;
	struct pl_secret cookie;
	enum pl_trust trust = PL_TRUST_NONE;
	int64_t id = 0;
	int ret;

	if (!request_cookie(request, DEVICE_COOKIE, &cookie))
		return 0;
	ret = pl_account_get(request->work.store, address, &account, err);
	if (ret == 0 && account.member.id != 0)
		ret = pl_trusted_peek(&request->work, &cookie, account.member.id, &trust, &id);
	if (trust == PL_TRUST_VALID)
		*id_r = id;
	pl_secret_wipe(&cookie);
	return ret;
}

/* name_r is what attempt_r refers to. A name that is no address counts as it was typed. */
static int describe(const struct request *request, const char *user,
		    char name_r[PL_ADDRESS_MAX + 1], struct pl_attempt *attempt_r,
		    struct pl_error *err)
{
	const struct pl_session *session = &request->session;
	struct pl_address address;

	*attempt_r = (struct pl_attempt){ .ip = &request->ip, .name = name_r };
	if (pl_address_parse(user, strlen(user), request->policy->default_domain, &address, NULL) <
	    0) {
		snprintf(name_r, PL_ADDRESS_MAX + 1, "%s", user);
		return 0;
	}
	pl_address_format(&address, name_r);
	if (session->id != 0 && !session->pending && strcmp(name_r, request->address) == 0)
		attempt_r->session_id = session->id;
	return find_device(request, &address, &attempt_r->device_id, err);
}

int password_ask(struct request *request, const char *user, const struct pl_secret *password,
		 char name_r[PL_ADDRESS_MAX + 1], struct pl_error *err)
{
	const struct auth_client_login login = {
		.socket = request->policy->auth_socket,
		.service = "webmail",
		.user = user,
		.password = password,
		.ip = request->ip_text,
	};
	struct pl_error none;
	int right;

	portal_give(request, 0);
	right = auth_client_check(&login, name_r, err);
	if (right != 0 && portal_take(request, right < 0 ? &none : err) < 0)
		right = -1;
	return right;
}

static int ask_dovecot(struct request *request, const char *user, const char *password,
		       char name_r[PL_ADDRESS_MAX + 1], struct pl_error *err)
{
	struct pl_secret secret;
	int right;

	pl_secret_set(&secret, password, strlen(password));
	right = password_ask(request, user, &secret, name_r, err);
	pl_secret_wipe(&secret);
	return right;
}

/* Whether a name is a member's, or at least one of a domain of ours. */
static int is_known(const struct request *request, const char *user)
{
	struct pl_address address;
	struct pl_account account;

	if (pl_address_parse(user, strlen(user), request->policy->default_domain, &address, NULL) <
		    0 ||
	    pl_account_get(request->work.store, &address, &account, NULL) < 0)
		return 0;
	return account.member.id != 0 ||
	       (strchr(user, '@') != NULL && !pl_account_is_outside(&account, request->policy));
}

/* What the log says in its place: other names are left out, because people type passwords where
 * the name belongs. */
static const char *logged(struct request *request, const char *user)
{
	struct pl_error err;

	if (request->work.store == NULL && portal_take(request, &err) < 0)
		return "unknown";
	return is_known(request, user) ? user : "unknown";
}

int password_attempt(struct request *request, struct response *response, const char *user,
		     const char *password, char name_r[PL_ADDRESS_MAX + 1], struct pl_error *err)
{
	char attempted[PL_ADDRESS_MAX + 1];
	struct pl_attempt attempt;
	int64_t wait = 0;
	int right = describe(request, user, attempted, &attempt, err);

	if (right == 0)
		right = pl_throttle_enter_commit(&request->work, &attempt, &wait);
	if (right < 0)
		return -1;
	if (right == 0) {
		log_throttled(request->ip_text, logged(request, user), wait);
		count_sign_in(request, user, PL_LOGIN_REFUSED, SIGN_IN_BY_NOTHING, "throttled");
		return respond_wait(response, 429, "too-many-attempts", wait);
	}
	right = ask_dovecot(request, user, password, name_r, err);
	if (right == 0) {
		log_sign_in(request->ip_text, logged(request, user), "wrong-password");
		return respond_error(response, 401, "wrong-credentials");
	}
	/* What the check itself reported counts for more than this. */
	if (request->work.store != NULL &&
	    pl_throttle_clear(request->work.store, &attempt, right < 0 ? NULL : err) < 0 &&
	    right > 0)
		return -1;
	if (right < 0)
		log_sign_in(request->ip_text, logged(request, user), "unavailable");
	return right;
}

int password_holds(struct request *request, const char *password, struct pl_error *err)
{
	char name[PL_ADDRESS_MAX + 1];
	int right = 0;

	/* Front ends may learn of it a moment later than where it was changed; a refusal takes
	 * Dovecot its time. */
	for (int i = 0; right == 0 && i < HOLDS_TRIES; i++)
		right = ask_dovecot(request, request->address, password, name, err);
	return right;
}
