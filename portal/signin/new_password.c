/* new_password.c - see new_password.h. */
#include "portal/signin/new_password.h"

#include "daemon/log.h"
#include "portal/http/portal.h"
#include "portal/signin/password.h"
#include "portal/signin/password_change.h"
#include "portal/signin/password_quality.h"

static void log_failure(const struct pl_error *err)
{
	daemon_log_failure(NULL, err);
}

int new_password_check(const struct request *request, struct response *response, const char *old,
		       struct pl_error *err)
{
	struct password_reason reason;
	const int good = password_quality(request_text(request, "new"), old,
					  request->session.address.local, &reason, err);

	if (good == 0)
		respond_json(response, 422,
			     json_pack("{s:s, s:s, s:i}", "error", reason.code, "field", "new",
				       "number", reason.number));
	return good;
}

static int refuse(struct response *response, const char *reason)
{
	return respond_json(response, 422,
			    json_pack("{s:s, s:s, s:s}", "error",
				      reason[0] != '\0' ? "password-refused-because"
							: "password-refused",
				      "field", "new", "reason", reason));
}

int new_password_unknown(struct response *response, const struct pl_error *err)
{
	log_failure(err);
	return respond_error(response, 503, "password-unknown");
}

static int answer_wrong(const struct request *request, struct response *response, const char *old)
{
	struct pl_error err = { 0 };

	if (old != NULL)
		return respond_json(response, 401,
				    json_pack("{s:s, s:s}", "error", "wrong-password", "field",
					      "old"));
	pl_error_set(&err, PL_ERR_RETRY,
		     "password_command has not set the forgotten password of %s: it must take an "
		     "empty old password, see doc/passwords.md",
		     request->address);
	log_failure(&err);
	return respond_error(response, 503, "password-later");
}

/* 1 changed; 0 and the answer. The request has no connection to the database meanwhile. */
static int change(struct request *request, struct response *response, const char *old)
{
	const struct password_change_request asked = { .member = request->address,
						       .old = old != NULL ? old : "",
						       .new = request_text(request, "new") };
	char reason[PASSWORD_CHANGE_REASON];
	struct pl_error err = { 0 };

	portal_give(request, 0);
	switch (password_change(request->policy, &asked, reason, &err)) {
	case PASSWORD_CHANGED:
		return 1;
	case PASSWORD_WRONG:
		return answer_wrong(request, response, old);
	case PASSWORD_REFUSED:
		return refuse(response, reason);
	case PASSWORD_LATER:
		log_failure(&err);
		return respond_error(response, 503, "password-later");
	case PASSWORD_UNKNOWN:
		break;
	}
	return new_password_unknown(response, &err);
}

int new_password_set(struct request *request, struct response *response, const char *old)
{
	struct pl_error err = { 0 };
	int holds;

	if (change(request, response, old) == 0)
		return 0;
	holds = password_holds(request, request_text(request, "new"), &err);
	if (holds == 0) {
		pl_error_set(&err, PL_ERR_RETRY,
			     "password_command says that it has changed the password of %s, but "
			     "Dovecot does not accept the new one",
			     request->address);
		return new_password_unknown(response, &err);
	}
	/* Where Dovecot cannot tell now, the command is believed. */
	if (holds < 0)
		log_failure(&err);
	return request->work.store == NULL && portal_take(request, &err) < 0
		       ? new_password_unknown(response, &err)
		       : 1;
}
