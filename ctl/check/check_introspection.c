/* check_introspection.c - Dovecot 2.4's block oauth2, by which it asks the portal about tokens. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/check/check.h"
#include "ctl/check/doveconf.h"
#include "policy/session/oauth_client.h"

#define BLOCK_MAX 4096
#define URL_MAX 512
#define FRAGMENT "06-postlatch-portal.conf"

/* What must stand there, and what happens when it does not. */
static const struct {
	const char *name, *value, *otherwise;
} lines[] = {
	{ "introspection_mode", "post", "the portal does not understand Dovecot" },
	{ "active_attribute", "active", "Dovecot lets in whatever the portal says of a token" },
	{ "active_value", "true", "Dovecot lets in whatever the portal says of a token" },
	{ "username_attribute", "username", "Dovecot cannot tell whose a token is" },
};

static void check_lines(struct check *check, const char *block)
{
	char value[256];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!doveconf_block_value(block, lines[i].name, value, sizeof(value)) ||
		    strcmp(value, lines[i].value) != 0)
			check_find(check, CHECK_FAULT,
				   "the block oauth2 lacks %s = %s: %s; include " FRAGMENT
				   " as it is",
				   lines[i].name, lines[i].value, lines[i].otherwise);
	}
	if (doveconf_block_value(block, "use_worker_with_mech", value, sizeof(value)) &&
	    strcmp(value, "yes") == 0)
		check_find(check, CHECK_FAULT,
			   "use_worker_with_mech = yes hides tokens from the driver, which then "
			   "lets "
			   "nobody in; remove the line from the block oauth2");
}

/* "http://ID:SECRET@...": 1 right, 0 wrong or none, -1 error. */
static int is_known(struct pl_store *store, const char *url, struct pl_error *err)
{
	const char *id = strstr(url, "://"), *colon = id == NULL ? NULL : strchr(id + 3, ':');
	const char *at = colon == NULL ? NULL : strchr(colon, '@');
	char name[PL_CLIENT_ID_MAX + 1];
	struct pl_secret secret;
	int ret;

	if (at == NULL || (size_t)(colon - id - 3) >= sizeof(name) ||
	    pl_secret_set(&secret, colon + 1, (size_t)(at - colon - 1)) < 0)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)(colon - id - 3), id + 3);
	ret = pl_oauth_client_check(store, name, &secret, err);
	pl_secret_wipe(&secret);
	return ret;
}

static void check_secret(struct check *check, const char *path)
{
	struct pl_error err = { 0 };
	char url[URL_MAX + 1];
	FILE *file = fopen(path, "re");
	struct stat st;
	int known;

	if (file == NULL || fstat(fileno(file), &st) < 0) {
		check_find(check, CHECK_FAULT,
			   "introspection_url = <%s cannot be read; " FRAGMENT
			   " says how to make it",
			   path);
		if (file != NULL)
			fclose(file);
		return;
	}
	url[fread(url, 1, URL_MAX, file)] = '\0';
	fclose(file);
	if ((st.st_mode & 077) != 0)
		check_find(check, CHECK_FAULT,
			   "%s has a secret, and others may read it; chmod 600 it", path);
	known = check->store == NULL || url[strcspn(url, "\r\n")] != '\0'
			? 1
			: is_known(check->store, url, &err);
	if (url[strcspn(url, "\r\n")] != '\0')
		check_find(check, CHECK_FAULT,
			   "%s ends with a line end, which counts; " FRAGMENT
			   " says how to make it",
			   path);
	else if (known < 0)
		check_find(check, CHECK_FAULT, "%s", err.msg);
	else if (known == 0)
		check_find(check, CHECK_FAULT,
			   "%s has no secret that the portal knows, so nobody gets in with a "
			   "token; "
			   "make it anew as " FRAGMENT " says",
			   path);
	OPENSSL_cleanse(url, sizeof(url));
}

void check_introspection(struct check *check)
{
	char block[BLOCK_MAX], url[URL_MAX];

	if (doveconf_block(check->doveconf, "oauth2 {", block, sizeof(block)) == NULL ||
	    !doveconf_block_value(block, "introspection_url", url, sizeof(url))) {
		check_find(check, CHECK_FAULT,
			   "Dovecot is to take tokens and cannot ask the portal about them; "
			   "include " FRAGMENT);
		return;
	}
	check_lines(check, block);
	/* An address in the configuration itself is shown without its secret. */
	if (url[0] == '<')
		check_secret(check, url + 1);
}
