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

/* Whether variables of the text name the user by the local part, and none by the domain. */
static int is_by_local_part(const char *text)
{
	int is_local = 0;

	for (const char *at = text; (at = strchr(at, '%')) != NULL; at++) {
		const enum part part = part_of(at + 1);

		if (part == PART_WHOLE)
			return 0;
		is_local |= part == PART_LOCAL;
	}
	return is_local;
}

/* A value by which a database is asked about a member. In 2.3 it is in the file that args names. */
static int find_value(const struct doveconf_database *database, const char *name, char *value,
		      size_t size)
{
	char path[512];

	if (doveconf_block_value(database->block, name, value, size))
		return 1;
	return doveconf_block_value(database->block, "args", path, sizeof(path)) &&
	       path[0] == '/' && database_file_value(path, name, value, size) == 1;
}

/* Where the values by which a database is asked are among others, which do not matter. */
static const struct asked_by {
	const char *kind, *driver, *names[4];
} asked_by[] = {
	{ "passdb",
	  "ldap",
	  { "auth_bind_userdn", "pass_filter", "passdb_ldap_bind_userdn", "passdb_ldap_filter" } },
	{ "userdb", "ldap", { "user_filter", "userdb_ldap_filter" } },
	{ "passdb", "sql", { "password_query", "passdb_sql_query" } },
	{ "userdb", "sql", { "user_query", "userdb_sql_query" } },
};

static const struct asked_by *values_of(const char *kind, const char *driver)
{
	for (size_t i = 0; i < sizeof(asked_by) / sizeof(asked_by[0]); i++) {
		if (strcmp(asked_by[i].kind, kind) == 0 && strcmp(asked_by[i].driver, driver) == 0)
			return &asked_by[i];
	}
	return NULL;
}

static int looks_at_local_part(const struct doveconf_database *database, const char *kind)
{
	const struct asked_by *values = values_of(kind, database->driver);
	char value[VALUE_MAX];

	if (values == NULL)
		return is_by_local_part(database->block);
	for (size_t i = 0; i < 4 && values->names[i] != NULL; i++) {
		if (find_value(database, values->names[i], value, sizeof(value)) &&
		    is_by_local_part(value))
			return 1;
	}
	return 0;
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
	const char *text = check->doveconf;
	struct doveconf_database passdb;
	char value[VALUE_MAX];

	while ((text = doveconf_database(text, "passdb", &passdb)) != NULL) {
		const int is_2_4 = doveconf_release(check->doveconf)->introspects;
		const char *name = is_2_4 ? "passdb_ldap_filter" : "pass_filter";

		if (strcmp(passdb.driver, "ldap") == 0 &&
		    (find_value(&passdb, "auth_bind_userdn", value, sizeof(value)) ||
		     find_value(&passdb, "passdb_ldap_bind_userdn", value, sizeof(value))) &&
		    !find_value(&passdb, name, value, sizeof(value)))
			check_find(check, CHECK_WARNING,
				   "a passdb of driver ldap finds members by a name to bind as "
				   "and has no %s, so app passwords and tokens may be refused as "
				   "those of an unknown account; set %s to a filter that finds "
				   "members",
				   name, name);
	}
}

/* Dovecot does not start without the file; what is in it cannot be told. */
static void check_files_of(struct check *check, const char *kind)
{
	const char *text = check->doveconf;
	struct doveconf_database database;
	char path[512], value[VALUE_MAX];

	while ((text = doveconf_database(text, kind, &database)) != NULL) {
		if (values_of(kind, database.driver) != NULL &&
		    doveconf_block_value(database.block, "args", path, sizeof(path)) &&
		    path[0] == '/' && database_file_value(path, "driver", value, sizeof(value)) < 0)
			check_find(check, CHECK_WARNING,
				   "%s, which a %s of Dovecot uses, cannot be read: %s; check it "
				   "as "
				   "root",
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
