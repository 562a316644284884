/* login.c - finds out everything about one login, and has it decided; see login.h. */
#include "policy/login/login.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/credential/passkey_sign_in.h"

const enum pl_sql pl_login_statements[] = {
	PL_SQL_LOGIN_ACCOUNT,    PL_SQL_LOGIN_PASSWORD,    PL_SQL_LOGIN_BEARER,
	PL_SQL_LOGIN_PASSKEY,    PL_SQL_ACCOUNT,           PL_SQL_LOGIN_PASSWORD_ANY,
	PL_SQL_LOGIN_BEARER_ANY, PL_SQL_LOGIN_PASSKEY_ANY,
};
const size_t pl_login_statement_count =
	sizeof(pl_login_statements) / sizeof(pl_login_statements[0]);

int pl_mechanism_is_bearer(const char *mechanism)
{
	return mechanism != NULL &&
	       (strcasecmp(mechanism, "XOAUTH2") == 0 || strcasecmp(mechanism, "OAUTHBEARER") == 0);
}

static enum pl_sql statement_of(const struct pl_login *login)
{
	struct pl_secret folded;
	int fits;

	switch (login->offer) {
	case PL_OFFER_PASSWORD:
		if (login->service == PL_SETTING_WEBMAIL &&
		    pl_passkey_sign_in_is_token(login->secret))
			return PL_SQL_LOGIN_PASSKEY;
		fits = pl_app_password_fold(login->secret, &folded);
		pl_secret_wipe(&folded);
		return fits ? PL_SQL_LOGIN_PASSWORD : PL_SQL_LOGIN_ACCOUNT;
	case PL_OFFER_ANY_APP_PASSWORD:
		return PL_SQL_LOGIN_LIMITS;
	case PL_OFFER_BEARER:
		return PL_SQL_LOGIN_BEARER;
	case PL_OFFER_NOTHING:
	case PL_OFFER_PROVEN:
	case PL_OFFER_PASSKEY:
	case PL_OFFER_ANY_TOKEN:
		return PL_SQL_LOGIN_ACCOUNT;
	}
	return PL_SQL_LOGIN_ACCOUNT;
}

/* The domain is an alias of another, or not known: the statement becomes the one for any name,
 * which always has a row. */
static int ask_for_any_name(struct pl_login_question *question, struct pl_error *err)
{
	static const struct {
		enum pl_sql known, any;
	} pairs[] = {
		{ PL_SQL_LOGIN_ACCOUNT, PL_SQL_ACCOUNT },
		{ PL_SQL_LOGIN_PASSWORD, PL_SQL_LOGIN_PASSWORD_ANY },
		{ PL_SQL_LOGIN_LIMITS, PL_SQL_LOGIN_LIMITS_ANY },
		{ PL_SQL_LOGIN_BEARER, PL_SQL_LOGIN_BEARER_ANY },
		{ PL_SQL_LOGIN_PASSKEY, PL_SQL_LOGIN_PASSKEY_ANY },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (question->sql == pairs[i].known) {
			question->sql = pairs[i].any;
			return 1;
		}
	}
	return pl_error_set(err, PL_ERR_INTERNAL, "the account was read without a row");
}

#define NOW 3 /* its place among the parameters of a token */

static int is_of_session(enum pl_sql sql)
{
	return sql == PL_SQL_LOGIN_BEARER || sql == PL_SQL_LOGIN_BEARER_ANY;
}

static int is_of_passkey(enum pl_sql sql)
{
	return sql == PL_SQL_LOGIN_PASSKEY || sql == PL_SQL_LOGIN_PASSKEY_ANY;
}

int pl_login_ask(const struct pl_policy *policy, const struct pl_login *login,
		 struct pl_login_question *question_r, struct pl_error *err)
{
	struct pl_login_question *q = question_r;

