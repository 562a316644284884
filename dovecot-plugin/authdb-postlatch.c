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
 *	                  the block's result_* settings say
 *	need credential   PASSDB_RESULT_USER_UNKNOWN, which asks the next passdb: the
 *	                  operator's checks the account password. (NEXT would say so
 *	                  too, but is an internal failure when no other passdb takes
 *	                  the mechanism.)
 *	cannot tell       PASSDB_RESULT_INTERNAL_FAILURE, with return-fail
 */
#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "str-sanitize.h"

#include "dovecot-plugin/compat.h"
#include "dovecot-plugin/shared_driver.h"
#include "dovecot-plugin/userdb-postlatch.h"
#include "policy/base/monotonic.h"

/* Exported, so that a Dovecot of another ABI refuses the module by name. */
extern const char *authdb_postlatch_version;
void authdb_postlatch_init(void);
void authdb_postlatch_deinit(void);

const char *authdb_postlatch_version = DOVECOT_ABI_VERSION;

#define USE_KEY "postlatch"

struct postlatch_passdb {
	struct passdb_module module;
	struct driver_block block;
};

/* Hangs on the request's event until its end tells whether the login succeeded. A report
 * to an auth policy server keeps the event, but not the request: so this does. */
struct pending_use {
	pool_t pool; /* the request's */
	struct auth_request *request;
	struct pl_driver *driver;
	struct pl_last_use use;
};

/* A login that the driver decides, in the request's memory. */
struct login {
	struct pl_driver_request asked; /* first, so that it is found again */
	struct auth_request *request;
	struct pl_secret secret;
	verify_plain_callback_t *verify_plain; /* one of the two */
	lookup_credentials_callback_t *lookup_credentials;
};

/* 1 and the setting; 0 for a service that never signs a member in; -1 unknown. */
static int service_setting(const char *service, enum pl_setting *setting_r)
{
	static const struct {
		const char *name;
		int signs_in;
		enum pl_setting setting;
	} services[] = {
#define PL_DOVECOT_SERVICE(name, setting) { name, 1, setting },
#define PL_DOVECOT_HELPER(name) { name, 0, PL_SETTING_COUNT },
#include "dovecot-plugin/services.def"
#undef PL_DOVECOT_SERVICE
#undef PL_DOVECOT_HELPER
	};

	for (unsigned int i = 0; i < N_ELEMENTS(services); i++) {
		if (strcmp(services[i].name, service) == 0) {
			*setting_r = services[i].setting;
			return services[i].signs_in;
		}
	}
	return -1;
}

static bool is_bearer(const struct auth_request *request)
{
	return pl_mechanism_is_bearer(request->fields.mech_name) != 0;
}

/* As one word: what a stranger typed must not look like another field of a log line. */
static const char *log_name(const char *user)
{
	char *name = t_strdup_noconst(user == NULL ? "" : str_sanitize(user, 128));

	for (char *c = name; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ')
			*c = '?';
	}
	return name;
}

/* Not e_info, which is silent without auth_verbose: a policy that keeps someone out
 * must be found in the log. conf.d/fail2ban reads it, and what it reads stands before
 * the name, which strangers choose. */
static void log_denial(const struct auth_request *request, enum pl_rule rule, const char *sentence)
{
	i_info("postlatch: denied ip=%s service=%s rule=%s user=%s: %s",
	       net_ip2addr(&request->fields.remote_ip), compat_service(request), pl_rule_name(rule),
	       log_name(request->fields.user), sentence);
}

/* The portal has told Dovecot that it is no token. */
static void log_refused_token(const struct auth_request *request)
{
	const struct pl_verdict verdict = { .outcome = PL_DENY, .rule = PL_RULE_TOKEN_INVALID };
	char sentence[256];

	pl_verdict_sentence(&verdict, sentence, sizeof(sentence));
	log_denial(request, verdict.rule, sentence);
}

