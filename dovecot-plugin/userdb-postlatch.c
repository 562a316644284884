/* userdb-postlatch.c - see userdb-postlatch.h.
 *
 *	forwarding off    USERDB_RESULT_OK: the block's fields are added, and with
 *	                  result_success = continue the next userdb is asked
 *	forwarding on     USERDB_RESULT_USER_UNKNOWN: nothing is added, and the next is asked
 *	cannot tell       USERDB_RESULT_INTERNAL_FAILURE, with return-fail: mail waits
 *
 * When the userdbs have found an account to which mail is to be delivered, that is recorded.
 */
#include "lib.h"

#include "dovecot-plugin/compat.h"
#include "dovecot-plugin/denial.h"
#include "dovecot-plugin/shared_driver.h"
#include "dovecot-plugin/userdb-postlatch.h"
#include "policy/base/monotonic.h"

struct postlatch_userdb {
	struct userdb_module module;
	struct driver_block block;
};

/* In the request's memory. */
struct lookup {
	struct pl_driver_request asked; /* first, so that it is found again */
	struct auth_request *request;
	userdb_callback_t *callback;
};

#define KNOWN_KEY "postlatch-known"

/* Hangs on the request's event, in the request's memory. */
struct known {
	struct pl_driver_request asked; /* first, so that it is found again */
	struct auth_request *request;
	struct pl_driver *driver;
	userdb_callback_t *callback; /* of who has asked the userdbs */
	const char *user;
	struct pl_address address;
	struct pl_verdict forwarding;
	const char *connection; /* NULL: by the account password */
};

void userdb_postlatch_known(struct auth_request *request, const struct pl_verdict *forwarding,
			    const struct pl_login *login, const struct pl_address *address,
			    const char *connection)
{
	struct known *known = p_new(request->pool, struct known, 1);

	known->request = request;
	known->asked.login = *login;
	known->user = p_strdup(request->pool, request->fields.user);
	known->address = *address;
	known->forwarding = *forwarding;
	known->connection = connection;
	event_set_ptr(request->event, KNOWN_KEY, known);
}

#define DELIVERY_KEY "postlatch-delivery"

/* Hangs on the request's event, in the request's memory. */
struct delivery {
	struct pl_driver *driver;
	userdb_callback_t *callback; /* of who has asked the userdbs */
	const char *user;            /* the name that was looked up; NULL: none yet */
	int64_t member_id, at;
};

/* -- at the end of the chain of userdbs, for a login -- */

static void end_chain(struct known *known, enum userdb_result result)
{
	struct auth_request *request = known->request;

	if (result == USERDB_RESULT_OK && known->connection != NULL)
		compat_name_connection(request, known->connection);
	known->callback(result, request);
	auth_request_unref(&request);
}

static bool is_same_account(const struct known *known, const struct pl_login_result *result)
{
	return strcmp(known->address.local, result->address.local) == 0 &&
	       strcmp(known->address.domain, result->address.domain) == 0;
}

static void account_decided(struct pl_driver_request *asked, const struct pl_login_result *result,
			    const struct pl_error *err)
{
	struct known *known = (struct known *)asked;
	char sentence[256];

	if (result == NULL) {
		e_debug(known->request->event, "cannot be decided: %s", err->msg);
		end_chain(known, USERDB_RESULT_INTERNAL_FAILURE);
	} else if (is_same_account(known, result)) {
		end_chain(known, USERDB_RESULT_OK);
	} else if (known->connection != NULL) {
		denial_log_other_account(known->request);
		end_chain(known, USERDB_RESULT_USER_UNKNOWN);
	} else if (result->verdict.outcome == PL_DENY) {
		pl_verdict_sentence(&result->verdict, sentence, sizeof(sentence));
		denial_log(known->request, pl_rule_name(result->verdict.rule), sentence);
		end_chain(known, USERDB_RESULT_USER_UNKNOWN);
	} else {
		end_chain(known, USERDB_RESULT_OK);
	}
}

