/* chain.c - see chain.h. */
#define AUTH_REQUEST_FIELDS_CONST /* the password counts as not verified when others are asked */
#include "dovecot-plugin/chain.h"

#include "mech.h"
#include "safe-memset.h"

#include "dovecot-plugin/sql_lookup.h"

#define CHAIN_KEY "postlatch-chain"

/* Hangs on the request's event, in the request's memory. */
struct chain {
	struct auth_passdb *ours;
	chain_function_t *ended, *answered;
	verify_plain_callback_t *verify_plain; /* the mechanism's: one of the two */
	lookup_credentials_callback_t *lookup_credentials;
	unsigned char *credentials;
	size_t size;
	/* While others are asked: */
	struct auth_passdb *asked; /* copies, the first one of ours */
	const struct mech_module *mech;
	char *password;
	bool is_asking;
	/* While the userdbs are asked: */
	chain_userdb_function_t *userdbs_answered;
	struct auth_userdb *userdb;
	struct auth_fields *userdb_reply;
	const char *user;
};

static struct chain *chain_of(const struct auth_request *request)
{
	return event_get_ptr(request->event, CHAIN_KEY);
}

/* A passdb whose result_success is return-fail, say, refuses those whom it knows: Dovecot goes on
 * with the mechanism, and refuses the login at its end. */
static enum passdb_result with_rules(const struct auth_request *request, enum passdb_result result)
{
	return result == PASSDB_RESULT_OK && !request->passdb_success && request->mech != NULL
		       ? PASSDB_RESULT_USER_DISABLED
		       : result;
}

static void has_ended(struct auth_request *request, enum passdb_result result)
{
	auth_request_ref(request);
	chain_of(request)->ended(request, with_rules(request, result));
}

static void plain_ended(enum passdb_result result, struct auth_request *request)
{
	has_ended(request, result);
}

static void lookup_ended(enum passdb_result result, const unsigned char *credentials, size_t size,
			 struct auth_request *request)
{
	struct chain *chain = chain_of(request);

	if (result == PASSDB_RESULT_OK && size > 0) {
		chain->credentials = p_malloc(request->pool, size);
		memcpy(chain->credentials, credentials, size);
		chain->size = size;
	}
	has_ended(request, result);
}

void chain_watch(struct auth_request *request, bool plain, chain_function_t *ended)
{
	struct chain *chain = p_new(request->pool, struct chain, 1);

	chain->ours = request->passdb;
	chain->ended = ended;
	if (plain) {
		chain->verify_plain = request->private_callback.verify_plain;
		request->private_callback.verify_plain = plain_ended;
	} else {
		chain->lookup_credentials = request->private_callback.lookup_credentials;
		request->private_callback.lookup_credentials = lookup_ended;
	}
	event_set_ptr(request->event, CHAIN_KEY, chain);
}

static void others_answered(enum passdb_result result, const unsigned char *credentials ATTR_UNUSED,
			    size_t size ATTR_UNUSED, struct auth_request *request)
{
	struct chain *chain = chain_of(request);

	request->mech = chain->mech;
	request->mech_password = chain->password;
	chain->is_asking = FALSE;
	chain->answered(request, with_rules(request, result));
}

/* The passdbs from this one on, without Dovecot's cache (auth_cache_size). What a passdb answers
 * here says nothing about a password, but the cache would keep it for later logins: with the
 * password of this one, or, where the answer has none, as an account that any password opens. */
static struct auth_passdb *without_cache(struct auth_request *request,
					 const struct auth_passdb *passdb)
{
	struct auth_passdb *first = NULL, **next = &first;

	for (; passdb != NULL; passdb = passdb->next) {
		*next = p_new(request->pool, struct auth_passdb, 1);
		**next = *passdb;
		(*next)->cache_key = NULL;
		sql_lookup_guard(passdb->passdb);
		next = &(*next)->next;
	}
	return first;
}