static void record_pending(struct pending_use *pending)
{
	pool_t pool = pending->pool;

	if (pending->request->fields.successful)
		pl_driver_record_use(pending->driver, &pending->use);
	pool_unref(&pool);
}

static void event_freed(struct event *event)
{
	struct pending_use *pending = event_get_ptr(event, USE_KEY);
	const struct auth_request *refused = compat_token_refused(event);

	if (refused != NULL)
		log_refused_token(refused);
	if (pending != NULL)
		record_pending(pending);
}

/* Called for every event of the process when it is logged and when it is freed; those of
 * our requests have a pending use. */
static bool event_seen(struct event *event, enum event_callback_type type,
		       struct failure_context *ctx, const char *fmt ATTR_UNUSED,
		       va_list args ATTR_UNUSED)
{
	if (type == EVENT_CALLBACK_TYPE_FREE)
		event_freed(event);
	else if (type == EVENT_CALLBACK_TYPE_SEND && ctx->type == LOG_TYPE_ERROR)
		compat_error_logged(event);
	return TRUE;
}

/* Another block of ours in the chain may have one for the request, with the app password. */
static struct pending_use *pending_use_of(struct auth_request *request)
{
	struct pending_use *pending = event_get_ptr(request->event, USE_KEY);

	if (pending != NULL)
		return pending;
	pending = p_new(request->pool, struct pending_use, 1);
	pending->pool = request->pool;
	pool_ref(pending->pool);
	event_set_ptr(request->event, USE_KEY, pending);
	return pending;
}

/* Whether somebody was let in is only known at the end of the request, after the operator's
 * passdb and Dovecot's own policy checks. */
static void record_use_later(const struct login *login, const struct pl_login_result *result)
{
	struct pending_use *pending;
	int64_t app_password_id = result->app_password.id;

	if (result->address.local[0] == '\0')
		return;
	pending = pending_use_of(login->request);
	if (app_password_id == 0)
		app_password_id = pending->use.app_password_id;
	pending->request = login->request;
	pending->driver = login->asked.driver;
	pending->use = (struct pl_last_use){
		.address = result->address,
		.member_id = result->account.member.id,
		.app_password_id = app_password_id,
		.service = login->asked.login.service,
		.ip = login->asked.login.ip,
		.at = login->asked.login.now,
	};
}

static enum passdb_result deny(struct auth_request *request, const struct pl_verdict *verdict)
{
	char sentence[256];

	pl_verdict_sentence(verdict, sentence, sizeof(sentence));
	log_denial(request, verdict->rule, sentence);
	if (verdict->tell)
		auth_request_set_field(request, "reason", sentence, NULL);
	return PASSDB_RESULT_USER_DISABLED;
}

static enum passdb_result carry_out(struct auth_request *request,
				    const struct pl_login_result *result)
{
	switch (result->verdict.outcome) {
	case PL_DENY:
		return deny(request, &result->verdict);
	case PL_NEED_CREDENTIAL:
		return PASSDB_RESULT_USER_UNKNOWN;
	case PL_ALLOW:
	case PL_NEED_SECOND_FACTOR: /* the sign-in page asks for it, once the password is right */
		e_debug(authdb_event(request), "%s (%s)", pl_rule_name(result->verdict.rule),
			pl_credential_name(result->facts.credential));
		return PASSDB_RESULT_OK;
	}
	i_unreached();
}

