/* check_address.c - asks the portal at its public address, the way that browsers take, and
 * doveadm's HTTP interface. */
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/check/check.h"
#include "ctl/check/http.h"
#include "dovecot/doveadm_key.h"
#include "policy/settings/option.h"

#define DISCOVERY "/.well-known/openid-configuration"

/* Whether the document is the portal's own, which names its address. */
static int names_issuer(const char *body, const char *url)
{
	json_t *json = json_loads(body, 0, NULL);
	const char *issuer = json_string_value(json_object_get(json, "issuer"));
	const int same = issuer != NULL && strcmp(issuer, url) == 0;

	json_decref(json);
	return same;
}

static void read_portal(struct check *check, const char *url, const struct http_answer *answer)
{
	if (answer->status == 502 || answer->status == 503 || answer->status == 504)
		check_find(check, CHECK_FAULT,
			   "the web server at portal_url = %s answers %d: it cannot reach the "
			   "portal, or the portal not its database; start postlatch-portal",
			   url, answer->status);
	else if (answer->status != 200 || !names_issuer(answer->body, url))
		check_find(check, CHECK_FAULT,
			   "at portal_url = %s another site answers (%d for " DISCOVERY
			   "); let the web server pass that name to the portal, as "
			   "conf.d/nginx/postlatch-portal.conf does",
			   url, answer->status);
}

int check_portal_address(struct check *check)
{
	const char *url = check->policy->portal_url;
	struct http_answer answer = { .body = NULL };
	struct pl_error err = { 0 };
	int ret;

	if (url[0] == '\0')
		return 0;
	ret = http_get(url, DISCOVERY, NULL, 0, &answer, &err);
	if (ret < 0 && err.code == PL_ERR_INVALID) {
		check_find(check, CHECK_WARNING,
			   "the certificate at portal_url = %s is not valid (%s), so browsers warn "
			   "of it, and a webmail refuses it; use one that this machine trusts",
			   url, err.msg);
		ret = http_get(url, DISCOVERY, NULL, 1, &answer, &err);
	}
	if (ret < 0)
		check_find(check, CHECK_FAULT,
			   "nothing answers at portal_url = %s (%s); start the web server, and let "
			   "the name lead to this machine",
			   url, err.msg);
	else
		read_portal(check, url, &answer);
	free(answer.body);
	return 1;
}

/* Asks for the list of its commands, which changes nothing. */
static void check_doveadm_at(struct check *check, const char *url, const char *authorization)
{
	struct http_answer answer = { .body = NULL };
	struct pl_error err = { 0 };

	if (http_get(url, "", authorization, 0, &answer, &err) < 0)
		check_find(check, CHECK_FAULT,
			   "doveadm does not answer at doveadm_url = %s (%s), so the portal cannot "
			   "end mail connections; restart Dovecot",
			   url, err.msg);
	else if (answer.status != 200)
		check_find(check, CHECK_FAULT,
			   "doveadm at doveadm_url = %s answers %d and not 200, so the portal "
			   "cannot end mail connections; %s",
			   url, answer.status,
			   answer.status == 401 ? "let doveadm_key_file and Dovecot's "
						  "doveadm_api_key have the same key"
						: "see Dovecot's log");
	free(answer.body);
}

/* That of each front end. */
int check_doveadm_address(struct check *check)
{
	const struct pl_policy *policy = check->policy;
	char authorization[DOVEADM_AUTHORIZATION], url[PL_OPTION_URL_SIZE];

	if (policy->portal_url[0] == '\0' || policy->doveadm_url[0] == '\0' ||
	    doveadm_authorization(policy->doveadm_key_file, authorization, NULL) < 0)
		return 0;
	for (const char *at = policy->doveadm_url; (at = pl_option_next_url(at, url)) != NULL;)
		check_doveadm_at(check, url, authorization);
	OPENSSL_cleanse(authorization, sizeof(authorization));
	return 1;
}
