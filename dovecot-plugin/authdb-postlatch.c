/* authdb-postlatch.c - the passdb driver `postlatch` of Dovecot.
 *
 * compat.h has what depends on its release.
 *
 * A thin shell: turns an auth request into a pl_login, and the verdict into a
 * passdb result. It runs inside the auth process; when the database is on a server,
 * the auth process has a worker do that.
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
#include "dovecot-plugin/driver.h"
#include "policy/base/monotonic.h"
#include "dovecot-plugin/worker.h"

/* Exported, so that a Dovecot of another ABI refuses the module by name. */
extern const char *authdb_postlatch_version;
void authdb_postlatch_init(void);
void authdb_postlatch_deinit(void);

const char *authdb_postlatch_version = DOVECOT_ABI_VERSION;

#define NOTE_KEY "postlatch"

struct postlatch_passdb {
	struct passdb_module module;
	struct pl_driver *driver;
	struct timeout *to_end_turn;
	const char *policy_path;
};

/* Hangs on the request's event until its end tells whether the login succeeded. A report
 * to an auth policy server keeps the event, but not the request: so the note does. */
struct login_note {
	pool_t pool; /* the request's */
	struct auth_request *request;
	struct pl_driver *driver;
	struct pl_use use;
};

enum judged { JUDGED_ERROR, JUDGED_DENY, JUDGED_OK, JUDGED_NEXT };

static void driver_log(enum pl_driver_level level, const char *msg)
{
	switch (level) {
	case PL_DRIVER_INFO:
		i_info("passdb postlatch: %s", msg);
		break;
	case PL_DRIVER_ERROR:
		i_error("passdb postlatch: %s", msg);
		break;
	}
}

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

