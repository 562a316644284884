/* profile.c - profiles for Apple's devices, over links that work once.
 *
 * A link leads to a page, and the page to the profile: what looks at links before people do, such
 * as the preview of a chat, sees the page, and uses nothing up.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/credential/profile_link.h"
#include "portal/setup/cms.h"
#include "portal/setup/handlers.h"
#include "portal/setup/mobileconfig.h"
#include "portal/setup/profile_page.h"
#include "portal/signin/qr.h"

#define FILE_NAME "mail.mobileconfig"

/* What holds for the owner of an app password. Layers point into account. */
static int settings_of(const struct request *request, const struct pl_address *address,
		       struct pl_account *account, struct pl_mail_settings *settings_r,
		       struct pl_error *err)
{
	struct pl_layers layers;

	if (pl_account_get(request->work.store, address, account, err) < 0)
		return -1;
	pl_account_layers(account, request->policy, request->work.now, &layers);
	pl_mail_settings(request->policy, &layers, settings_r);
	return 0;
}

static int answer_link(const struct request *request, struct response *response,
		       const struct pl_secret *token, struct pl_error *err)
{
	char url[1024];
	char *svg;

	snprintf(url, sizeof(url), "%s/profile/%s", request->policy->portal_url,
		 (const char *)token->data);
	svg = qr_svg(url);
	if (svg != NULL)
		respond_json(response, 200,
			     json_pack("{s:s, s:s, s:I}", "url", url, "qr", svg, "expires_at",
				       (json_int_t)(request->work.now + PL_PROFILE_LINK_SECONDS)));
	else
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
	OPENSSL_cleanse(url, sizeof(url));
	free(svg);
	return svg == NULL ? -1 : 0;
}

/* 1 and the link's token; 0 response says why not; -1. */
static int make_link(struct request *request, struct response *response, int64_t id,
		     const struct pl_secret *password, struct pl_secret *token_r,
		     struct pl_error *err)
{
	struct mobileconfig_services services;
	struct pl_mail_settings settings;
	struct pl_profile_link link;
	struct pl_account account;
	int ret;

	if (request_begin_write(request, err) < 0 ||
	    settings_of(request, &request->session.address, &account, &settings, err) < 0)
		return -1;
	ret = pl_profile_link_make(&request->work, request->verify, &account, id, password,
				   token_r);
	if (ret <= 0)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	ret = pl_profile_link_get(&request->work, token_r, &link);
	if (ret < 0)
		return -1;
	if (ret == 0 || !mobileconfig_choose(&settings, &link.app_password, &services))
		return respond_error(response, 409, "no-profile");
	return pl_store_commit(request->work.store, err) < 0 ? -1 : 1;
}

int post_profile(struct request *request, struct response *response, struct pl_error *err)
{
	const int64_t id = json_integer_value(json_object_get(request->json, "id"));
	const char *text = request_text(request, "password");
	struct pl_secret password, token = { .len = 0 };
	int ret;

	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the HMAC key cannot be read");
	if (pl_secret_set(&password, text, strlen(text)) < 0)
		return respond_error(response, 404, "not-found");
	ret = make_link(request, response, id, &password, &token, err);
	if (ret == 1)
		ret = answer_link(request, response, &token, err);
	pl_secret_wipe(&password);
	pl_secret_wipe(&token);
	return ret;
}

/* 1 and where the link leads; 0 it is none, response says so; -1. */
static int find_link(struct request *request, struct response *response, struct pl_secret *token_r,
		     struct pl_profile_link *link_r)
{
	const char *text = request_parameter(request, "token");
	int ret = 0;

	if (pl_secret_set(token_r, text, strlen(text)) == 0)
		ret = pl_profile_link_get(&request->work, token_r, link_r);
	return ret != 0 ? ret : respond_profile_gone(request, response);
}

int get_profile_page(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_profile_link link;
	struct pl_secret token;
	char path[PL_SECRET_MAX + 64];
	int ret = find_link(request, response, &token, &link);

	(void)err;
	if (ret == 1) {
		snprintf(path, sizeof(path), "/profile/%s/" FILE_NAME, (const char *)token.data);
		ret = respond_profile_page(request, response, path);
	}
	pl_secret_wipe(&token);
	return ret;
}

/* 0 with the profile in response, or -1. */
static int put_profile(const struct request *request, struct response *response,
		       const char *profile, size_t len, struct pl_error *err)
{
	const struct pl_policy *policy = request->policy;

	response->status = 200;
	response->type = "application/x-apple-aspen-config";
	if (policy->profile_certificate[0] != '\0')
		return cms_sign(policy->profile_certificate, policy->profile_key, profile, len,
				&response->body, &response->body_len, err);
	response->body = malloc(len);
	if (response->body == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	memcpy(response->body, profile, len);
	response->body_len = len;
	return 0;
}

/* In a write transaction, which is committed when the profile is ready to be sent: what cannot be
 * made leaves the link as it is. 1, 0 or -1. */
static int redeem(struct request *request, struct response *response, const struct pl_secret *token,
		  struct pl_error *err)
{
	char profile[MOBILECONFIG_MAX];
	struct mobileconfig_services services;
	struct pl_mail_settings settings;
	struct pl_secret password;
	struct pl_profile_link link;
	struct pl_account account;
	size_t len = 0;
	int ret = pl_profile_link_get(&request->work, token, &link);

	if (ret == 1)
		ret = settings_of(request, &link.address, &account, &settings, err) < 0
			      ? -1
			      : mobileconfig_choose(&settings, &link.app_password, &services);
	if (ret == 1)
		ret = pl_profile_link_redeem(&request->work, token, &link, &password);
	if (ret != 1)
		return ret;
	len = mobileconfig_write(request, &settings, &services, &link, &password, profile);
	pl_secret_wipe(&password);
	if (len == 0)
		ret = pl_error_set(err, PL_ERR_INTERNAL, "a profile has no room");
	else if (put_profile(request, response, profile, len, err) < 0 ||
		 pl_store_commit(request->work.store, err) < 0)
		ret = -1;
	OPENSSL_cleanse(profile, sizeof(profile));
	return ret;
}

int get_profile_file(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_profile_link link;
	struct pl_secret token;
	int ret = find_link(request, response, &token, &link);

	/* Who asks for the head alone does not have the profile yet. */
	if (ret == 1 && strcmp(request->method, "HEAD") == 0) {
		response->status = 200;
		ret = 0;
	} else if (ret == 1) {
		ret = request_begin_write(request, err) < 0
			      ? -1
			      : redeem(request, response, &token, err);
		if (ret == 0)
			respond_profile_gone(request, response);
	}
	pl_secret_wipe(&token);
	return ret < 0 ? -1 : 0;
}