/* The account that opens decides, not the name that a passdb knew. */
static void chain_ended(enum userdb_result result, struct auth_request *request)
{
	struct known *known = event_get_ptr(request->event, KNOWN_KEY);

	auth_request_ref(request);
	if (result != USERDB_RESULT_OK || strcmp(known->user, request->fields.user) == 0) {
		end_chain(known, result);
		return;
	}
	known->asked.login.user = p_strdup(request->pool, request->fields.user);
	known->asked.login.user_len = strlen(request->fields.user);
	known->asked.login.offer = PL_OFFER_PROVEN;
	known->asked.login.secret = NULL;
	known->asked.answer = account_decided;
	pl_driver_evaluate(known->driver, &known->asked, pl_monotonic_ms());
}

/* A login only: mail is delivered to whom it is addressed. */
static void watch_chain(struct auth_request *request, struct pl_driver *driver)
{
	struct known *known = event_get_ptr(request->event, KNOWN_KEY);

	if (known == NULL || known->callback != NULL)
		return;
	known->driver = driver;
	known->callback = request->private_callback.userdb;
	request->private_callback.userdb = chain_ended;
}

/* -- at its end, for a delivery -- */

static bool is_delivery(const struct auth_request *request)
{
	static const char *const services[] = {
#define PL_DOVECOT_SERVICE(name, setting)
#define PL_DOVECOT_HELPER(name)
#define PL_DOVECOT_DELIVERY(name) name,
#include "dovecot-plugin/services.def"
#undef PL_DOVECOT_SERVICE
#undef PL_DOVECOT_HELPER
#undef PL_DOVECOT_DELIVERY
	};

	for (unsigned int i = 0; i < N_ELEMENTS(services); i++) {
		if (strcmp(services[i], compat_service(request)) == 0)
			return TRUE;
	}
	return FALSE;
}

/* The account that receives is the one whose name the userdbs leave in the request. */
static void delivery_found(enum userdb_result result, struct auth_request *request)
{
	struct delivery *delivery = event_get_ptr(request->event, DELIVERY_KEY);
	const char *user = request->fields.user;

	if (result == USERDB_RESULT_OK && delivery->user != NULL) {
		if (strcmp(delivery->user, user) != 0)
			pl_driver_deliver(delivery->driver, user, 0, delivery->at);
		else if (delivery->member_id != 0)
			pl_driver_deliver(delivery->driver, user, delivery->member_id,
					  delivery->at);
	}
	delivery->callback(result, request);
}

static void watch_delivery(struct auth_request *request, struct pl_driver *driver)
{
	struct delivery *delivery;

	if (!is_delivery(request) || event_get_ptr(request->event, DELIVERY_KEY) != NULL)
		return;
	delivery = p_new(request->pool, struct delivery, 1);
	delivery->driver = driver;
	delivery->callback = request->private_callback.userdb;
	request->private_callback.userdb = delivery_found;
	event_set_ptr(request->event, DELIVERY_KEY, delivery);
}

static void delivery_decided(const struct lookup *lookup, const struct pl_login_result *result)
{
	struct delivery *delivery = event_get_ptr(lookup->request->event, DELIVERY_KEY);

	if (delivery == NULL)
		return;
	delivery->user = p_strdup(lookup->request->pool, lookup->request->fields.user);
	delivery->member_id = result->account.member.id;
	delivery->at = lookup->asked.login.now;
}

/* -- in the chain -- */

/* NULL when nothing is: mail is delivered, or a passdb has turned the name into another one. */
static const struct pl_verdict *known_of(const struct auth_request *request)
{
	const struct known *known = event_get_ptr(request->event, KNOWN_KEY);

	if (known == NULL || strcmp(known->user, request->fields.user) != 0)
		return NULL;
	return &known->forwarding;
}

/* The callback may ask the next userdb at once, or end the request: it comes last. */
static void finish(struct lookup *lookup, enum userdb_result result)
{
	struct auth_request *request = lookup->request;

	lookup->callback(result, request);
	auth_request_unref(&request);
}

