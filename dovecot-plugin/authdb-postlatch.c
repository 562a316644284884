/* authdb-postlatch.c - the passdb driver `postlatch` of Dovecot; the module has the userdb
 * driver of that name, too.
 *
 * compat.h has what depends on its release.
 *
 * A thin shell: turns an auth request into a pl_login, and the verdict into a
 * passdb result. It runs inside the auth process, and waits for nothing.
 *
 *	allow             PASSDB_RESULT_OK
 *	deny              PASSDB_RESULT_USER_DISABLED, which ends the chain whatever
 *	                  the block's result_* settings say; or, where the account
 *	                  password is right but not wanted, USER_UNKNOWN, and the end of
 *	                  the chain refuses it
 *	need credential   PASSDB_RESULT_USER_UNKNOWN, which asks the next passdb: the
 *	                  operator's checks the account password. (NEXT would say so
 *	                  too, but is an internal failure when no other passdb takes
 *	                  the mechanism.)
 *	cannot tell       PASSDB_RESULT_INTERNAL_FAILURE, with return-fail
 *
 * What is left to be decided when the chain has ended is in login_end.c.
 */
#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "str-sanitize.h"

#include "dovecot-plugin/chain.h"
#include "dovecot-plugin/compat.h"
#include "dovecot-plugin/login_end.h"
#include "dovecot-plugin/request_end.h"
#include "dovecot-plugin/shared_driver.h"
#include "dovecot-plugin/userdb-postlatch.h"
#include "policy/base/monotonic.h"

/* Exported, so that a Dovecot of another ABI refuses the module by name. */
extern const char *authdb_postlatch_version;
void authdb_postlatch_init(void);
void authdb_postlatch_deinit(void);

const char *authdb_postlatch_version = DOVECOT_ABI_VERSION;

struct postlatch_passdb {
	struct passdb_module module;
	struct driver_block block;
};

/* 1 and the setting; 0 for a service that never signs a member in; -1 for one not in the table. */
static int dovecot_service(const char *service, enum pl_setting *setting_r)
{
	static const struct {
		const char *name;
		int signs_in;
		enum pl_setting setting;
	} services[] = {
#define PL_DOVECOT_SERVICE(name, setting) { name, 1, setting },
#define PL_DOVECOT_HELPER(name) { name, 0, PL_SETTING_COUNT },
#define PL_DOVECOT_DELIVERY(name) PL_DOVECOT_HELPER(name)
#include "dovecot-plugin/services.def"
#undef PL_DOVECOT_SERVICE
#undef PL_DOVECOT_HELPER
#undef PL_DOVECOT_DELIVERY
	};

	for (unsigned int i = 0; i < N_ELEMENTS(services); i++) {
		if (strcmp(services[i].name, service) == 0) {
			*setting_r = services[i].setting;
			return services[i].signs_in;
		}
	}
	return -1;
}

static enum passdb_result carry_out(struct login *login, const struct pl_login_result *result)
{
	switch (result->verdict.outcome) {
	case PL_DENY:
		/* Where the mechanism verifies the password, nobody here learns of it. */
		return result->verdict.once_proven && login->verify_plain != NULL
			       ? PASSDB_RESULT_USER_UNKNOWN
			       : login_deny(login, result);
	case PL_NEED_CREDENTIAL:
		return PASSDB_RESULT_USER_UNKNOWN;
	case PL_ALLOW:
	case PL_NEED_SECOND_FACTOR: /* the sign-in page asks for it, once the password is right */
		e_debug(authdb_event(login->request), "%s (%s)", pl_rule_name(result->verdict.rule),
			pl_credential_name(result->facts.credential));
		return PASSDB_RESULT_OK;
	}
	i_unreached();
}

/* One of the two callbacks is given. It may ask the next passdb at once, or end the request: it
 * comes last. */
static void answer(struct auth_request *request, enum passdb_result result,
		   verify_plain_callback_t *verify_plain,
		   lookup_credentials_callback_t *lookup_credentials)
{
	if (verify_plain != NULL) {
		verify_plain(result, request);
		return;
	}
	if (result == PASSDB_RESULT_INTERNAL_FAILURE && login_is_bearer(request))
		compat_fails_for_now(request);
	lookup_credentials(result, uchar_empty_ptr, 0, request);
}

