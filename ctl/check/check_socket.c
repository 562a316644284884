/* check_socket.c - a socket of Dovecot's auth process that only one program of Postlatch may
 * use. */
#include <stdlib.h>
#include <string.h>

#include "ctl/check/check.h"
#include "ctl/check/doveconf.h"

#define BLOCK_MAX 4096

/* The path is relative to base_dir or absolute, as in doveconf. Returns 0 when there is no such
 * listener. */
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

void check_auth_socket(struct check *check, const char *path, const struct check_socket_user *user)
{
	char block[BLOCK_MAX], mode_text[32] = "0600", owner[64] = "", group[64] = "";
	long mode;

	if (!find_listener(check->doveconf, path, block, sizeof(block))) {
		check_find(check, user->missing, "Dovecot's service auth has no socket %s, so %s",
			   path, user->fix);
		return;
	}
	doveconf_block_value(block, "mode", mode_text, sizeof(mode_text));
	doveconf_block_value(block, "user", owner, sizeof(owner));
	doveconf_block_value(block, "group", group, sizeof(group));
	mode = strtol(mode_text, NULL, 8);
	if ((mode & 07) != 0)
		check_find(check, CHECK_FAULT,
			   "every user of this machine can try passwords at Dovecot's socket %s "
			   "and claim any address; set mode = 0600 for it",
			   path);
	else if ((mode & 060) != 0 && strcmp(group, user->user) != 0)
		check_find(check, CHECK_FAULT,
			   "the group %s can try passwords at Dovecot's socket %s; set mode = 0600 "
			   "for it",
			   group[0] != '\0' ? group : "root", path);
	else if (strcmp(owner, user->user) != 0 && (mode & 060) == 0)
		check_find(check, CHECK_FAULT,
			   "%s cannot use Dovecot's socket %s; set user = %s for it", user->who,
			   path, user->user);
}
