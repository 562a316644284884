/* login_end.c - see login_end.h. */
#include "dovecot-plugin/login_end.h"

#include "array.h"

#include "dovecot-plugin/attempt.h"
#include "dovecot-plugin/chain.h"
#include "dovecot-plugin/denial.h"
#include "dovecot-plugin/request_end.h"
#include "dovecot-plugin/userdb-postlatch.h"
#include "policy/base/monotonic.h"
#include "policy/login/connection.h"

#define LOGIN_KEY "postlatch-login"

bool login_is_bearer(const struct auth_request *request)
{
	return pl_mechanism_is_bearer(request->fields.mech_name) != 0;
}

bool login_is_attempt(const struct auth_request *request)
{
	return request->fields.mech_name != NULL;
}

struct login *login_end_of(const struct auth_request *request)
{
	return event_get_ptr(request->event, LOGIN_KEY);
}

/* These are denied alike, whoever has that name elsewhere. */
static bool is_nobody(const struct pl_verdict *verdict)
{
	return verdict->rule == PL_RULE_NAME_INVALID || verdict->rule == PL_RULE_DOMAIN_UNKNOWN;
}

static void fill_record(struct login *login, const struct pl_login_result *result)
{
	login->is_client = result->facts.channel == PL_CHANNEL_CLIENT;
	login->is_nobody = is_nobody(&result->verdict);
	login->credential = pl_login_credential_of(&result->facts, 1);
	login->record = (struct pl_login_record){
		.address = result->address,
		.member_id = result->account.member.id,
		.domain_id = result->account.domain.id,
		.credential = pl_login_credential_of(&result->facts, 0),
		.app_password_id = result->app_password.id,
		.renewal = result->renewal,
		.is_decoy = result->is_decoy,
		.application_id =
			result->facts.channel == PL_CHANNEL_CLIENT ? result->session_id : 0,
		.service = login->asked.login.service,
		.channel = result->facts.channel,
		.rule = pl_rule_name(result->verdict.rule),
		.times = 1,
		.ip = login->asked.login.ip,
		.at = login->asked.login.now,
	};
}

static void show_refusal(const struct login *login, const char *rule)
{
	struct pl_connection_attempt attempt;

	if (!login->is_client || !login_is_attempt(login->request))
		return;
	attempt_fill(login, rule, &attempt);
	pl_driver_show(login->asked.driver, &attempt);
}

static void record_refusal(struct login *login, const char *rule)
{
	if (!login_is_attempt(login->request))
		return;
	if (login->record.is_decoy) {
		rule = "decoy";
		denial_log(login->request, rule, "The password is a decoy.");
	}
	show_refusal(login, rule);
	login->record.refused = 1;
	login->record.rule = rule;
	pl_driver_record(login->asked.driver, &login->record);
}

enum passdb_result login_deny(struct login *login, const struct pl_login_result *result)
{
	char reason[PL_LOGIN_REASON];

	pl_login_reason(result, reason);
	denial_log_decided(login->request, result, reason);
	if (result->verdict.tell)
		auth_request_set_field(login->request, "reason", reason, NULL);
	fill_record(login, result);
	record_refusal(login, login->record.rule);
	return PASSDB_RESULT_USER_DISABLED;
}

static void end_chain(struct auth_request *request, enum passdb_result result)
{
	if (result == PASSDB_RESULT_INTERNAL_FAILURE && login_is_bearer(request))
		compat_fails_for_now(request);
	chain_finish(request, result);
}

static void let_in(struct login *login)
{
	/* The operator's passdb has said that it is the account password. */
	if (login->record.credential == PL_LOGIN_BY_UNKNOWN)
		login->record.rule = pl_rule_name(PL_RULE_ACCOUNT_PASSWORD);
	login->record.credential = login->credential;
	request_end_record(login);
	userdb_postlatch_known(login->request, &login->forwarding, &login->asked.login,
			       &login->record.address, login->connection);
	end_chain(login->request, PASSDB_RESULT_OK);
}

