/* check_doveadm.c - doveadm's HTTP interface, through which the portal ends mail connections. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/check/check.h"
#include "ctl/check/doveconf.h"
#include "policy/settings/option.h"

#define BLOCK_MAX 4096
#define KEY_MAX 256
#define FRAGMENT "06-postlatch-portal.conf"

/* The port of "http://NAME:PORT/..."; 80 when it names none. */
static long port_of(const char *url)
{
	const char *host = strstr(url, "://");
	const char *end = host == NULL ? NULL : host + 3 + strcspn(host + 3, "/");
	const char *colon = NULL;

	for (const char *c = end; c != NULL && c > host + 2; c--) {
		if (*c == ':' && colon == NULL)
			colon = c;
	}
	return colon == NULL ? 80 : strtol(colon + 1, NULL, 10);
}

/* Whether one of the addresses has it: the others are those of other machines. */
static int has_port(const char *urls, long port)
{
	char url[PL_OPTION_URL_SIZE];

	while ((urls = pl_option_next_url(urls, url)) != NULL) {
		if (port_of(url) == port)
			return 1;
	}
	return 0;
}

static void check_address(struct check *check, const char *block)
{
	const char *setting = doveconf_release(check->doveconf)->address;
	char address[256];

	if (!doveconf_block_value(block, setting, address, sizeof(address)) ||
	    (strcmp(address, "127.0.0.1") != 0 && strcmp(address, "::1") != 0 &&
	     strcmp(address, "localhost") != 0))
		check_find(check, CHECK_WARNING,
			   "doveadm's HTTP interface is reachable from other machines without TLS; "
			   "set "
			   "%s = 127.0.0.1 in its inet_listener, or ssl = yes for other front ends",
			   setting);
}

static void check_listener(struct check *check, const char *url)
{
	char service[BLOCK_MAX], block[BLOCK_MAX], port[16], tls[16];

	if (doveconf_block(check->doveconf, "service doveadm {", service, sizeof(service)) ==
		    NULL ||
	    doveconf_block(service, "inet_listener http {", block, sizeof(block)) == NULL ||
	    !doveconf_block_value(block, "port", port, sizeof(port)) ||
	    strtol(port, NULL, 10) == 0) {
		check_find(check, CHECK_FAULT,
			   "doveadm_url is set, but Dovecot has no doveadm HTTP interface; "
			   "include " FRAGMENT);
		return;
	}
	if (!has_port(url, strtol(port, NULL, 10)))
		check_find(check, CHECK_FAULT,
			   "doveadm_url = %s, but doveadm's HTTP interface listens on port %s; use "
			   "the same port in both",
			   url, port);
	/* Other front ends use it with TLS (doc/several-machines.md). */
	if (!doveconf_block_value(block, "ssl", tls, sizeof(tls)) || strcmp(tls, "yes") != 0)
		check_address(check, block);
}

static void check_commands(struct check *check)
{
	char commands[256];

	if (!doveconf_value(check->doveconf, "doveadm_allowed_commands", commands,
			    sizeof(commands)))
		check_find(check, CHECK_WARNING,
			   "doveadm accepts every command over the network, so the key in "
			   "doveadm_key_file gives access to all mail; set "
			   "doveadm_allowed_commands = kick");
	else if (strstr(commands, "kick") == NULL)
		check_find(check, CHECK_FAULT,
			   "doveadm_allowed_commands = %s does not let the portal end mail "
			   "connections; add kick",
			   commands);
}

/* Returns 1 when the first line of the file equals Dovecot's key, and also when that cannot be
 * determined. */
static int same_key(struct check *check, const char *path)
{
	const char *conf = check->ctl->option[CTL_OPTION_DOVECOT_CONF];
	const char *const argv[] = { "doveconf",
				     "-P",
				     "-x",
				     "-h",
				     "-c",
				     conf != NULL ? conf : "/etc/dovecot/dovecot.conf",
				     "doveadm_api_key",
				     NULL };
	char *theirs = ctl_run(argv), ours[KEY_MAX + 1];
	FILE *file = fopen(path, "re");
	size_t len = file == NULL ? 0 : fread(ours, 1, KEY_MAX, file);
	int same = 1;

	ours[len] = '\0';
	ours[strcspn(ours, "\r\n")] = '\0';
	len = strlen(ours);
	/* doveconf ends it with one line end; a second one is a part of the key. */
	if (file != NULL && theirs != NULL)
		same = strlen(theirs) == len + 1 && CRYPTO_memcmp(theirs, ours, len) == 0;
	if (theirs != NULL)
		OPENSSL_cleanse(theirs, strlen(theirs));
	OPENSSL_cleanse(ours, sizeof(ours));
	free(theirs);
	if (file != NULL)
		fclose(file);
	return same;
}

static void check_key_file(struct check *check, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		check_find(check, CHECK_FAULT,
			   "doveadm_key_file = \"%s\" does not exist; create it as " FRAGMENT
			   " describes",
			   path);
	else if ((st.st_mode & 07) != 0 ||
		 ((st.st_mode & 070) != 0 && st.st_gid != check_portal_group()))
		check_find(check, CHECK_FAULT,
			   "%s is accessible to others than the portal; chown "
			   "root:postlatch-portal and chmod 640 it",
			   path);
	else if (!check_portal_reads(&st))
		check_find(check, CHECK_FAULT,
			   "the portal cannot read %s; chown root:postlatch-portal and chmod 640 "
			   "it",
			   path);
}

void check_doveadm(struct check *check)
{
	const struct pl_policy *policy = check->policy;
	char value[64];

	check_key_file(check, policy->doveadm_key_file);
	if (check->doveconf == NULL)
		return;
	check_listener(check, policy->doveadm_url);
	check_commands(check);
	if (!doveconf_value(check->doveconf, "doveadm_api_key", value, sizeof(value)))
		check_find(check, CHECK_FAULT,
			   "doveadm_url is set, but Dovecot has no doveadm_api_key; set it "
			   "as " FRAGMENT " describes");
	else if (!same_key(check, policy->doveadm_key_file))
		check_find(check, CHECK_FAULT,
			   "doveadm_api_key differs from the content of %s (a line end in the file "
			   "counts); set both as " FRAGMENT " describes",
			   policy->doveadm_key_file);
}
