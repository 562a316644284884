/* guards.c - see guards.h. */
#include "portal/console/guards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/admin/user.h"
#include "policy/credential/factor.h"
#include "portal/http/route.h"
#include "portal/signin/factor.h"
#include "portal/signin/guards.h"

#define BEARER "Bearer "

static int refuse_key(struct response *response)
{
	response->authenticate = "Bearer realm=\"postlatch\"";
	return respond_error(response, 401, "key-refused");
}

/* Best effort: a program whose last use cannot be recorded may go on all the same. */
static void record_used(const struct request *request)
{
	struct pl_work work = request->work;

	work.err = NULL;
	pl_api_key_used(&work, &request->key, request->ip_text);
}

/* A program: 1, 0 answered, -1. */
static int admit_key(struct request *request, struct response *response)
{
	const char *text = request->authorization;
	struct pl_secret secret = { .len = 0 };
	int ret = 0;

	if (strncasecmp(text, BEARER, strlen(BEARER)) == 0 &&
	    pl_secret_set(&secret, text + strlen(BEARER), strlen(text + strlen(BEARER))) == 0)
		ret = pl_api_key_find(&request->work, &secret, &request->ip, &request->key);
	pl_secret_wipe(&secret);
	if (ret != 1)
		return ret < 0 ? -1 : refuse_key(response);
	request->administrator = request->key.administrator;
	snprintf(request->address, sizeof(request->address), "api-key %lld",
		 (long long)request->administrator.id);
	record_used(request);
	return 1;
}

/* What suffices, as a session has it. */
static unsigned int sufficient_proof(const struct request *request)
{
	const unsigned int kinds = pl_policy_administrator_second_factors(request->policy);

	return kinds == PL_FACTOR_KINDS_ALL ? kinds | PL_SESSION_BY_OTHER : kinds;
}

/* Whether a factor that is registered now, and suffices, was entered in the session. A trusted
 * device does not stand for it, nor does a password that was entered while there was no factor. */
static int has_proven_factor(const struct request *request, const struct pl_factor_state *state)
{
	const struct pl_session *session = &request->session;

	return state->kinds != 0 && (session->second_factor & sufficient_proof(request)) != 0 &&
	       session->reauthenticated_at > 0 &&
	       session->reauthenticated_at >= state->registered_at;
}

/* An administrator without a second factor that suffices has to register one first. */
static int ask_for_factor(struct request *request, struct response *response,
			  const struct pl_factor_state *state)
{
	const unsigned int kinds = pl_policy_administrator_second_factors(request->policy);

	if (state->kinds == 0)
		return respond_error(response, 403, "second-factor-needed");
	if ((state->kinds & kinds) == 0)
		return respond_json(response, 403,
				    json_pack("{s:s, s:o}", "error", "other-second-factor-needed",
					      "factors", factor_names(kinds)));
	return ask_to_prove(request, response, state->kinds & kinds);
}

/* A member who is signed in: 1, 0 answered, -1. */
static int admit_member(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_factor_state state;
	int ret = guard_authenticated(request, response, err);

	if (ret != 1)
		return ret;
	ret = pl_administrator_of_member(request->work.store, request->session.member_id,
					 &request->administrator, err);
	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 403, "not-an-administrator");
	if (pl_factor_state(&request->work, request->session.member_id, &state) < 0)
		return -1;
	if (!has_proven_factor(request, &state) ||
	    (!route_is_safe(request->method) && !is_reauthenticated(request)))
		return ask_for_factor(request, response, &state);
	return 1;
}

/* The user of the path: 1, 0 answered, -1. */
static int find_user(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_user user;
	const int64_t id = strtoll(request_parameter(request, "id"), NULL, 10);
	const int ret =
		pl_user_get(request->work.store, pl_administrator_scope(&request->administrator),
			    id, &user, err);

	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	request->target = user.account;
	return 1;
}

/* What the path names is read even if there is no such member: 1, 0 answered, -1. */
static int find_target(struct request *request, struct response *response, struct pl_error *err)
{
	const int is_member = request->route->object == OBJECT_MEMBER;
	const char *name = request_parameter(request, is_member ? "member" : "domain");
	struct pl_address address = { .local = "" };

	if (is_member ? pl_address_parse(name, strlen(name), NULL, &address, NULL) < 0
		      : pl_domain_parse(name, address.domain, NULL) < 0)
		return respond_error(response, 404, "not-found");
	if (pl_account_get(request->work.store, &address, &request->target, err) < 0)
		return -1;
	return 1;
}

static int find_object(struct request *request, struct response *response, struct pl_error *err)
{
	const struct pl_account *target = &request->target;
	int ret;

	if (request->route->object == OBJECT_NONE)
		return 1;
	ret = request->route->object == OBJECT_USER ? find_user(request, response, err)
						    : find_target(request, response, err);
	if (ret != 1)
		return ret;
	ret = target->domain.id == 0
		      ? 0
		      : pl_administrator_reaches(request->work.store, &request->administrator,
						 target->domain.id, err);
	if (ret == 1 && request->route->object == OBJECT_MEMBER && target->member.id == 0)
		ret = 0;
	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	if (request->route->object == OBJECT_DOMAIN || route_is_safe(request->method))
		return 1;
	ret = pl_administrator_may_change(request->work.store, &request->administrator,
					  target->member.id, err);
	return ret != 0 ? ret : respond_error(response, 403, "administrator");
}

/* 1, 0 answered, -1. */
static int identify(struct request *request, struct response *response, struct pl_error *err)
{
	if (request->authorization != NULL)
		return admit_key(request, response);
	return request->route->caller == CALLER_SCIM ? refuse_key(response)
						     : admit_member(request, response, err);
}

static int admit(struct request *request, struct response *response, enum pl_admin_role least,
		 struct pl_error *err)
{
	int ret = identify(request, response, err);

	if (ret != 1)
		return ret;
	if (request->administrator.role < least)
		return respond_error(response, 403, "role");
	return find_object(request, response, err);
}

int guard_helpdesk(struct request *request, struct response *response, struct pl_error *err)
{
	return admit(request, response, PL_ADMIN_HELPDESK, err);
}

int guard_domain_administrator(struct request *request, struct response *response,
			       struct pl_error *err)
{
	return admit(request, response, PL_ADMIN_DOMAIN, err);
}

int guard_server_administrator(struct request *request, struct response *response,
			       struct pl_error *err)
{
	return admit(request, response, PL_ADMIN_SERVER, err);
}
