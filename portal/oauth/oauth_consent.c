/* oauth_consent.c - consent to a mail program (RFC 6749 4.1, RFC 8252 8.6); see oauth_consent.h.
 *
 * The page knows the request by a token that is good in the session in which it came, and once.
 * What is agreed to is what the database has kept, less the services that the member takes away.
 */
#include "portal/oauth/oauth_consent.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "policy/settings/services.h"
#include "policy/session/consent.h"
#include "portal/account/account_answer.h"
#include "portal/oauth/handlers.h"
#include "portal/oauth/oauth.h"
#include "portal/oauth/oauth_answer.h"
#include "portal/signin/guards.h"

#define CONSENT_PAGE "/consent"

int application_is_allowed(const struct request *request, const struct pl_address *address,
			   struct pl_error *err)
{
	struct pl_account account;
	struct pl_layers layers;

	if (pl_account_get(request->work.store, address, &account, err) < 0)
		return -1;
	pl_account_layers(&account, request->policy, request->work.now, &layers);
	return pl_resolve(&layers, PL_SETTING_CONNECTED_APPLICATIONS).value == PL_ON;
}

int consent_ask(struct request *request, struct response *response, const struct pl_grant *grant,
		const char *state, struct pl_error *err)
{
	struct pl_consent consent = { .grant = *grant, .has_state = state != NULL };
	struct pl_secret token;
	struct url url;
	int ret;

	consent.grant.session_id = request->session.id;
	snprintf(consent.state, sizeof(consent.state), "%s", state != NULL ? state : "");
	if (request_begin_write(request, err) < 0)
		return -1;
	ret = pl_consent_ask(&request->work, &consent, &token);
	if (ret == 0)
		ret = pl_store_commit(request->work.store, err);
	url_begin(&url, CONSENT_PAGE);
	url_add(&url, "request", (const char *)token.data);
	pl_secret_wipe(&token);
	if (ret == 0)
		respond_redirect(response, url.text);
	OPENSSL_cleanse(&url, sizeof(url));
	return ret;
}

static unsigned int scopes_of(const struct pl_consent *consent)
{
	unsigned int scopes;

	return oauth_scope_read(consent->grant.scope, &scopes) < 0 ? 0 : scopes;
}

static int wants_mail(const struct pl_consent *consent)
{
	return (scopes_of(consent) & (SCOPE_MAIL | SCOPE_MAIL_STANDARD)) != 0;
}

/* Where the browser goes: to a program on this device, to one with a scheme of its own, or to a
 * site, which an operator has added. */
static json_t *destination(const char *uri)
{
	const char *host = strstr(uri, "://");

	if (strncmp(uri, "http://", 7) == 0)
		return json_pack("{s:s}", "kind", "device");
	if (strncmp(uri, "https://", 8) == 0)
		return json_pack("{s:s, s:s#}", "kind", "site", "name", host + 3,
				 (int)strcspn(host + 3, "/?"));
	return json_pack("{s:s, s:s#}", "kind", "program", "name", uri, (int)strcspn(uri, ":"));
}

static json_t *describe(const struct request *request, const struct pl_oauth_client *client,
			const struct pl_consent *consent, unsigned int services)
{
	char address[PL_ADDRESS_DISPLAY_MAX + 1];

	return json_pack("{s:s, s:b, s:o, s:s, s:o, s:b, s:b}", "name", client->name, "verified",
			 client->registered_from[0] == '\0', "returns_to",
			 destination(consent->grant.redirect_uri), "address",
			 pl_address_display(&request->session.address, address), "services",
			 account_services(services), "mail", wants_mail(consent), "identity",
			 (scopes_of(consent) & (SCOPE_OPENID | SCOPE_EMAIL | SCOPE_PROFILE)) != 0);
}

