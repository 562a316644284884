/* compat.h - the differences between Dovecot 2.3 and 2.4, and the only file that knows of them.
 *
 * compat_service()         the name of the service that signs somebody in
 * compat_secured()         how the client's connection is protected
 * compat_token()           the token that Dovecot has checked before it asked us
 * compat_fails_for_now()   makes a failed login one that may be tried again
 * compat_logged()          to be called for each message that Dovecot logs; whether it is shown
 * compat_token_evaluated()  the driver is asked about a token, so it logs itself when it denies it
 * compat_token_refused()    when an event goes: its request, if Dovecot refused a token and did
 *                           not ask us
 * compat_without_penalty() a failure of this request does not slow down others of its address
 * compat_tell_issuer()     where who fails with a token learns how to get one (RFC 7628 3.2.2)
 * compat_init()            to be called once, by the process that is asked
 * compat_set_userdb_fields() adds the fields of a userdb block; -1 when they make no sense
 * compat_name_connection() gives the mail connection that a login opens an alternative user name
 * COMPAT_PREINIT()         defines the preinit function of a passdb or userdb
 *
 * In 2.4 a driver has settings of its own. They are compiled into the driver, which
 * reads them, and into settings-postlatch.c, by which doveconf gets to know them.
 *
 * In 2.4 the mechanisms for tokens no longer offer a token to passdbs as a password.
 * They ask the introspection endpoint of the block oauth2, and when it says "active"
 * they look up the credentials of the member, by which a passdb may still deny.
 */
#ifndef POSTLATCH_COMPAT_H
#define POSTLATCH_COMPAT_H

#include "lib.h"
#include "lib-event-private.h"
#include "auth-common.h"
#include "auth.h"
#include "auth-fields.h"
#include "auth-request.h"
#include "auth-settings.h"
#include "passdb.h"
#include "userdb.h"

#if DOVECOT_VERSION_MAJOR != 2 || DOVECOT_VERSION_MINOR < 3 || DOVECOT_VERSION_MINOR > 4
#error "Postlatch knows Dovecot 2.3 and 2.4"
#endif

/* Dovecot makes an address wait that has failed often. All members of a webmail share its address,
 * and nobody guesses a token of 256 bits: whose token has ended does not make the others wait. */
static inline void compat_without_penalty(struct auth_request *request)
{
	(void)auth_request_import_auth(request, "no-penalty", "");
}

enum compat_secured { COMPAT_NOT_SECURED, COMPAT_SECURED, COMPAT_SECURED_BY_TLS };

#if DOVECOT_VERSION_MINOR == 3

static inline const char *compat_service(const struct auth_request *request)
{
	return request->fields.service;
}

static inline enum compat_secured compat_secured(const struct auth_request *request)
{
	return (enum compat_secured)request->fields.secured;
}

static inline const char *compat_token(const struct auth_request *request ATTR_UNUSED)
{
	return NULL;
}

static inline void compat_fails_for_now(struct auth_request *request ATTR_UNUSED)
{
}

static inline bool compat_logged(struct event *event ATTR_UNUSED, enum log_type type ATTR_UNUSED,
				 const char *fmt ATTR_UNUSED, va_list args ATTR_UNUSED)
{
	return TRUE;
}

static inline void compat_token_evaluated(struct auth_request *request ATTR_UNUSED)
{
}

/* Dovecot's own passdb oauth2 sets it, too. */
static inline void compat_tell_issuer(struct auth_request *request, const char *portal_url)
{
	request->openid_config_url =
		p_strconcat(request->pool, portal_url, "/.well-known/openid-configuration", NULL);
}

static inline const struct auth_request *compat_token_refused(struct event *event ATTR_UNUSED)
{
	return NULL;
}

static inline void compat_init(void)
{
}

/* There are none. */
static inline void compat_name_connection(struct auth_request *request ATTR_UNUSED,
					  const char *name ATTR_UNUSED)
{
}

