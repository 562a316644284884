/* check_portal.c - the portal: address, socket for passwords, OAuth clients, mail. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "doveconf.h"
#include "oauth_client.h"

#define BLOCK_MAX 4096
#define FRAGMENT "conf.d/dovecot/06-postlatch-portal.conf"

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
	if (host[strcspn(host, "/")] != '\0')
		check_find(check, CHECK_FAULT, "portal_url = %s has something behind the name, and the portal does "
					       "not start; take it away", url);
	if (strncmp(url, "https://", 8) != 0 && !(strncmp(url, "http://", 7) == 0 && is_this_machine(host)))
		check_find(check, CHECK_FAULT, "portal_url = %s is not https: browsers drop the portal's cookies, and "
					       "nobody can sign in; put a web server with TLS in front of it", url);
}

/* As in doveconf: relative to base_dir, or whole. 0 when there is no such listener. */
static int find_listener(const char *doveconf, const char *path, char *block, size_t size)
{
	char service[BLOCK_MAX], base[256], line[512];
	size_t len;

	if (doveconf_block(doveconf, "service auth {", service, sizeof(service)) == NULL)
		return 0;
	snprintf(line, sizeof(line), "unix_listener %s {", path);
	if (doveconf_block(service, line, block, size) != NULL)
		return 1;
	if (!doveconf_value(doveconf, "base_dir", base, sizeof(base)))
		snprintf(base, sizeof(base), "/run/dovecot");
	len = strlen(base);
	/* /var/run is a link to /run. */
	if (strncmp(path, "/var/run/", 9) == 0)
		path += 4;
	if (strncmp(path, base, len) != 0 || path[len] != '/')
		return 0;
	snprintf(line, sizeof(line), "unix_listener %s {", path + len + 1);
	return doveconf_block(service, line, block, size) != NULL;
}

static void check_socket(struct check *check, const char *path)
{
	char block[BLOCK_MAX], mode_text[32] = "0600", user[64] = "", group[64] = "";
	long mode;

	if (!find_listener(check->doveconf, path, block, sizeof(block))) {
		check_find(check, CHECK_FAULT, "Dovecot's service auth has no socket %s, so the portal cannot check "
					       "passwords; include " FRAGMENT ", or set auth_socket", path);
		return;
	}
	doveconf_block_value(block, "mode", mode_text, sizeof(mode_text));
	doveconf_block_value(block, "user", user, sizeof(user));
	doveconf_block_value(block, "group", group, sizeof(group));
	mode = strtol(mode_text, NULL, 8);
	if ((mode & 07) != 0)
		check_find(check, CHECK_FAULT, "every user of this machine can try passwords at Dovecot's socket %s, and "
					       "choose the address they come from; set mode = 0600 there", path);
	else if ((mode & 060) != 0 && strcmp(group, "postlatch-portal") != 0)
		check_find(check, CHECK_FAULT, "group %s can try passwords at Dovecot's socket %s; set mode = 0600 there",
			   group[0] != '\0' ? group : "root", path);
	else if (strcmp(user, "postlatch-portal") != 0 && (mode & 060) == 0)
		check_find(check, CHECK_FAULT, "the portal may not use Dovecot's socket %s; set user = postlatch-portal "
					       "there", path);
}

static int count_client(const struct pl_oauth_client *client, void *context)
{
	int *counts = context;

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
		check_find(check, CHECK_WARNING, "no webmail is registered, so the portal signs nobody in to one; "
						 "postlatch client add ID --redirect-uri URI");
	if (check->doveconf == NULL || counts[1] == 0)
		return;
	doveconf_value(check->doveconf, "auth_mechanisms", mechanisms, sizeof(mechanisms));
	if (strstr(mechanisms, "xoauth2") == NULL && strstr(mechanisms, "oauthbearer") == NULL)
		check_find(check, CHECK_FAULT, "auth_mechanisms = %s: a webmail is registered, and Dovecot takes no "
					       "tokens from it; add xoauth2 oauthbearer", mechanisms);
}

static void check_mail(struct check *check, const char *sendmail)
{
	if (sendmail[0] != '\0' && access(sendmail, X_OK) < 0)
		check_find(check, CHECK_WARNING, "sendmail = %s cannot be run, so members are not told when their second "
						 "factor is changed; set sendmail", sendmail);
}

void check_portal(struct check *check)
{
	const struct pl_policy *policy = check->policy;
	enum check_level before = check->worst;

	if (policy == NULL)
		return;
	if (policy->portal_url[0] == '\0') {
		check_find(check, CHECK_OK, "portal_url is empty: there is no portal, and no second factor at webmail");
		return;
	}
	check->worst = CHECK_OK;
	check_url(check, policy->portal_url);
	if (check->doveconf != NULL)
		check_socket(check, policy->auth_socket);
	if (policy->doveadm_url[0] != '\0')
		check_doveadm(check);
	if (check->store != NULL)
		check_clients(check);
	check_mail(check, policy->sendmail);
	if (check->worst == CHECK_OK)
		check_find(check, CHECK_OK, "the portal at %s is set up well", policy->portal_url);
	if (before > check->worst)
		check->worst = before;
}