	memset(q, 0, sizeof(*q));
	/* A name that is not an address belongs to no member. Its lookup finds nothing, and
	 * costs what any other does. */
	if (pl_address_parse(login->user, login->user_len, policy->default_domain, &q->address,
			     NULL) < 0)
		memset(&q->address, 0, sizeof(q->address));
	q->sql = statement_of(login);
	q->params[0] = (struct pl_param)PL_TEXT("local", q->address.local);
	q->params[1] = (struct pl_param)PL_TEXT("domain", q->address.domain);
	if (!is_of_session(q->sql) && !is_of_passkey(q->sql))
		return 0;
	q->params[2] = (struct pl_param)PL_BLOB("digest", q->digest, sizeof(q->digest));
	q->params[NOW] = (struct pl_param)PL_INT("now", login->now);
	return pl_token_digest(login->secret, q->digest, err);
}

void pl_login_set_now(struct pl_login *login, struct pl_login_question *question, int64_t now)
{
	login->now = now;
	if (is_of_session(question->sql) || is_of_passkey(question->sql))
		question->params[NOW].number = now;
}

/* What is read beside the account, row by row. */
struct reading {
	const struct pl_login *login;
	struct pl_login_result *result;
	struct pl_app_password_macs macs;
	int is_unchecked; /* the password could be an app password, but there is no key */
};

static int prepare_macs(struct reading *reading, const struct pl_keys *keys, struct pl_error *err)
{
	struct pl_secret folded;
	int ret = 0;

	reading->macs.count = 0;
	if (reading->login->offer != PL_OFFER_PASSWORD ||
	    !pl_app_password_fold(reading->login->secret, &folded))
		return 0;
	if (keys == NULL)
		reading->is_unchecked = 1;
	else /* also for a member that there is not: it costs the same */
		ret = pl_app_password_macs(keys, reading->result->account.member.id, &folded,
					   &reading->macs, err);
	pl_secret_wipe(&folded);
	return ret;
}

/* 1 when it is known by this row, 0 when another may tell more. */
static int read_app_password(struct reading *reading, struct pl_stmt *rows)
{
	struct pl_app_password *found = &reading->result->app_password;
	struct pl_facts *facts = &reading->result->facts;

	if (pl_col_is_null(rows, "app_password_id"))
		return 1;
	if (reading->login->offer == PL_OFFER_PASSWORD &&
	    !pl_app_password_matches(&reading->macs, rows))
		return 0;
	found->id = pl_col_int(rows, "app_password_id");
	found->member_id = reading->result->account.member.id;
	if (reading->login->offer == PL_OFFER_PASSWORD && pl_col_int(rows, "is_decoy")) {
		reading->result->is_decoy = 1;
		return 1;
	}
	if (reading->login->offer == PL_OFFER_PASSWORD)
		pl_app_password_renew(&reading->macs, rows, &reading->result->renewal);
	pl_app_password_read_limits(rows, found);
	facts->credential = PL_CREDENTIAL_APP_PASSWORD;
	facts->app_password = pl_app_password_limit(found, reading->login->service,
						    &reading->login->ip, reading->login->now);
	return reading->login->offer == PL_OFFER_PASSWORD ||
	       facts->app_password == PL_APP_PASSWORD_COVERS;
}

/* Whether a connected application was given the service. A token without a grant is one of ours. */
static int is_granted(struct pl_stmt *rows, enum pl_setting service)
{
	return pl_col_is_null(rows, "services") ||
	       pl_services_cover(pl_services_read(rows), service);
}

/* Where the portal has seen the session last. The address of the connection is webmail's own. */
static void read_browser(struct pl_stmt *rows, struct pl_ip *browser_r)
{
	const char *ip = pl_col_text(rows, "session_ip");

	if (ip == NULL || pl_ip_parse(ip, browser_r, NULL) < 0)
		memset(browser_r, 0, sizeof(*browser_r));
}