/* Dovecot adds override_fields itself. */
static inline int compat_set_userdb_fields(struct auth_request *request ATTR_UNUSED)
{
	return 0;
}

/* The setting is what stands behind "args =". */
#define COMPAT_PREINIT(kind, name, make)                                 \
	static struct kind##_module *name(pool_t pool, const char *args) \
	{                                                                \
		return make(pool, args);                                 \
	}

#else

#include "mech.h"
#include "settings.h"
#include "settings-parser.h"

static inline const char *compat_service(const struct auth_request *request)
{
	return request->fields.protocol;
}

static inline enum compat_secured compat_secured(const struct auth_request *request)
{
	return (enum compat_secured)request->fields.conn_secured;
}

#define COMPAT_TOKEN_KEY "postlatch-token"

/* As it was offered. Dovecot has it in the field "token", but not with oauth2_use_worker_with_mech,
 * and not behind a passdb that does not know the user: that one takes the field away. */
static inline const char *compat_token(const struct auth_request *request)
{
	const char *token = event_get_ptr(request->mech_event, COMPAT_TOKEN_KEY);

	return token != NULL ? token : "";
}

/* 2.4.1 takes what its token mechanisms could not find out for a refusal. */
static inline void compat_fails_for_now(struct auth_request *request)
{
	request->internal_failure = TRUE;
}

#define COMPAT_BEARER_KEY "postlatch-bearer"

/* The portal's answer always says whether a token is active. Something else has answered. */
static inline void compat_no_answer(struct auth_request *request)
{
	compat_fails_for_now(request);
	e_error(request->mech_event,
		"what introspection_url answers does not say whether a token is active, so it is "
		"not the portal's answer");
}

/* With a token, an error is logged when and only when the introspection endpoint could not tell.
 * What it says about a token is logged as information, and so is that it says nothing; messages of
 * that level are made for us, and shown where auth_verbose wants them. Only the text tells that it
 * says nothing: the result, PASSWORD_MISMATCH, is that of a token that is not active. */
ATTR_FORMAT(3, 0)
static inline bool compat_logged(struct event *event, enum log_type type, const char *fmt,
				 va_list args)
{
	struct auth_request *request = event_get_ptr(event, COMPAT_BEARER_KEY);
	va_list copy;

	if (request == NULL)
		return TRUE;
	if (type == LOG_TYPE_ERROR)
		compat_fails_for_now(request);
	if (type != LOG_TYPE_INFO)
		return TRUE;
	VA_COPY(copy, args);
	if (strstr(t_strdup_vprintf(fmt, copy), "Missing active_attribute") != NULL)
		compat_no_answer(request);
	va_end(copy);
	return request->set->verbose;
}

/* Dovecot has openid_configuration_url in its block oauth2. */
static inline void compat_tell_issuer(struct auth_request *request ATTR_UNUSED,
				      const char *portal_url ATTR_UNUSED)
{
}

#define COMPAT_EVALUATED_KEY "postlatch-evaluated"

static inline void compat_token_evaluated(struct auth_request *request)
{
	if (request->mech_event != NULL)
		event_set_ptr(request->mech_event, COMPAT_EVALUATED_KEY, request);
}

/* Who hangs up before the answer has not guessed, and that request is not finished. */
static inline const struct auth_request *compat_token_refused(struct event *event)
{
	const struct auth_request *request = event_get_ptr(event, COMPAT_BEARER_KEY);

	if (request == NULL || request->state != AUTH_REQUEST_STATE_FINISHED ||
	    request->fields.successful || request->internal_failure ||
	    event_get_ptr(event, COMPAT_EVALUATED_KEY) != NULL)
		return NULL;
	return request;
}

/* Dovecot asks none but the master passdbs about "other*member", lets the member in
 * as the member whatever they say, and the driver is never asked. The name may be in
 * any field but the token's. */
