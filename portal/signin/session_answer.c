/* session_answer.c - see session_answer.h. */
#include "portal/signin/session_answer.h"

#include <string.h>

#include "policy/admin/administrator.h"
#include "policy/credential/factor.h"
#include "portal/http/csrf.h"
#include "portal/signin/factor.h"
#include "portal/signin/identity.h"
#include "portal/signin/passkey.h"
#include "portal/signin/recovery_consent.h"

/* NULL: there is no way back. */
static const char *webmail_url(const struct request *request)
{
	const char *url = request->policy->webmail_url;

	return url[0] == '\0' ? NULL : url;
}

int answer_no_session(const struct request *request, struct response *response, const char *why)
{
	return respond_json(response, 200,
			    json_pack("{s:s, s:s?, s:n, s:n, s:n, s:n, s:n, s:s, s:s?, s:b, s:b, "
				      "s:b, s:b, s:b, s:o, s:o, s:b, s:b, s:b, s:b, s:b, s:b, s:i}",
				      "state", "none", "why", why, "address", "csrf", "next",
				      "required_from", "administrator", "name",
				      request->policy->portal_name, "webmail", webmail_url(request),
				      "recovery", 0, "identity_check", 0, "recovery_kept", 1,
				      "password_change", 0, "large_attachments", 0, "factors",
				      json_array(), "allowed_factors", json_array(), "passkeys",
				      passkey_possible(request), "passkey_sign_in",
				      passkey_sign_in_possible(request), "recovery_contacts", 0,
				      "recovery_consent", 0, "password_recovery",
				      pl_reset_is_on(request->policy), "recovery_by_phone",
				      request->policy->sms_command[0] != '\0', "idle_minutes",
				      PL_SESSION_IDLE / 60));
}

/* NULL: not an administrator, or not signed in yet. */
static int find_role(const struct request *request, const struct pl_session *session,
		     const char **role_r, struct pl_error *err)
{
	struct pl_administrator administrator;
	int ret = 0;

	if (!session->pending)
		ret = pl_administrator_of_member(request->work.store, session->member_id,
						 &administrator, err);
	*role_r = ret == 1 ? pl_admin_role_name(administrator.role) : NULL;
	return ret;
}

/* The day from which the member must have the second factor that is offered now, as far as it is
 * known; "": none. */
static void find_required_from(const struct request *request, const struct pl_account *account,
			       enum next_step next, char day_r[PL_DAY_TEXT])
{
	struct pl_layers layers;
	struct pl_resolved requirement;

	day_r[0] = '\0';
	if (account == NULL || next != NEXT_OFFER)
		return;
	pl_account_layers(account, request->policy, request->work.now, &layers);
	requirement = pl_resolve(&layers, PL_SETTING_TWO_FACTOR_REQUIREMENT);
	if (requirement.next_from != 0 && requirement.next == PL_REQUIRED)
		pl_day_format(requirement.next_from, day_r);
}

int answer_session(const struct request *request, struct response *response,
		   const struct pl_session *session, const struct pl_secret *cookie,
		   const struct pl_account *account, enum next_step next, struct pl_error *err)
{
	char address[PL_ADDRESS_DISPLAY_MAX + 1], csrf[CSRF_TEXT];
	char required_from[PL_DAY_TEXT];
	unsigned int usable = 0, open = 0; /* of one who is to do the second step */
	struct pl_factor_state state;
	const char *role;
	int asks = 0, identifies = 0;

	if (csrf_token(cookie, csrf, err) < 0 ||
	    pl_factor_state(&request->work, session->member_id, &state) < 0 ||
	    find_role(request, session, &role, err) < 0 ||
	    (!session->pending && recovery_consent_asks(request, session->member_id, &asks) < 0))
		return -1;
	if (session->pending && account != NULL) {
		usable = pl_account_usable_factors(account, request->policy);
		open = factor_kinds_open(request, account);
		if (next == NEXT_CODE && state.recovery_codes > 0)
			identifies = identity_is_possible(request, session->member_id);
	}
	if (identifies < 0)
		return -1;
	find_required_from(request, account, next, required_from);
	return respond_json(response, 200,
			    json_pack("{s:s, s:n, s:s, s:s, s:s?, s:s?, s:s?, s:s, s:s?, s:b, s:b, "
				      "s:b, s:b, s:b, s:o, s:o, s:b, s:b, s:b, s:b, s:b, s:b, s:i}",
				      "state", session->pending ? "pending" : "authenticated",
				      "why", "address",
				      pl_address_display(&session->address, address), "csrf", csrf,
				      "next", session->pending ? next_step_name(next) : NULL,
				      "required_from",
				      required_from[0] != '\0' ? required_from : NULL,
				      "administrator", role, "name", request->policy->portal_name,
				      "webmail", webmail_url(request), "recovery",
				      session->pending && state.recovery_codes > 0,
				      "identity_check", identifies, "recovery_kept",
				      session->pending || state.kinds == 0 || state.recovery_kept,
				      "password_change",
				      !session->pending &&
					      request->policy->password_command[0] != '\0',
				      "large_attachments",
				      !session->pending &&
					      request->policy->attachment_url[0] != '\0',
				      "factors", factor_names(usable), "allowed_factors",
				      factor_names(open), "passkeys", passkey_possible(request),
				      "passkey_sign_in", passkey_sign_in_possible(request),
				      "recovery_contacts",
				      !session->pending && request->policy->recovery_contacts,
				      "recovery_consent", asks, "password_recovery", 0,
				      "recovery_by_phone",
				      identifies && request->policy->sms_command[0] != '\0',
				      "idle_minutes", PL_SESSION_IDLE / 60));
}