static void refuse(struct login *login, const char *rule, const char *sentence)
{
	denial_log(login->request, rule, sentence);
	record_refusal(login, rule);
	/* What a proxy would have signed in with goes to nobody who is refused. */
	auth_fields_remove(login->request->fields.extra_fields, "pass");
	auth_fields_remove(login->request->fields.extra_fields, "master");
	end_chain(login->request, PASSDB_RESULT_USER_DISABLED);
}

/* It is the account password, which does not open the service. */
static void refuse_proven(struct login *login)
{
	login->record.credential = login->credential;
	auth_request_set_field(login->request, "reason", login->reason, NULL);
	refuse(login, login->record.rule, login->reason);
}

static void let_in_or_refuse(struct login *login)
{
	if (login->reason != NULL)
		refuse_proven(login);
	else
		let_in(login);
}

static const char *connection_of(const struct login *login, const struct pl_login_result *result)
{
	char name[PL_CONNECTION_NAME];

	if (!login->is_ours)
		return NULL;
	if (result->session_id != 0)
		pl_connection_of_session(result->session_id, name);
	else if (result->app_password.id != 0)
		pl_connection_of_app_password(result->app_password.id, name);
	else
		return NULL; /* the sign-in page opens no mail connection */
	return p_strdup(login->request->pool, name);
}

static void note_decision(struct login *login, const struct pl_login_result *result)
{
	login->user = p_strdup(login->request->pool, login->request->fields.user);
	login->forwarding = result->forwarding;
	login->connection = connection_of(login, result);
	fill_record(login, result);
}

static bool is_same_account(const struct login *login, const struct pl_login_result *result)
{
	return strcmp(login->record.address.local, result->address.local) == 0 &&
	       strcmp(login->record.address.domain, result->address.domain) == 0;
}

static void account_decided(struct pl_driver_request *asked, const struct pl_login_result *result,
			    const struct pl_error *err)
{
	struct login *login = (struct login *)asked;

	chain_go_on(login->request);
	if (result == NULL) {
		e_debug(authdb_event(login->request), "cannot be decided: %s", err->msg);
		end_chain(login->request, PASSDB_RESULT_INTERNAL_FAILURE);
	} else if (is_same_account(login, result)) {
		let_in_or_refuse(login);
	} else if (login->is_ours) {
		denial_log_other_account(login->request);
		record_refusal(login, "other-account");
		end_chain(login->request, PASSDB_RESULT_USER_DISABLED);
	} else if (result->verdict.outcome == PL_DENY) {
		end_chain(login->request, login_deny(login, result));
	} else {
		note_decision(login, result);
		let_in(login);
	}
}

/* The account that opens decides, not the name that was typed. */
static void decide_account(struct login *login)
{
	struct auth_request *request = login->request;
	struct pl_login *l = &login->asked.login;

	if (strcmp(login->user, request->fields.user) == 0) {
		let_in_or_refuse(login);
		return;
	}
	l->user = p_strdup(request->pool, request->fields.user);
	l->user_len = strlen(l->user);
	/* A password that was not verified yet is not ours to verify. */
	l->offer = login->verify_plain != NULL ? PL_OFFER_PROVEN : PL_OFFER_NOTHING;
	l->secret = NULL;
	login->asked.answer = account_decided;
	chain_wait(request);
	pl_driver_evaluate(login->asked.driver, &login->asked, pl_monotonic_ms());
}

/* Postfix lets in whom nologin keeps out, and so does everyone else who only asks whether the
 * password is right. With a proxy it says that the login is to happen on the other server, and with
 * proxy_maybe Dovecot does not know yet which one that is. */
static bool may_not_log_in(const struct auth_request *request)
{
	struct auth_fields *fields = request->fields.extra_fields;

	return request->mech != NULL && auth_fields_exists(fields, "nologin") &&
	       !auth_fields_exists(fields, "proxy") && !auth_fields_exists(fields, "proxy_maybe");
}

static void operator_allows(struct login *login)
{
	struct auth_request *request = login->request;

	if (!may_not_log_in(request)) {
		decide_account(login);
		return;
	}
	/* Not told to who has not authenticated yet, as with CRAM-MD5. */
	if (!login->is_ours && login->verify_plain == NULL)
		auth_fields_remove(request->fields.extra_fields, "reason");
	refuse(login, "nologin", "A passdb has set nologin for the account.");
}

