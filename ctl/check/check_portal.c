/* check_portal.c - the portal: address, socket for passwords, OAuth clients, mail. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/check/check.h"
#include "ctl/check/doveconf.h"
#include "policy/session/oauth_client.h"

#define BLOCK_MAX 4096
#define FRAGMENT "06-postlatch-portal.conf"

/* http://localhost is a secure context too (W3C Secure Contexts 3.1), for trying it out. */
static int is_this_machine(const char *host)
{
	size_t len = strcspn(host, host[0] == '[' ? "" : ":");

	return strncmp(host, "[::1]", 5) == 0 || (len == 9 && strncmp(host, "localhost", 9) == 0) ||
	       (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == len);
}

static void check_url(struct check *check, const char *url)
{
	const char *host = strstr(url, "://");

	host = host == NULL ? url : host + 3;
	if (strncmp(url, "https://", 8) != 0 &&
	    !(strncmp(url, "http://", 7) == 0 && is_this_machine(host)))
		check_find(check, CHECK_FAULT,
			   "portal_url = %s is not https, so browsers discard the portal's cookies "
			   "and nobody can sign in; put a web server with TLS in front of the "
			   "portal",
			   url);
}

static void check_socket(struct check *check, const char *path)
{
	check_auth_socket(check, path,
			  &(const struct check_socket_user){
				  .user = "postlatch-portal",
				  .who = "the portal",
				  .missing = CHECK_FAULT,
				  .fix = "the portal cannot verify passwords; include " FRAGMENT
					 ", or set auth_socket" });
}

static int count_client(const struct pl_oauth_client *client, void *context)
{
	int *counts = context;

	if (client->redirect_uris[0] != '\0')
		counts[client->channel == PL_CHANNEL_WEBMAIL]++;
	return 0;
}

static void check_clients(struct check *check)
{
	char mechanisms[256] = "plain";
	struct pl_error err = { 0 };
	int counts[2] = { 0, 0 };

	if (pl_oauth_client_list(check->store, count_client, counts, &err) < 0)
		check_find(check, CHECK_FAULT, "%s", err.msg);
	else if (counts[0] + counts[1] == 0)
		check_find(check, CHECK_WARNING,
			   "no webmail is registered, so nobody can sign in to webmail through the "
			   "portal; run postlatch client add ID --redirect-uri URI");
	if (check->doveconf == NULL || counts[1] == 0)
		return;
	doveconf_value(check->doveconf, "auth_mechanisms", mechanisms, sizeof(mechanisms));
	if (strstr(mechanisms, "xoauth2") == NULL && strstr(mechanisms, "oauthbearer") == NULL)
		check_find(check, CHECK_FAULT,
			   "auth_mechanisms = %s: a webmail is registered, but Dovecot does not "
			   "accept its tokens; add xoauth2 oauthbearer",
			   mechanisms);
}

static void check_mail(struct check *check, const char *sendmail)
{
	if (sendmail[0] != '\0' && access(sendmail, X_OK) < 0)
		check_find(check, CHECK_WARNING,
			   "sendmail = %s cannot be executed, so members are not told when their "
			   "second factor changes; set sendmail",
			   sendmail);
}

int check_portal(struct check *check)
{
	const struct pl_policy *policy = check->policy;
	const size_t before = json_array_size(check->findings);

	if (policy->portal_url[0] == '\0') {
		check_find(check, CHECK_OK,
			   "portal_url is empty, so there is no portal, and webmail does not ask "
			   "for a second factor");
		return 1;
	}
	check_url(check, policy->portal_url);
	check_brand(check);
	check_second_factors(check);
	if (check->doveconf != NULL)
		check_socket(check, policy->auth_socket);
	if (policy->doveadm_url[0] != '\0')
		check_doveadm(check);
	if (check->store != NULL)
		check_clients(check);
	check_mail(check, policy->sendmail);
	if (json_array_size(check->findings) == before)
		check_find(check, CHECK_OK, "the portal at %s is configured correctly",
			   policy->portal_url);
	return 1;
}
