/* guards.c - see guards.h. */
#include "portal/console/guards.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/credential/factor.h"
#include "portal/http/route.h"
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

/* Whether a code of the factor that is registered now was entered in the session: 1, 0 or -1. A
 * trusted device does not stand for it, nor does a password that was entered while there was no
 * factor. */
static int has_proven_factor(const struct request *request)
{
	struct pl_factor_state state;

	if (pl_factor_state(&request->work, request->session.member_id, &state) < 0)
		return -1;
	return state.kinds != 0 && request->session.second_factor &&
	       request->session.reauthenticated_at > 0 &&
	       request->session.reauthenticated_at >= state.registered_at;
}

/* An administrator without a second factor has to register one first. */
static int ask_for_factor(const struct request *request, struct response *response)
{
	struct pl_factor_state state;

	if (pl_factor_state(&request->work, request->session.member_id, &state) < 0)
		return -1;
	return state.kinds != 0 ? ask_to_reauthenticate(request, response)
				: respond_error(response, 403, "second-factor-needed");
}

/* A member who is signed in: 1, 0 answered, -1. */
static int admit_member(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = guard_authenticated(request, response, err);

	if (ret != 1)
		return ret;
	ret = pl_administrator_of_member(request->work.store, request->session.member_id,
					 &request->administrator, err);
	if (ret != 1)
		return ret < 0 ? -1 : respond_error(response, 403, "not-an-administrator");
	ret = has_proven_factor(request);
	if (ret != 1)
		return ret < 0 ? -1 : ask_for_factor(request, response);
	if (!route_is_safe(request->method) && !is_reauthenticated(request))
		return ask_to_reauthenticate(request, response);
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
	ret = find_target(request, response, err);
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
	if (request->route->object != OBJECT_MEMBER || route_is_safe(request->method))
		return 1;
	ret = pl_administrator_may_change(request->work.store, &request->administrator,
					  target->member.id, err);
	return ret != 0 ? ret : respond_error(response, 403, "administrator");
}

static int admit(struct request *request, struct response *response, enum pl_admin_role least,
		 struct pl_error *err)
{
	int ret = request->authorization != NULL ? admit_key(request, response)
						 : admit_member(request, response, err);

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