void chain_ask(struct auth_request *request, chain_function_t *answered)
{
	struct chain *chain = chain_of(request);

	chain->answered = answered;
	chain->is_asking = TRUE;
	chain->mech = request->mech;
	chain->password = request->mech_password;
	request->mech = mech_module_find("PLAIN");
	request->mech_password = NULL;
	/* What this chain has found out so far is ours. */
	chain->asked = without_cache(request, chain->ours);
	request->passdb = chain->asked;
	request->passdb_success = FALSE;
	request->passdbs_seen_user_unknown = FALSE;
	request->fields.skip_password_check = FALSE;
	request->wanted_credentials_scheme = NULL;
	auth_request_lookup_credentials(request, "", others_answered);
}

bool chain_is_asking(const struct auth_request *request)
{
	const struct chain *chain = chain_of(request);

	return chain != NULL && chain->is_asking;
}

bool chain_has_answered(const struct auth_request *request)
{
	return request->passdb != chain_of(request)->asked;
}

bool chain_answers_all(const struct auth_request *request)
{
	const struct auth_passdb *passdb = chain_of(request)->ours->next;
	bool lets_in = FALSE;

	for (; passdb != NULL; passdb = passdb->next) {
		if (passdb->passdb->iface.lookup_credentials == NULL)
			return FALSE;
		lets_in = lets_in || !passdb->set->deny;
	}
	return lets_in;
}

static bool has_driver(const struct auth_userdb *userdb, const char *name)
{
	return strcmp(userdb->userdb->iface->name, name) == 0;
}

/* The first userdb of this chain that is not ours, which has nothing to say about who exists. */
static struct auth_userdb *first_userdb(const struct auth_request *request)
{
	struct auth_userdb *userdb = request->userdb;

	while (userdb != NULL && has_driver(userdb, "postlatch"))
		userdb = userdb->next;
	return userdb;
}

bool chain_has_userdbs(const struct auth_request *request)
{
	const struct auth_userdb *userdb = first_userdb(request);
	bool tells = FALSE;

	for (; userdb != NULL; userdb = userdb->next) {
		/* It asks the passdbs, or nobody. */
		if (has_driver(userdb, "static"))
			return FALSE;
		tells = tells ||
			(!has_driver(userdb, "prefetch") && !has_driver(userdb, "postlatch"));
	}
	return tells;
}

/* The login has not asked them yet, and will do so later. */
static void userdbs_answered(enum userdb_result result, struct auth_request *request)
{
	struct chain *chain = chain_of(request);

	request->userdb = chain->userdb;
	request->userdb_lookup = FALSE;
	request->userdb_success = FALSE;
	request->userdbs_seen_internal_failure = FALSE;
	request->userdb_lookup_tempfailed = FALSE;
	request->fields.userdb_reply = chain->userdb_reply;
	if (strcmp(request->fields.user, chain->user) != 0)
		auth_request_set_username_forced(request, chain->user);
	chain_go_on(request);
	chain->userdbs_answered(request, result);
}

void chain_ask_userdbs(struct auth_request *request, chain_userdb_function_t *answered)
{
	struct chain *chain = chain_of(request);

	chain->userdbs_answered = answered;
	chain->userdb = request->userdb;
	chain->userdb_reply = request->fields.userdb_reply;
	chain->user = p_strdup(request->pool, request->fields.user);
	request->userdb = first_userdb(request);
	request->fields.userdb_reply = NULL;
	auth_request_set_state(request, AUTH_REQUEST_STATE_USERDB);
	auth_request_lookup_user(request, userdbs_answered);
}

void chain_wait(struct auth_request *request)
{
	auth_request_set_state(request, AUTH_REQUEST_STATE_PASSDB);
}

void chain_go_on(struct auth_request *request)
{
	auth_request_set_state(request, AUTH_REQUEST_STATE_MECH_CONTINUE);
}

void chain_finish(struct auth_request *request, enum passdb_result result)
{
	struct chain *chain = chain_of(request);

	request->passdb_result = result;
	request->passdb_success = result == PASSDB_RESULT_OK;
	if (chain->verify_plain != NULL)
		chain->verify_plain(result, request);
	else if (result == PASSDB_RESULT_OK && chain->size > 0)
		chain->lookup_credentials(result, chain->credentials, chain->size, request);
	else
		chain->lookup_credentials(result, uchar_empty_ptr, 0, request);
	if (chain->size > 0)
		safe_memset(chain->credentials, 0, chain->size);
	auth_request_unref(&request);
}