static enum userdb_result carry_out(struct auth_request *request,
				    const struct pl_verdict *forwarding)
{
	if (forwarding->outcome != PL_DENY)
		return USERDB_RESULT_USER_UNKNOWN;
	if (compat_set_userdb_fields(request) < 0)
		return USERDB_RESULT_INTERNAL_FAILURE;
	e_debug(authdb_event(request), "forwarding is off (%s)", pl_rule_name(forwarding->rule));
	return USERDB_RESULT_OK;
}

static void decided(struct pl_driver_request *asked, const struct pl_login_result *result,
		    const struct pl_error *err)
{
	struct lookup *lookup = (struct lookup *)asked;

	if (result == NULL) {
		e_debug(authdb_event(lookup->request), "forwarding cannot be decided: %s",
			err->msg);
		finish(lookup, USERDB_RESULT_INTERNAL_FAILURE);
	} else {
		delivery_decided(lookup, result);
		finish(lookup, carry_out(lookup->request, &result->verdict));
	}
}

/* With other results, a member would be without a mailbox while forwarding is off, or forward
 * while it cannot be decided. */
static bool is_safely_configured(struct auth_request *request)
{
	struct auth_userdb *block = request->userdb;

	if (strcmp(block->set->result_internalfail, "return-fail") == 0 &&
	    strcmp(block->set->result_success, "continue") == 0 &&
	    strcmp(block->set->result_failure, "continue") == 0)
		return TRUE;
	e_error(authdb_event(request),
		"refusing to serve: the userdb block of driver postlatch needs "
		"result_success = continue and result_internalfail = return-fail");
	/* So that the refusal itself is not passed on. */
	block->result_internalfail = AUTH_DB_RULE_RETURN_FAIL;
	return FALSE;
}

static void postlatch_lookup(struct auth_request *request, userdb_callback_t *callback)
{
	struct postlatch_userdb *userdb = (struct postlatch_userdb *)request->userdb->userdb;
	struct pl_driver *driver = driver_block_get(&userdb->block);
	const struct pl_verdict *known = known_of(request);
	struct lookup *lookup = p_new(request->pool, struct lookup, 1);

	auth_request_ref(request);
	lookup->request = request;
	lookup->callback = callback;
	if (!is_safely_configured(request)) {
		finish(lookup, USERDB_RESULT_INTERNAL_FAILURE);
		return;
	}
	watch_chain(request, driver);
	watch_delivery(request, driver);
	if (known != NULL) {
		finish(lookup, carry_out(request, known));
		return;
	}
	lookup->asked.login.user = request->fields.user;
	lookup->asked.login.user_len = strlen(request->fields.user);
	lookup->asked.login.service = PL_SETTING_FORWARDING;
	lookup->asked.login.offer = PL_OFFER_NOTHING;
	lookup->asked.answer = decided;
	pl_driver_evaluate(driver, &lookup->asked, pl_monotonic_ms());
}

static struct userdb_module *make_userdb(pool_t pool, const char *policy_file)
{
	struct postlatch_userdb *userdb = p_new(pool, struct postlatch_userdb, 1);

	/* default_cache_key stays NULL: what is switched off is off for the next message. */
	driver_block_init(&userdb->block, pool, policy_file);
	return &userdb->module;
}

COMPAT_PREINIT(userdb, postlatch_preinit, make_userdb)

/* As that of the passdb: what is known about a login is in the process that was asked. */
static void postlatch_init(struct userdb_module *module)
{
	module->blocking = FALSE;
}

static void postlatch_deinit(struct userdb_module *module)
{
	struct postlatch_userdb *userdb = (struct postlatch_userdb *)module;

	driver_block_deinit(&userdb->block);
}

static struct userdb_module_interface userdb_postlatch = {
	.name = "postlatch",
	.preinit = postlatch_preinit,
	.init = postlatch_init,
	.deinit = postlatch_deinit,
	.lookup = postlatch_lookup,
};

void userdb_postlatch_register(void)
{
	userdb_register_module(&userdb_postlatch);
}

void userdb_postlatch_unregister(void)
{
	userdb_unregister_module(&userdb_postlatch);
}