static void end_turn(struct postlatch_passdb *passdb)
{
	timeout_remove(&passdb->to_end_turn);
	pl_driver_end_turn(passdb->driver);
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

static void take_note(struct login_note *note)
{
	pool_t pool = note->pool;

	if (note->request->fields.successful)
		pl_driver_note_use(note->driver, &note->use);
	pool_unref(&pool);
}

static void event_freed(struct event *event)
{
	struct login_note *note = event_get_ptr(event, NOTE_KEY);
	const struct auth_request *refused = compat_token_refused(event);

	if (refused != NULL)
		log_refused_token(refused);
	if (note != NULL)
		take_note(note);
}

/* Called for every event of the process when it is logged and when it goes; ours carry a note. */
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

/* Who was let in is only known at the end of the request, after the operator's
 * passdb and Dovecot's own policy checks. */
static void leave_note(struct auth_request *request, const struct pl_use *use)
{
	struct postlatch_passdb *passdb = (struct postlatch_passdb *)request->passdb->passdb;
	struct login_note *note = event_get_ptr(request->event, NOTE_KEY);
	int64_t app_password_id = use->app_password_id;

	/* Another block of ours in the chain may have left one, with the app password. */
	if (note == NULL) {
		note = p_new(request->pool, struct login_note, 1);
		note->pool = request->pool;
		pool_ref(note->pool);
	} else if (use->app_password_id == 0) {
		app_password_id = note->use.app_password_id;
	}
	note->request = request;
	note->driver = passdb->driver;
	note->use = *use;
	note->use.app_password_id = app_password_id;
	event_set_ptr(request->event, NOTE_KEY, note);
}

/* A worker never hears how the request ended: it tells the auth process what to note. */
static void note_later(struct auth_request *request, const struct pl_login *login,
		       const struct pl_login_result *result)
{
	struct pl_use use = { .address = result->address,
			      .service = login->service,
			      .ip = login->ip,
			      .at = login->now };

	if (result->address.local[0] == '\0')
		return;
	use.member_id = result->account.member.id;
	use.app_password_id = result->app_password.id;
	if (worker)
		worker_report(request, use.member_id, use.app_password_id);
	else
		leave_note(request, &use);
}

/* In the auth process, when a worker has let somebody in or left it to the next passdb. */
static void note_of_worker(struct auth_request *request, int64_t member_id, int64_t app_password_id)
{
	struct postlatch_passdb *passdb = (struct postlatch_passdb *)request->passdb->passdb;
	struct pl_use use = { .member_id = member_id,
			      .app_password_id = app_password_id,
			      .at = ioloop_time };

	if (service_setting(compat_service(request), &use.service) != 1 ||
	    pl_driver_address(passdb->driver, request->fields.user, strlen(request->fields.user),
			      &use.address) < 0)
		return;
	pl_ip_from_bytes(request->fields.remote_ip.family, &request->fields.remote_ip.u, &use.ip);
	leave_note(request, &use);
}

static enum judged deny(struct auth_request *request, const struct pl_verdict *verdict)
{
	char sentence[256];

	pl_verdict_sentence(verdict, sentence, sizeof(sentence));
	log_denial(request, verdict->rule, sentence);
	if (verdict->tell)
		auth_request_set_field(request, "reason", sentence, NULL);
	return JUDGED_DENY;
}

static enum judged carry_out(struct auth_request *request, const struct pl_login_result *result)
{
	switch (result->verdict.outcome) {
	case PL_DENY:
		return deny(request, &result->verdict);
	case PL_NEED_CREDENTIAL:
		return JUDGED_NEXT;
	case PL_ALLOW:
	case PL_NEED_SECOND_FACTOR: /* the sign-in page asks for it, once the password is right */
		e_debug(authdb_event(request), "%s (%s)", pl_rule_name(result->verdict.rule),
			pl_credential_name(result->facts.credential));
		return JUDGED_OK;
	}
	i_unreached();
}

static enum judged judge_login(struct postlatch_passdb *passdb, struct auth_request *request,
			       struct pl_login *login)
{
	struct pl_login_result result;
	struct pl_error err;
	enum judged judged;
	int ret;

	ret = pl_driver_judge(passdb->driver, login, pl_monotonic_ms(), &result, &err);
	if (ret < 0) {
		e_debug(authdb_event(request), "cannot be decided: %s", err.msg);
		return JUDGED_ERROR;
	}
	/* The turn ends before the next round of I/O: what was revoked by then is dead. */
	if (ret == 1 && passdb->to_end_turn == NULL)
		passdb->to_end_turn = timeout_add_short(0, end_turn, passdb);
	judged = carry_out(request, &result);
	if (judged == JUDGED_OK || judged == JUDGED_NEXT)
		note_later(request, login, &result);
	return judged;
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

static enum judged judge(struct auth_request *request, const char *secret)
{
	struct postlatch_passdb *passdb = (struct postlatch_passdb *)request->passdb->passdb;
	struct pl_secret copy;
	struct pl_login login;
	enum judged judged;
	int signs_in;

	if (!is_safely_configured(request))
		return JUDGED_ERROR;
	/* A master user acts for the operator: dsync, backup, support. */
	if (request->fields.master_user != NULL)
		return JUDGED_NEXT;
	i_zero(&login);
	signs_in = service_setting(compat_service(request), &login.service);
	if (signs_in == 0)
		return JUDGED_NEXT;
	if (signs_in < 0) {
		e_error(authdb_event(request), "denied: service \"%s\" is not known to Postlatch",
			str_sanitize(compat_service(request), 64));
		return JUDGED_DENY;
	}
	login.user = request->fields.user;
	login.user_len = strlen(request->fields.user);
	pl_ip_from_bytes(request->fields.remote_ip.family, &request->fields.remote_ip.u, &login.ip);
	login.mechanism = request->fields.mech_name;
	login.offer = offer_of(request, secret);
	if (secret != NULL) {
		/* What is too long for us is left empty: neither an app password nor a token. */
		(void)pl_secret_set(&copy, secret, strlen(secret));
		login.secret = &copy;
	}
	judged = judge_login(passdb, request, &login);
	if (secret != NULL)
		pl_secret_wipe(&copy);
	return judged;
}

static void open_driver(struct postlatch_passdb *passdb)
{
	passdb->driver = pl_driver_new(passdb->policy_path, !worker, driver_log);
	if (passdb->driver == NULL)
		i_fatal_status(FATAL_OUTOFMEM, "passdb postlatch: out of memory");
}

static enum passdb_result result_of(enum judged judged)
{
	switch (judged) {
	case JUDGED_ERROR:
		return PASSDB_RESULT_INTERNAL_FAILURE;
	case JUDGED_DENY:
		return PASSDB_RESULT_USER_DISABLED;
	case JUDGED_OK:
		return PASSDB_RESULT_OK;
	case JUDGED_NEXT:
		return PASSDB_RESULT_USER_UNKNOWN;
	}
	i_unreached();
}

/* A worker has a driver only once it is asked. */
static bool wants_worker(struct auth_request *request)
{
	struct postlatch_passdb *passdb = (struct postlatch_passdb *)request->passdb->passdb;

	if (!worker)
		return is_safely_configured(request) &&
		       pl_driver_wants_worker(passdb->driver, pl_monotonic_ms());
	if (passdb->driver == NULL)
		open_driver(passdb);
	return FALSE;
}

static void postlatch_verify_plain(struct auth_request *request, const char *password,
				   verify_plain_callback_t *callback)
{
	if (wants_worker(request))
		worker_verify_plain(request, password, callback, note_of_worker);
	else
		callback(result_of(judge(request, password)), request);
}

/* CRAM-MD5, SCRAM and lookups: the gates hold, but there is no password to give.
 * Tokens that Dovecot itself has checked: they are judged like those that only we
 * check, and whatever is not denied is let in. */
static void postlatch_lookup_credentials(struct auth_request *request,
					 lookup_credentials_callback_t *callback)
{
	enum judged judged;

	compat_token_judged(request);
	if (wants_worker(request)) {
		worker_lookup_credentials(request, callback, note_of_worker);
		return;
	}
	judged = judge(request, is_bearer(request) ? compat_token(request) : NULL);
	if (judged == JUDGED_ERROR && is_bearer(request))
		compat_fails_for_now(request);
	callback(result_of(judged), uchar_empty_ptr, 0, request);
}

static struct passdb_module *make_passdb(pool_t pool, const char *policy_file)
{
	struct postlatch_passdb *passdb = p_new(pool, struct postlatch_passdb, 1);

	/* default_cache_key stays NULL: a revoked credential is dead at once.
	 * blocking stays FALSE: SQLite is read in this very process, and which database
	 * it is may change with the policy file. */
	passdb->policy_path =
		*policy_file != '\0' ? p_strdup(pool, policy_file) : PL_POLICY_DEFAULT_PATH;
	return &passdb->module;
}

COMPAT_PREINIT(postlatch_preinit, make_passdb)

static void postlatch_init(struct passdb_module *module)
{
	struct postlatch_passdb *passdb = (struct postlatch_passdb *)module;

	/* Workers load every passdb, but may never be asked about this one. */
	if (worker)
		return;
	open_driver(passdb);
	compat_init();
}

static void postlatch_deinit(struct passdb_module *module)
{
	struct postlatch_passdb *passdb = (struct postlatch_passdb *)module;

	timeout_remove(&passdb->to_end_turn);
	pl_driver_free(&passdb->driver);
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
	event_register_callback(event_seen);
}

void authdb_postlatch_deinit(void)
{
	event_unregister_callback(event_seen);
	passdb_unregister_module(&passdb_postlatch);
}
