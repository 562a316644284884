/* check_passdbs.c - what the operator's own passdbs and userdbs can say about a member. */
#include <string.h>
#include <unistd.h>

#include "ctl/check/check.h"
#include "ctl/check/doveconf.h"
#include "policy/account/domain.h"

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
static void check_driver(struct check *check, const struct doveconf_database *passdb)
{
	static const char *const mute[] = { "pam", "imap", "oauth2", "bsdauth", "static" };

	for (size_t i = 0; i < sizeof(mute) / sizeof(mute[0]); i++) {
		if (strcmp(passdb->driver, mute[i]) == 0)
			check_find(check, CHECK_WARNING,
				   "a passdb of driver %s cannot say that an account was removed, "
				   "so "
				   "its app passwords and tokens stay valid; use `postlatch member "
				   "set MEMBER active=off` when you remove an account",
				   mute[i]);
	}
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

/* Whether variables of the text name the user by the local part, and none by the domain. */
static int is_by_local_part(const char *text)
{
	static const char *const local[] = { "%n", "%Ln", "%{username}", "| username" };
	static const char *const whole[] = {
		"%d", "%Ld", "%u", "%Lu", "%{domain", "%{user}", "%{user | lower}"
	};
	int is_local = 0;

	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		is_local |= strstr(text, local[i]) != NULL;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		is_local &= strstr(text, whole[i]) == NULL;
	return is_local && strstr(text, "domain") == NULL;
}

static int one_is_by_local_part(const char *text, const char *kind)
{
	struct doveconf_database database;

	while ((text = doveconf_database(text, kind, &database)) != NULL) {
		if (is_by_local_part(database.block))
			return 1;
	}
	return 0;
}

struct known {
	const struct pl_policy *policy;
	int count; /* of domains that are known and no aliases */
};

/* Those with a section in the policy file are counted already. */
static int count_domain(const struct pl_domain *domain, void *context)
{
	struct known *known = context;

	if (pl_policy_domain(known->policy, domain->name) != NULL)
		known->count -= domain->alias_id != 0;
	else
		known->count += domain->known && domain->alias_id == 0;
	return 0;
}

/* Such databases open one mailbox to the same name in each of the domains. */
static void check_local_part(struct check *check)
{
	struct known known = { .policy = check->policy };
	char format[256];
	struct pl_error err;

	if (check->store == NULL || check->policy == NULL ||
	    (doveconf_value(check->doveconf, "auth_username_format", format, sizeof(format)) &&
	     is_by_local_part(format)) ||
	    (!one_is_by_local_part(check->doveconf, "passdb") &&
	     !one_is_by_local_part(check->doveconf, "userdb")))
		return;
	known.count = (int)check->policy->domain_count;
	if (pl_domain_list(check->store, count_domain, &known, &err) < 0 || known.count < 2)
		return;
	check_find(check, CHECK_WARNING,
		   "a passdb or userdb looks at the local part of a name alone, and several "
		   "domains "
		   "are known: one mailbox may open by several names, each with its own switches; "
		   "make the other domains aliases (`postlatch domain add DOMAIN alias_of=OTHER`), "
		   "or leave the domain out with auth_username_format");
}

/* Names of system users have no domain. */
static void check_system_users(struct check *check)
{
	static const char *const drivers[] = { "pam", "shadow", "passwd", "bsdauth" };
	const char *text = check->doveconf, *driver = NULL;
	struct doveconf_database passdb;
	char format[256] = "";

	while ((text = doveconf_database(text, "passdb", &passdb)) != NULL) {
		for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
			if (strcmp(passdb.driver, drivers[i]) == 0)
				driver = drivers[i];
		}
	}
	if (driver == NULL || check->policy == NULL)
		return;
	doveconf_value(check->doveconf, "auth_username_format", format, sizeof(format));
	if (check->policy->default_domain[0] == '\0')
		check_find(check, CHECK_WARNING,
			   "members of a passdb of driver %s sign in without a domain, and such "
			   "names are denied as soon as a domain is known; set default_domain in "
			   "the policy file to theirs",
			   driver);
	if (check->policy->portal_url[0] != '\0' && !is_by_local_part(format))
		check_find(check, CHECK_WARNING,
			   "webmail signs members in with their domain, which a passdb of driver "
			   "%s does not know; set auth_username_format = %s if all members are in "
			   "one domain",
			   driver,
			   doveconf_release(check->doveconf)->introspects
				   ? "%{user | username | lower}"
				   : "%Ln");
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
	check_local_part(check);
	check_system_users(check);
}