static void finish(struct login *login, enum passdb_result result)
{
	struct auth_request *request = login->request;

	pl_secret_wipe(&login->secret);
	answer(request, result, login->verify_plain, login->lookup_credentials);
	auth_request_unref(&request);
}

static void tell_issuer(struct login *login)
{
	const char *portal_url = pl_driver_portal_url(login->asked.driver);

	if (login_is_bearer(login->request) && portal_url[0] != '\0')
		compat_tell_issuer(login->request, portal_url);
}

static void decided(struct pl_driver_request *asked, const struct pl_login_result *result,
		    const struct pl_error *err)
{
	struct login *login = (struct login *)asked;
	enum passdb_result outcome;

	if (result == NULL) {
		e_debug(authdb_event(login->request), "cannot be decided: %s", err->msg);
		finish(login, PASSDB_RESULT_INTERNAL_FAILURE);
		return;
	}
	tell_issuer(login);
	outcome = carry_out(login, result);
	if (outcome != PASSDB_RESULT_USER_DISABLED) {
		login->is_ours = result->facts.credential == PL_CREDENTIAL_APP_PASSWORD ||
				 result->facts.credential == PL_CREDENTIAL_TOKEN ||
				 result->facts.credential == PL_CREDENTIAL_PASSKEY;
		login_end_watch(login, result);
	}
	finish(login, outcome);
}

/* Without return-fail Dovecot asks the next passdb when this one cannot tell,
 * which lets in everyone the policy keeps out. */
static bool is_safely_configured(struct auth_request *request)
{
	struct auth_passdb *block = request->passdb;

	if (strcmp(block->set->result_internalfail, "return-fail") == 0)
		return TRUE;
	/* Not with the name of who signs in, which the request's event would add. */
	i_error("passdb postlatch: refusing to serve: the passdb block of driver postlatch needs "
		"result_internalfail = return-fail");
	/* So that the refusal itself is not passed on. */
	block->result_internalfail = AUTH_DB_RULE_RETURN_FAIL;
	return FALSE;
}

/* What is offered; without a secret, nothing. */
static enum pl_offer offer_of(const struct auth_request *request, const char *secret)
{
	if (secret == NULL)
		return PL_OFFER_NOTHING;
	if (login_is_bearer(request))
		return PL_OFFER_BEARER;
	/* An earlier passdb of the chain may have checked the account password. */
	return request->fields.skip_password_check ? PL_OFFER_PROVEN : PL_OFFER_PASSWORD;
}

/* TRUE and the setting of the service, or FALSE and a result. */
static bool find_service(struct auth_request *request, enum pl_setting *setting_r,
			 enum passdb_result *result_r)
{
	struct postlatch_passdb *passdb = (struct postlatch_passdb *)request->passdb->passdb;
	const char *service = compat_service(request);
	int found = dovecot_service(service, setting_r);

	*result_r = PASSDB_RESULT_USER_UNKNOWN;
	if (found >= 0)
		return found > 0;
	found = pl_driver_other_service(driver_block_get(&passdb->block), str_sanitize(service, 64),
					pl_monotonic_ms(), setting_r);
	*result_r = found < 0 ? PASSDB_RESULT_INTERNAL_FAILURE : PASSDB_RESULT_USER_DISABLED;
	return found > 0;
}

/* Decides what needs no database: FALSE and a result. */
static bool needs_decision(struct auth_request *request, enum pl_setting *service_r,
			   enum passdb_result *result_r)
{
	*result_r = PASSDB_RESULT_INTERNAL_FAILURE;
	if (!is_safely_configured(request))
		return FALSE;
	/* A master user acts for the operator: dsync, backup, support. */
	*result_r = PASSDB_RESULT_USER_UNKNOWN;
	return request->fields.master_user == NULL && find_service(request, service_r, result_r);
}

/* When the passdbs are asked about the member, and when the chain has a second block of ours,
 * which has nothing to add. */
static bool is_decided(const struct auth_request *request, enum passdb_result *result_r)
{
	if (login_end_of(request) == NULL)
		return FALSE;
	if (chain_is_asking(request))
		*result_r = PASSDB_RESULT_SCHEME_NOT_AVAILABLE;
	else if (request->fields.skip_password_check && request->fields.master_user == NULL)
		*result_r = PASSDB_RESULT_OK;
	else
		*result_r = PASSDB_RESULT_USER_UNKNOWN;
	return TRUE;
}