/* The token decides the channel. */
static void read_token(struct pl_login_result *result, enum pl_setting service,
		       struct pl_stmt *rows)
{
	if (pl_col_is_null(rows, "session_id"))
		return;
	result->session_id = pl_col_int(rows, "session_id");
	result->facts.credential = PL_CREDENTIAL_TOKEN;
	result->facts.channel = pl_session_read_channel(rows);
	read_browser(rows, &result->facts.browser);
	result->facts.service_not_granted = !is_granted(rows, service);
}

/* 1 when the row says all, 0 when another may say more, -1. */
static int read_row(struct reading *reading, enum pl_sql sql, struct pl_stmt *rows,
		    struct pl_error *err)
{
	int is_known = 1;

	if (sql == PL_SQL_LOGIN_PASSWORD || sql == PL_SQL_LOGIN_PASSWORD_ANY ||
	    sql == PL_SQL_LOGIN_LIMITS || sql == PL_SQL_LOGIN_LIMITS_ANY)
		is_known = read_app_password(reading, rows);
	else if (is_of_session(sql))
		read_token(reading->result, reading->login->service, rows);
	else if (is_of_passkey(sql) && !pl_col_is_null(rows, "signs_in"))
		reading->result->facts.credential = PL_CREDENTIAL_PASSKEY;
	return pl_row_ok(rows, err) < 0 ? -1 : is_known;
}

/* Each row repeats the account. 1 when there is none, -1. */
static int read_rows(struct reading *reading, enum pl_sql sql, const struct pl_keys *keys,
		     struct pl_stmt *rows, struct pl_error *err)
{
	int ret = pl_step(rows, err), known;

	if (ret != 1)
		return ret < 0 ? -1 : 1;
	known = pl_account_read(rows, &reading->result->account, err);
	if (known == 0)
		known = prepare_macs(reading, keys, err);
	while (ret == 1 && known == 0) {
		known = read_row(reading, sql, rows, err);
		if (known == 0)
			ret = pl_step(rows, err);
	}
	if (ret == 1)
		pl_reset(rows);
	return ret < 0 || known < 0 ? -1 : 0;
}

/* The sign-in page, or a webmail without OAuth known by its network. A webmail may hand on the
 * address of a browser, so the one of its connection counts, too. */
static enum pl_channel channel_of(const struct pl_policy *policy, const struct pl_login *login)
{
	return login->service == PL_SETTING_WEBMAIL ||
			       pl_network_list_has(&policy->webmail_networks, &login->ip) ||
			       pl_network_list_has(&policy->webmail_networks, &login->real_ip)
		       ? PL_CHANNEL_WEBMAIL
		       : PL_CHANNEL_CLIENT;
}

/* A webmail without OAuth may hand on the address of the browser; its own is not the browser's. */
static void find_browser(const struct pl_policy *policy, const struct pl_login *login,
			 struct pl_facts *facts)
{
	facts->from_any_network = login->from_any_network;
	if (login->service == PL_SETTING_WEBMAIL ||
	    !pl_network_list_has(&policy->webmail_networks, &login->ip))
		facts->browser = login->ip;
}

/* What is known before the rows are. */
static void begin_facts(const struct pl_policy *policy, const struct pl_login *login,
			struct pl_facts *facts)
{
	facts->device_trusted = login->device_trusted;
	facts->service = login->service;
	facts->channel = channel_of(policy, login);
	find_browser(policy, login, facts);
	switch (login->offer) {
	case PL_OFFER_NOTHING:
	case PL_OFFER_PASSWORD:
		facts->credential = PL_CREDENTIAL_UNPROVEN;
		break;
	case PL_OFFER_BEARER:
		facts->credential = PL_CREDENTIAL_BAD_TOKEN;
		break;
	case PL_OFFER_PROVEN:
		facts->credential = PL_CREDENTIAL_ACCOUNT_PASSWORD;
		break;
	case PL_OFFER_PASSKEY:
		facts->credential = PL_CREDENTIAL_PASSKEY;
		break;
	case PL_OFFER_ANY_APP_PASSWORD:
		facts->credential = PL_CREDENTIAL_APP_PASSWORD;
		facts->app_password = PL_APP_PASSWORD_NONE;
		break;
	case PL_OFFER_ANY_TOKEN:
		facts->credential = PL_CREDENTIAL_TOKEN;
		facts->channel = PL_CHANNEL_WEBMAIL;
		break;
	}
}