/* The callback may ask the next passdb at once, or end the request: it comes last. */
static void finish(struct login *login, enum passdb_result result)
{
	struct auth_request *request = login->request;

	pl_secret_wipe(&login->secret);
	if (login->verify_plain != NULL) {
		login->verify_plain(result, request);
	} else {
		if (result == PASSDB_RESULT_INTERNAL_FAILURE && is_bearer(request))
			compat_fails_for_now(request);
		login->lookup_credentials(result, uchar_empty_ptr, 0, request);
	}
	auth_request_unref(&request);
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
	outcome = carry_out(login->request, result);
	if (outcome != PASSDB_RESULT_USER_DISABLED) {
		record_use_later(login, result);
		userdb_postlatch_known(login->request, &result->forwarding);
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
	e_error(authdb_event(request),
		"refusing to serve: the passdb block of driver postlatch needs "
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
	if (is_bearer(request))
		return PL_OFFER_BEARER;
	/* An earlier passdb of the chain may have checked the account password. */
	return request->fields.skip_password_check ? PL_OFFER_PROVEN : PL_OFFER_PASSWORD;
}

/* Decides what needs no driver: FALSE and a result. */
static bool needs_decision(struct auth_request *request, enum pl_setting *service_r,
			   enum passdb_result *result_r)
{
	const char *service = compat_service(request);
	int signs_in = 0;

	*result_r = PASSDB_RESULT_INTERNAL_FAILURE;
	if (!is_safely_configured(request))
		return FALSE;
	/* A master user acts for the operator: dsync, backup, support. */
	if (request->fields.master_user == NULL)
		signs_in = service_setting(service, service_r);
	if (signs_in > 0)
		return TRUE;
	*result_r = PASSDB_RESULT_USER_UNKNOWN;
	if (signs_in < 0) {
		e_error(authdb_event(request), "denied: service \"%s\" is not known to Postlatch",
			str_sanitize(service, 64));
		*result_r = PASSDB_RESULT_USER_DISABLED;
	}
	return FALSE;
}

static void fill_login(struct login *login, const char *secret)
{
	struct auth_request *request = login->request;
	struct pl_login *l = &login->asked.login;

	l->user = request->fields.user;
	l->user_len = strlen(l->user);
	l->offer = offer_of(request, secret);
	pl_ip_from_bytes(request->fields.remote_ip.family, &request->fields.remote_ip.u, &l->ip);
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
	struct login *login = p_new(request->pool, struct login, 1);
	enum passdb_result result;

	auth_request_ref(request);
	login->request = request;
	login->verify_plain = verify_plain;
	login->lookup_credentials = lookup_credentials;
	if (!needs_decision(request, &login->asked.login.service, &result)) {
		finish(login, result);
		return;
	}
	fill_login(login, secret);
	login->asked.answer = decided;
	pl_driver_evaluate(driver_block_get(&passdb->block), &login->asked, pl_monotonic_ms());
}

static void postlatch_verify_plain(struct auth_request *request, const char *password,
				   verify_plain_callback_t *callback)
{
	evaluate(request, password, callback, NULL);
}

/* CRAM-MD5, SCRAM and lookups: the gates hold, but there is no password to give.
 * Tokens that Dovecot itself has checked: they are decided on like those that only we
 * check, and whatever is not denied is let in. */
static void postlatch_lookup_credentials(struct auth_request *request,
					 lookup_credentials_callback_t *callback)
{
	compat_token_evaluated(request);
	evaluate(request, is_bearer(request) ? compat_token(request) : NULL, NULL, callback);
}

static struct passdb_module *make_passdb(pool_t pool, const char *policy_file)
{
	struct postlatch_passdb *passdb = p_new(pool, struct postlatch_passdb, 1);

	/* default_cache_key stays NULL: a revoked credential is dead at once.
	 * blocking stays FALSE: nothing here waits. */
	driver_block_init(&passdb->block, pool, policy_file);
	return &passdb->module;
}

COMPAT_PREINIT(passdb, postlatch_preinit, make_passdb)

static void postlatch_init(struct passdb_module *module)
{
	struct postlatch_passdb *passdb = (struct postlatch_passdb *)module;

	/* Workers load every passdb, but may never be asked about this one. */
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
	event_register_callback(event_seen);
}

void authdb_postlatch_deinit(void)
{
	event_unregister_callback(event_seen);
	userdb_postlatch_unregister();
	passdb_unregister_module(&passdb_postlatch);
}