static void fill_login(struct login *login, const char *secret)
{
	struct auth_request *request = login->request;
	struct pl_login *l = &login->asked.login;

	l->user = request->fields.user;
	l->user_len = strlen(l->user);
	l->offer = offer_of(request, secret);
	pl_ip_from_bytes(request->fields.remote_ip.family, &request->fields.remote_ip.u, &l->ip);
	pl_ip_from_bytes(request->fields.real_remote_ip.family, &request->fields.real_remote_ip.u,
			 &l->real_ip);
	if (secret == NULL)
		return;
	/* What is too long for us is left empty: neither an app password nor a token. */
	(void)pl_secret_set(&login->secret, secret, strlen(secret));
	l->secret = &login->secret;
}

static void evaluate(struct auth_request *request, const char *secret,
		     verify_plain_callback_t *verify_plain,
		     lookup_credentials_callback_t *lookup_credentials)
{
	struct postlatch_passdb *passdb = (struct postlatch_passdb *)request->passdb->passdb;
	enum passdb_result result;
	enum pl_setting service;
	struct login *login;

	if (is_decided(request, &result) || !needs_decision(request, &service, &result)) {
		answer(request, result, verify_plain, lookup_credentials);
		return;
	}
	login = p_new(request->pool, struct login, 1);
	auth_request_ref(request);
	login->request = request;
	login->verify_plain = verify_plain;
	login->lookup_credentials = lookup_credentials;
	login->asked.login.service = service;
	login->asked.answer = decided;
	fill_login(login, secret);
	pl_driver_evaluate(driver_block_get(&passdb->block), &login->asked, pl_monotonic_ms());
}

static void postlatch_verify_plain(struct auth_request *request, const char *password,
				   verify_plain_callback_t *callback)
{
	if (login_is_bearer(request))
		compat_without_penalty(request);
	evaluate(request, password, callback, NULL);
}

/* CRAM-MD5, SCRAM and lookups: the gates hold, but there is no password to give.
 * Tokens that Dovecot itself has checked: they are decided on like those that only we
 * check, and whatever is not denied is let in. */
static void postlatch_lookup_credentials(struct auth_request *request,
					 lookup_credentials_callback_t *callback)
{
	compat_token_evaluated(request);
	evaluate(request, login_is_bearer(request) ? compat_token(request) : NULL, NULL, callback);
}

static struct passdb_module *make_passdb(pool_t pool, const char *policy_file)
{
	struct postlatch_passdb *passdb = p_new(pool, struct postlatch_passdb, 1);

	/* default_cache_key stays NULL: a revoked credential is dead at once. */
	driver_block_init(&passdb->block, pool, policy_file);
	return &passdb->module;
}

COMPAT_PREINIT(passdb, postlatch_preinit, make_passdb)

static void postlatch_init(struct passdb_module *module)
{
	struct postlatch_passdb *passdb = (struct postlatch_passdb *)module;

	/* Whatever use_worker of 2.4 says: nothing here waits, and a worker would not be told how
	 * the chain ends. So workers load this passdb, but are never asked. */
	module->blocking = FALSE;
	if (worker)
		return;
	(void)driver_block_get(&passdb->block);
	compat_init();
}

static void postlatch_deinit(struct passdb_module *module)
{
	struct postlatch_passdb *passdb = (struct postlatch_passdb *)module;

	driver_block_deinit(&passdb->block);
}

static struct passdb_module_interface passdb_postlatch = {
	.name = "postlatch",
	.preinit = postlatch_preinit,
	.init = postlatch_init,
	.deinit = postlatch_deinit,
	.verify_plain = postlatch_verify_plain,
	.lookup_credentials = postlatch_lookup_credentials,
};

void authdb_postlatch_init(void)
{
	passdb_register_module(&passdb_postlatch);
	userdb_postlatch_register();
	request_end_init();
}

void authdb_postlatch_deinit(void)
{
	request_end_deinit();
	userdb_postlatch_unregister();
	passdb_unregister_module(&passdb_postlatch);
}
