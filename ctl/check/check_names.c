/* check_names.c - by which part of a member's name the operator's passdbs and userdbs look. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/check/check.h"
#include "ctl/check/database_file.h"
#include "ctl/check/doveconf.h"
#include "policy/account/domain.h"

#define VALUE_MAX 2048

enum part { PART_NONE, PART_LOCAL, PART_WHOLE };

/* What a variable that begins here stands for: %n, %Ln, %{username}; in 2.4 %{user | username}. */
static enum part part_of(const char *at)
{
	char name[128];

	if (*at == '{') {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 1, "}"), at + 1);
		if (strstr(name, "domain") != NULL)
			return PART_WHOLE;
		if (strstr(name, "username") != NULL)
			return PART_LOCAL;
		return strstr(name, "user") != NULL ? PART_WHOLE : PART_NONE;
	}
	at += strspn(at, "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (*at == 'n')
		return PART_LOCAL;
	return *at == 'u' || *at == 'd' ? PART_WHOLE : PART_NONE;
}

static int has_part(const char *text, enum part part)
{
	for (const char *at = text; (at = strchr(at, '%')) != NULL; at++) {
		if (part_of(at + 1) == part)
			return 1;
	}
	return 0;
}

static int names_domain(const char *text)
{
	return has_part(text, PART_WHOLE);
}

/* Whether variables of the text name the user by the local part, and none by the domain. */
static int is_by_local_part(const char *text)
{
	return has_part(text, PART_LOCAL) && !names_domain(text);
}

/* Whether what it is asked is in a file of its own: in 2.3, of which args is the path. */
static int has_file(const struct doveconf_database *database, char *path, size_t size)
{
	return (strcmp(database->driver, "ldap") == 0 || strcmp(database->driver, "sql") == 0) &&
	       doveconf_block_value(database->block, "args", path, size) && path[0] == '/';
}

/* A value by which a database is asked about a member. */
static int find_value(const struct doveconf_database *database, const char *name, char *value,
		      size_t size)
{
	char path[512];

	if (doveconf_block_value(database->block, name, value, size))
		return 1;
	return has_file(database, path, sizeof(path)) &&
	       database_file_value(path, name, value, size) == 1;
}

/* Where the values by which a database is asked are among others, which do not matter. With each of
 * the values, the place in which it looks may be one of the domain. doveconf of 2.4 leaves out the
 * beginning of some names: it prints passdb_sql_query as query. */
static const struct asked_by {
	const char *kind, *driver, *value, *place;
} asked_by[] = {
	{ "passdb", "passwd-file", "args", NULL },
	{ "userdb", "passwd-file", "args", NULL },
	{ "passdb", "passwd-file", "auth_username_format", "passwd_file_path" },
	{ "userdb", "passwd-file", "auth_username_format", "passwd_file_path" },
	{ "passdb", "ldap", "auth_bind_userdn", NULL },
	{ "passdb", "ldap", "pass_filter", "base" },
	{ "userdb", "ldap", "user_filter", "base" },
	{ "passdb", "ldap", "bind_userdn", NULL },
	{ "passdb", "ldap", "filter", "ldap_base" },
	{ "userdb", "ldap", "filter", "ldap_base" },
	{ "passdb", "sql", "password_query", NULL },
	{ "userdb", "sql", "user_query", NULL },
	{ "passdb", "sql", "query", NULL },
	{ "userdb", "sql", "query", NULL },
};
#define ROWS (sizeof(asked_by) / sizeof(asked_by[0]))

static int looks_at_local_part(const struct doveconf_database *database, const char *kind)
{
	char value[VALUE_MAX], place[VALUE_MAX];
	int has_row = 0;

	for (size_t i = 0; i < ROWS; i++) {
		const struct asked_by *row = &asked_by[i];

		if (strcmp(row->kind, kind) != 0 || strcmp(row->driver, database->driver) != 0)
			continue;
		has_row = 1;
		if (find_value(database, row->value, value, sizeof(value)) &&
		    is_by_local_part(value) &&
		    !(row->place != NULL &&
		      find_value(database, row->place, place, sizeof(place)) &&
		      names_domain(place)))
			return 1;
	}
	return !has_row && is_by_local_part(database->block);
}

static int one_is_by_local_part(const char *text, const char *kind)
{
	struct doveconf_database database;

	while ((text = doveconf_database(text, kind, &database)) != NULL) {
		if (looks_at_local_part(&database, kind))
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
	check_find(check, CHECK_FAULT,
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

/* Dovecot binds as the member and needs no search, until it is asked without a password. */
static void check_bind_without_filter(struct check *check)
{
	static const struct {
		const char *bind, *filter, *setting;
	} releases[] = {
		{ "auth_bind_userdn", "pass_filter", "pass_filter" },
		{ "bind_userdn", "filter", "passdb_ldap_filter" },
	};
	const char *text = check->doveconf;
	struct doveconf_database passdb;
	char value[VALUE_MAX];

	while ((text = doveconf_database(text, "passdb", &passdb)) != NULL) {
		for (size_t i = 0; i < 2 && strcmp(passdb.driver, "ldap") == 0; i++) {
			const char *setting = releases[i].setting;

			if (find_value(&passdb, releases[i].bind, value, sizeof(value)) &&
			    !find_value(&passdb, releases[i].filter, value, sizeof(value)))
				check_find(check, CHECK_WARNING,
					   "a passdb of driver ldap finds members by a name to "
					   "bind "
					   "as and has no %s, so app passwords and tokens may be "
					   "refused as those of an unknown account; set %s to a "
					   "filter that finds members",
					   setting, setting);
		}
	}
}

/* Dovecot does not start without the file; what is in it cannot be told. */
static void check_files_of(struct check *check, const char *kind)
{
	const char *text = check->doveconf;
	struct doveconf_database database;
	char path[512], value[VALUE_MAX];

	while ((text = doveconf_database(text, kind, &database)) != NULL) {
		if (has_file(&database, path, sizeof(path)) &&
		    database_file_value(path, "driver", value, sizeof(value)) < 0)
			check_find(check, CHECK_WARNING,
				   "%s, which a %s of Dovecot uses, cannot be read: %s; run check "
				   "as root",
				   path, kind, strerror(errno));
	}
}

void check_names(struct check *check)
{
	check_files_of(check, "passdb");
	check_files_of(check, "userdb");
	check_bind_without_filter(check);
	check_local_part(check);
	check_system_users(check);
}