/* Whether the account is known to no passdb, or refused by one; one that cannot be asked may know
 * it. Without a scheme, one knows it and no password, unless none was asked. */
static bool is_refused(const struct auth_request *request, enum passdb_result result)
{
	if (result == PASSDB_RESULT_OK || !chain_answers_all(request))
		return FALSE;
	return result != PASSDB_RESULT_SCHEME_NOT_AVAILABLE || !chain_has_answered(request);
}

/* Where not all passdbs can be asked, the userdbs may know whether the account is still there. */
static void userdbs_answered(struct auth_request *request, enum userdb_result result)
{
	struct login *login = login_end_of(request);

	switch (result) {
	case USERDB_RESULT_OK:
		operator_allows(login);
		return;
	case USERDB_RESULT_USER_UNKNOWN:
		refuse(login, "userdb-unknown", "No userdb knows the account.");
		return;
	case USERDB_RESULT_INTERNAL_FAILURE:
		end_chain(request, PASSDB_RESULT_INTERNAL_FAILURE);
		return;
	}
	i_unreached();
}

static void no_passdb_refuses(struct login *login, enum passdb_result result)
{
	if (result != PASSDB_RESULT_OK && !chain_answers_all(login->request) &&
	    chain_has_userdbs(login->request))
		chain_ask_userdbs(login->request, userdbs_answered);
	else
		operator_allows(login);
}

/* Why the operator's passdbs have refused the login; NULL: they could not tell. */
static const char *refusal_of(enum passdb_result result)
{
	switch (result) {
	case PASSDB_RESULT_USER_UNKNOWN:
	case PASSDB_RESULT_PASSWORD_MISMATCH:
		return "wrong-password";
	case PASSDB_RESULT_USER_DISABLED:
		return "passdb-refused";
	case PASSDB_RESULT_PASS_EXPIRED:
		return "password-expired";
	case PASSDB_RESULT_OK:
	case PASSDB_RESULT_INTERNAL_FAILURE:
	case PASSDB_RESULT_SCHEME_NOT_AVAILABLE:
	case PASSDB_RESULT_NEXT:
		return NULL;
	}
	i_unreached();
}

static void operator_refuses(struct login *login, enum passdb_result result)
{
	const char *rule = refusal_of(result);

	if (rule != NULL)
		record_refusal(login, rule);
	else
		show_refusal(login, "unavailable");
	end_chain(login->request, result);
}

/* The operator's passdbs have been asked about a member whose credential is ours. */
static void operator_answered(struct auth_request *request, enum passdb_result result)
{
	struct login *login = login_end_of(request);

	switch (result) {
	case PASSDB_RESULT_OK:
	case PASSDB_RESULT_SCHEME_NOT_AVAILABLE:
	case PASSDB_RESULT_USER_UNKNOWN:
	case PASSDB_RESULT_PASSWORD_MISMATCH:
		if (is_refused(request, result))
			refuse(login, "passdb-refused",
			       "No passdb knows the account, or one refuses it.");
		else
			no_passdb_refuses(login, result);
		return;
	case PASSDB_RESULT_INTERNAL_FAILURE:
	case PASSDB_RESULT_USER_DISABLED:
	case PASSDB_RESULT_PASS_EXPIRED:
	case PASSDB_RESULT_NEXT:
		operator_refuses(login, result);
		return;
	}
	i_unreached();
}

static void chain_ended(struct auth_request *request, enum passdb_result result)
{
	struct login *login = login_end_of(request);

	if (result != PASSDB_RESULT_OK)
		operator_refuses(login, result);
	else if (login->is_ours)
		chain_ask(request, operator_answered);
	else
		operator_allows(login);
}

void login_end_watch(struct login *login, const struct pl_login_result *result)
{
	char reason[PL_LOGIN_REASON];

	note_decision(login, result);
	if (result->verdict.outcome == PL_DENY)
		login->reason = p_strdup(login->request->pool, pl_login_reason(result, reason));
	event_set_ptr(login->request->event, LOGIN_KEY, login);
	chain_watch(login->request, login->verify_plain != NULL, chain_ended);
}
