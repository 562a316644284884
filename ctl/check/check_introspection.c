/* check_introspection.c - the block oauth2, with which Dovecot 2.4 asks the portal about tokens. */
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

/* The lines that the block must have, and the consequence when one is missing. */
static const struct {
	const char *name, *value, *otherwise;
} lines[] = {
	{ "introspection_mode", "post", "the portal does not understand Dovecot" },
	{ "active_attribute", "active", "Dovecot accepts a token whatever the portal answers" },
	{ "active_value", "true", "Dovecot accepts a token whatever the portal answers" },
	{ "username_attribute", "username", "Dovecot cannot tell to whom a token belongs" },
};

static void check_lines(struct check *check, const char *block)
{
	char value[256];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!doveconf_block_value(block, lines[i].name, value, sizeof(value)) ||
		    strcmp(value, lines[i].value) != 0)
			check_find(check, CHECK_FAULT,
				   "the block oauth2 lacks %s = %s: %s; include " FRAGMENT
				   " unchanged",
				   lines[i].name, lines[i].value, lines[i].otherwise);
	}
	if (doveconf_block_value(block, "use_worker_with_mech", value, sizeof(value)) &&
	    strcmp(value, "yes") == 0)
		check_find(check, CHECK_FAULT,
			   "use_worker_with_mech = yes hides tokens from the driver, which then "
			   "accepts nobody; remove the line from the block oauth2");
}

/* Checks "http://ID:SECRET@...": returns 1 for a valid secret, 0 for a wrong one or none, -1 on
 * errors. */
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
			   "the file in introspection_url = <%s cannot be read; create it "
			   "as " FRAGMENT " describes",
			   path);
		if (file != NULL)
			fclose(file);
		return;
	}
	url[fread(url, 1, URL_MAX, file)] = '\0';
	fclose(file);
	if ((st.st_mode & 077) != 0)
		check_find(check, CHECK_FAULT,
			   "%s contains a secret, and others can read it; chmod 600 it", path);
	known = check->store == NULL || url[strcspn(url, "\r\n")] != '\0'
			? 1
			: is_known(check->store, url, &err);
	if (url[strcspn(url, "\r\n")] != '\0')
		check_find(check, CHECK_FAULT,
			   "%s ends with a line end, which counts as a part of the address; create "
			   "it as " FRAGMENT " describes",
			   path);
	else if (known < 0)
		check_find(check, CHECK_FAULT, "%s", err.msg);
	else if (known == 0)
		check_find(check, CHECK_FAULT,
			   "%s contains no secret that the portal knows, so Dovecot accepts no "
			   "tokens; create it again as " FRAGMENT " describes",
			   path);
	OPENSSL_cleanse(url, sizeof(url));
}

void check_introspection(struct check *check)
{
	char block[BLOCK_MAX], url[URL_MAX];

	if (doveconf_block(check->doveconf, "oauth2 {", block, sizeof(block)) == NULL ||
	    !doveconf_block_value(block, "introspection_url", url, sizeof(url))) {
		check_find(check, CHECK_FAULT,
			   "auth_mechanisms allows tokens, but Dovecot cannot ask the portal about "
			   "them; include " FRAGMENT);
		return;
	}
	check_lines(check, block);
	/* doveconf does not show the secret of an address in the configuration itself. */
	if (url[0] == '<')
		check_secret(check, url + 1);
}