int get_consent(struct request *request, struct response *response, struct pl_error *err)
{
	const char *text = request_query(request, "request");
	struct pl_oauth_client client;
	struct pl_consent consent;
	struct pl_secret token;
	unsigned int services;
	int ret = 0;

	if (pl_secret_set(&token, text, strlen(text)) == 0)
		ret = pl_consent_get(&request->work, &token, request->session.id, &consent);
	pl_secret_wipe(&token);
	if (ret == 1)
		ret = pl_oauth_client_get(request->work.store, consent.grant.client_id, &client,
					  err);
	if (ret < 0 || account_services_on(request, &services, err) < 0)
		return -1;
	if (ret == 0)
		return respond_error(response, 404, "consent-over");
	return respond_json(response, 200, describe(request, &client, &consent, services));
}

/* What the member has left of the services that are offered: 1, 0 when that is none, -1. */
static int choose_services(struct request *request, struct pl_consent *consent,
			   struct pl_error *err)
{
	const char *text = request_text(request, "services");
	unsigned int offered, chosen = PL_SERVICES_ALL;

	if (!wants_mail(consent))
		return 1;
	if (text != NULL && pl_services_parse(text, &chosen, NULL) < 0)
		return 0;
	if (account_services_on(request, &offered, err) < 0)
		return -1;
	/* Left out, or all of them. */
	if (chosen == PL_SERVICES_ALL)
		chosen = PL_SERVICES_OF_CLIENTS;
	consent->grant.services = chosen & offered;
	return consent->grant.services != 0;
}

/* In the write transaction in which the request was taken. 1 and the address; 0 response is filled;
 * -1. */
static int allow(struct request *request, struct response *response, struct pl_consent *consent,
		 struct url *url_r, struct pl_error *err)
{
	const char *state = consent->has_state ? consent->state : NULL;
	int allowed = application_is_allowed(request, &request->session.address, err);

	if (allowed < 0)
		return -1;
	if (!allowed) {
		oauth_error_url(request, &consent->grant, state, "access_denied",
				"connected applications are switched off", url_r);
		return 1;
	}
	allowed = choose_services(request, consent, err);
	if (allowed <= 0)
		return allowed < 0 ? -1 : respond_error(response, 422, "no-service-chosen");
	consent->grant.expires_at = request->work.now + PL_CODE_SECONDS;
	return pl_oauth_client_authorized(&request->work, consent->grant.client_id) < 0 ||
			       oauth_code_url(request, &consent->grant, state, url_r, err) < 0
		       ? -1
		       : 1;
}

static int answer(struct request *request, struct response *response, struct pl_consent *consent,
		  struct pl_error *err)
{
	struct url url;
	int ret = 1;

	if (request_flag(request, "allow"))
		ret = allow(request, response, consent, &url, err);
	else
		oauth_error_url(request, &consent->grant,
				consent->has_state ? consent->state : NULL, "access_denied",
				"the member did not agree", &url);
	/* Without a service nothing was answered, and the member may choose again. */
	if (ret <= 0)
		return ret;
	if (pl_store_commit(request->work.store, err) < 0)
		return -1;
	ret = url_fits(&url) ? respond_json(response, 200, json_pack("{s:s}", "continue", url.text))
			     : respond_error(response, 400, "bad-request");
	OPENSSL_cleanse(&url, sizeof(url));
	return ret;
}

int post_consent(struct request *request, struct response *response, struct pl_error *err)
{
	const char *text = request_text(request, "request");
	struct pl_consent consent;
	struct pl_secret token;
	int ret;

	/* What is connected outlives the session, which may be that of a trusted device. */
	if (request_flag(request, "allow") && !is_reauthenticated(request))
		return ask_to_reauthenticate(request, response);
	if (pl_secret_set(&token, text, strlen(text)) < 0)
		return respond_error(response, 404, "consent-over");
	ret = request_begin_write(request, err);
	if (ret == 0)
		ret = pl_consent_redeem(&request->work, &token, request->session.id, &consent);
	pl_secret_wipe(&token);
	if (ret <= 0)
		return ret < 0 ? -1 : respond_error(response, 404, "consent-over");
	return answer(request, response, &consent, err);
}