static void end_facts(const struct pl_policy *policy, const struct pl_login *login,
		      const struct pl_account *account, struct pl_facts *facts)
{
	pl_account_layers(account, policy, login->now, &facts->layers);
	if (pl_account_is_outside(account, policy)) {
		facts->name_invalid = account->member.address.domain[0] == '\0';
		facts->domain_unknown = !facts->name_invalid;
	}
	facts->domain_inactive = !account->domain.active;
	facts->member_inactive = !account->member.active;
	facts->factor_kinds = account->member.factor_kinds;
	facts->opted_out = account->member.opted_out;
	facts->passkey_sign_in = pl_account_passkey_sign_in(account, policy);
	if (login->channel != NULL)
		facts->channel = *login->channel;
}

int pl_login_answer(const struct pl_policy *policy, const struct pl_keys *keys,
		    const struct pl_login *login, struct pl_login_question *question,
		    struct pl_stmt *rows, struct pl_login_result *result_r, struct pl_error *err)
{
	const struct pl_login forwarding = { .service = PL_SETTING_FORWARDING, .now = login->now };
	struct reading reading = { .login = login, .result = result_r };
	int ret;

	memset(result_r, 0, sizeof(*result_r));
	result_r->policy = policy;
	pl_account_unknown(&question->address, &result_r->account);
	begin_facts(policy, login, &result_r->facts);
	ret = read_rows(&reading, question->sql, keys, rows, err);
	if (ret != 0)
		return ret < 0 ? -1 : ask_for_any_name(question, err);
	result_r->address = result_r->account.member.address;
	end_facts(policy, login, &result_r->account, &result_r->facts);
	result_r->verdict = pl_decide(&result_r->facts);
	result_r->forwarding = pl_login_decide(policy, &forwarding, &result_r->account);
	/* An answer that is not the same for every name would tell a stranger who exists. */
	if (reading.is_unchecked && !result_r->verdict.tell)
		return pl_error_set(err, PL_ERR_RETRY,
				    "app passwords cannot be checked without the HMAC key");
	return 0;
}

struct pl_verdict pl_login_decide(const struct pl_policy *policy, const struct pl_login *login,
				  const struct pl_account *account)
{
	struct pl_facts facts = { .device_trusted = 0 };

	begin_facts(policy, login, &facts);
	end_facts(policy, login, account, &facts);
	return pl_decide(&facts);
}

char *pl_login_reason(const struct pl_login_result *result, char buf[PL_LOGIN_REASON])
{
	const char *portal = result->policy->portal_url;
	size_t used;

	pl_verdict_sentence(&result->verdict, buf, PL_LOGIN_REASON);
	used = strlen(buf);
	if (*portal != '\0' && (result->verdict.rule == PL_RULE_CLIENT_PASSWORD_NEVER ||
				result->verdict.rule == PL_RULE_CLIENT_PASSWORD_SECOND_FACTOR))
		snprintf(buf + used, PL_LOGIN_REASON - used,
			 " Make one at %s/account/app-passwords", portal);
	return buf;
}

int pl_login_evaluate(struct pl_store *store, const struct pl_policy *policy,
		      const struct pl_keys *keys, const struct pl_login *login,
		      struct pl_login_result *result_r, struct pl_error *err)
{
	struct pl_login_question question;
	int ret;

	if (pl_login_ask(policy, login, &question, err) < 0)
		return -1;
	do
		ret = pl_login_answer(policy, keys, login, &question,
				      pl_query(store, question.sql, question.params), result_r,
				      err);
	while (ret == 1);
	return ret;
}
