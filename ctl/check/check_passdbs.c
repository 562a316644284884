/* check_passdbs.c - what the operator's own passdbs and userdbs can say about a member. */
#include <string.h>
#include <unistd.h>

#include "ctl/check/check.h"
#include "ctl/check/doveconf.h"

static int has_value(const char *block, const char *name, const char *expected)
{
	char value[64];

	return doveconf_block_value(block, name, value, sizeof(value)) &&
	       strcmp(value, expected) == 0;
}

int check_denies(const struct doveconf_database *passdb)
{
	return has_value(passdb->block, "deny", "yes");
}

/* Without a password, Dovecot gets no answer from these. */
int check_is_mute(const char *driver)
{
	static const char *const mute[] = { "pam", "imap", "oauth2", "bsdauth" };

	for (size_t i = 0; i < sizeof(mute) / sizeof(mute[0]); i++) {
		if (strcmp(driver, mute[i]) == 0)
			return 1;
	}
	return 0;
}

/* Whether a userdb knows who exists, and none says so of every name: the driver asks them, then. */
static int userdbs_tell(const char *text)
{
	struct doveconf_database userdb;
	int tells = 0;

	while ((text = doveconf_database(text, "userdb", &userdb)) != NULL) {
		if (strcmp(userdb.driver, "static") == 0)
			return 0;
		tells |= strcmp(userdb.driver, "prefetch") != 0 &&
			 strcmp(userdb.driver, "postlatch") != 0;
	}
	return tells;
}

static void check_driver(struct check *check, const struct doveconf_database *passdb)
{
	const int is_mute = check_is_mute(passdb->driver);

	if (is_mute && userdbs_tell(check->doveconf))
		check_find(check, CHECK_WARNING,
			   "a passdb of driver %s cannot say that an account was locked or has "
			   "expired, so its app passwords and tokens stay valid until no userdb "
			   "knows it; use `postlatch member set MEMBER active=off` when you lock "
			   "an "
			   "account",
			   passdb->driver);
	else if (is_mute || strcmp(passdb->driver, "static") == 0)
		check_find(check, CHECK_WARNING,
			   "a passdb of driver %s cannot say that an account was removed, so its "
			   "app passwords and tokens stay valid; use `postlatch member set MEMBER "
			   "active=off` when you remove an account",
			   passdb->driver);
}

/* Dovecot takes a missing file for an empty one. */
static void check_deny_file(struct check *check, const struct doveconf_database *passdb)
{
	char value[512];
	const char *path = value;

	if (strcmp(passdb->driver, "passwd-file") != 0)
		return;
	if (!doveconf_block_value(passdb->block, "passwd_file_path", value, sizeof(value)) &&
	    doveconf_block_value(passdb->block, "args", value, sizeof(value)) &&
	    strrchr(value, ' ') != NULL)
		path = strrchr(value, ' ') + 1;
	if (path[0] == '/' && strchr(path, '%') == NULL && access(path, F_OK) < 0)
		check_find(check, CHECK_FAULT,
			   "%s is missing, so a passdb with deny = yes denies nobody; create the "
			   "file, which may be empty",
			   path);
}

static void check_order(struct check *check, int is_behind)
{
	if (is_behind)
		check_find(check, CHECK_WARNING,
			   "a passdb with deny = yes comes after one that accepts passwords, so it "
			   "denies nobody whom that one knows; put it first");
}

static void check_own_passdbs(struct check *check)
{
	const char *text = check->doveconf;
	struct doveconf_database passdb;
	int accepts = 0;

	while ((text = doveconf_database(text, "passdb", &passdb)) != NULL) {
		if (strcmp(passdb.driver, "postlatch") == 0)
			continue;
		if (check_denies(&passdb)) {
			check_deny_file(check, &passdb);
			check_order(check, accepts);
		} else if (!has_value(passdb.block, "master", "yes")) {
			check_driver(check, &passdb);
			accepts = 1;
		}
	}
}

int check_denies_only(const char *doveconf, int count)
{
	struct doveconf_database passdb;

	for (int i = 0; i < count; i++) {
		doveconf = doveconf_database(doveconf, "passdb", &passdb);
		if (doveconf == NULL || !check_denies(&passdb))
			return 0;
	}
	return 1;
}

void check_passdbs(struct check *check)
{
	check_own_passdbs(check);
	check_names(check);
}