static inline bool compat_names_master(const struct auth_request *request,
				       const unsigned char *data, size_t size)
{
	const char *separator = request->set->master_user_separator;
	const char *const *field = t_strsplit(t_strndup(data, size), "\001");

	for (; *separator != '\0' && *field != NULL; field++) {
		if (!str_begins_with(*field, "auth=") && strchr(*field, *separator) != NULL)
			return TRUE;
	}
	return FALSE;
}

/* RFC 7628 section 3.1, and XOAUTH2: the token is in the last field "auth=Bearer TOKEN". */
static inline void compat_keep_token(struct auth_request *request, const unsigned char *data,
				     size_t size)
{
	const char *const *field = t_strsplit(t_strndup(data, size), "\001");
	const char *token = NULL;

	for (; *field != NULL; field++) {
		if (strncasecmp(*field, "auth=bearer ", 12) == 0)
			token = *field + 12;
	}
	if (token != NULL)
		event_set_ptr(request->mech_event, COMPAT_TOKEN_KEY,
			      p_strdup(request->pool, token));
}

static inline void compat_continue(struct auth_request *request, const unsigned char *data,
				   size_t size)
{
	event_set_ptr(request->mech_event, COMPAT_BEARER_KEY, request);
	event_set_min_log_level(request->mech_event, LOG_TYPE_INFO);
	if (compat_names_master(request, data, size)) {
		e_info(request->mech_event, "no token is good for acting as somebody else");
		auth_request_fail(request);
		return;
	}
	compat_keep_token(request, data, size);
	compat_without_penalty(request);
	mech_module_find(request->mech->mech_name)->auth_continue(request, data, size);
}

/* What is registered is a copy of the mechanism's own structure. */
static inline void compat_init(void)
{
	struct mech_module_list *list = auth_default_protocol()->reg->modules;

	for (; list != NULL; list = list->next) {
		if (strcmp(list->module.mech_name, "XOAUTH2") == 0 ||
		    strcmp(list->module.mech_name, "OAUTHBEARER") == 0)
			list->module.auth_continue = compat_continue;
	}
}

struct postlatch_settings {
	pool_t pool;
	const char *policy_file;
};

static const struct setting_define postlatch_setting_defines[] = {
	{ .type = SET_FILTER_NAME, .key = "passdb_postlatch" },
	{ .type = SET_FILTER_NAME, .key = "userdb_postlatch" },
	SETTING_DEFINE_STRUCT_STR("postlatch_policy_file", policy_file, struct postlatch_settings),
	SETTING_DEFINE_LIST_END
};

static const struct postlatch_settings postlatch_default_settings = {
	.policy_file = "",
};

static const struct setting_parser_info postlatch_setting_parser_info = {
	.name = "postlatch",
	.defines = postlatch_setting_defines,
	.defaults = &postlatch_default_settings,
	.struct_size = sizeof(struct postlatch_settings),
	.pool_offset1 = 1 + offsetof(struct postlatch_settings, pool),
};

static inline int compat_set_userdb_fields(struct auth_request *request)
{
	return auth_request_set_userdb_fields(request, NULL);
}

/* For doveadm kick -f user_postlatch. */
static inline void compat_name_connection(struct auth_request *request, const char *name)
{
	auth_request_set_userdb_field(request, "user_postlatch", name);
}

#define COMPAT_PREINIT(kind, name, make)                                                       \
	static int name(pool_t pool, struct event *event, struct kind##_module **module_r,     \
			const char **error_r)                                                  \
	{                                                                                      \
		const struct postlatch_settings *set;                                          \
                                                                                               \
		if (settings_get(event, &postlatch_setting_parser_info, 0, &set, error_r) < 0) \
			return -1;                                                             \
		*module_r = make(pool, set->policy_file);                                      \
		settings_free(set);                                                            \
		return 0;                                                                      \
	}

#endif
#endif
