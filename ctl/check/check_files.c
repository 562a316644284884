/* check_files.c - whether policy file, keys and database exist, are valid, and have the right
 * permissions. */
#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/check/check.h"
#include "policy/store/schema.h"

#define CLOCK_MOST 30 /* seconds; one step of one-time codes, which allow for as much */

static int is_root_or(const char *name, uid_t uid)
{
	const struct passwd *pw = getpwnam(name);

	return uid == 0 || (pw != NULL && uid == pw->pw_uid);
}

/* The gid of a group, or -1. */
static gid_t group_id(const char *name)
{
	const struct group *gr = getgrnam(name);

	return gr != NULL ? gr->gr_gid : (gid_t)-1;
}

static gid_t group_postlatch(void)
{
	return group_id("postlatch");
}

gid_t check_portal_group(void)
{
	return group_id("postlatch-portal");
}

int check_portal_reads(const struct stat *st)
{
	const struct passwd *pw = getpwnam("postlatch-portal");

	if (pw == NULL)
		return 0;
	if (st->st_uid == pw->pw_uid)
		return (st->st_mode & 0400) != 0;
	if (st->st_gid == pw->pw_gid || st->st_gid == group_postlatch())
		return (st->st_mode & 040) != 0;
	return (st->st_mode & 04) != 0;
}

/* postgresql://user:password@..., or ...?password=... */
static int has_password(const char *uri)
{
	const char *user = strstr(uri, "://");
	size_t len = user == NULL ? 0 : strcspn(user + 3, "@/?");

	return (len > 0 && user[3 + len] == '@' && memchr(user + 3, ':', len) != NULL) ||
	       strstr(uri, "password=") != NULL;
}

static int file_says(const char *path, const char *text)
{
	char line[4096];
	FILE *in = fopen(path, "r");
	int found = 0;

	while (in != NULL && !found && fgets(line, sizeof(line), in) != NULL)
		found = strstr(line, text) != NULL;
	if (in != NULL)
		fclose(in);
	return found;
}

/* Everyone may read the policy file, but not the password of a database. */
static void check_password(struct check *check, const char *file, const struct stat *st)
{
	const char *uri = check->policy->database;

	if ((st->st_mode & 04) != 0 && has_password(uri) && file_says(file, uri))
		check_find(check, CHECK_FAULT,
			   "%s contains the database's password and everyone can read it; move the "
			   "line to a file of its own, include() that file, and chmod o= it",
			   file);
}

int check_policy(struct check *check)
{
	const char *path = check->ctl->policy_path;
	struct pl_error err = { 0 };
	struct stat st;

	if (pl_policy_load(path, &check->policy, &err) < 0) {
		check_find(check, CHECK_FAULT, "%s", err.msg);
		return 1;
	}
	check_find(check, CHECK_OK, "%s is valid", path);
	for (size_t i = 0; i < check->policy->file_count; i++) {
		const char *file = check->policy->files[i];

		if (stat(file, &st) == 0)
			check_password(check, file, &st);
		if (stat(file, &st) == 0 && st.st_uid != 0)
			check_find(check, CHECK_FAULT, "the owner of %s is not root; chown root it",
				   file);
		if (stat(file, &st) == 0 && (st.st_mode & 022) != 0)
			check_find(check, CHECK_FAULT,
				   "others than its owner can write to %s; chmod go-w it", file);
		else if (stat(file, &st) == 0 && (st.st_mode & 04) == 0 &&
			 st.st_gid != group_postlatch())
			check_find(check, CHECK_FAULT,
				   "the group postlatch cannot read %s; chgrp postlatch and chmod "
				   "g+r it",
				   file);
	}
	if (group_postlatch() == (gid_t)-1)
		check_find(check, CHECK_FAULT,
			   "the group postlatch does not exist; run systemd-sysusers, which "
			   "creates it from sysusers.d/postlatch.conf");
	return 1;
}

/* Whoever may rename files in a folder may replace them. */
static void check_folder(struct check *check, const char *file)
{
	char copy[4096];
	const char *folder;
	struct stat st;

	snprintf(copy, sizeof(copy), "%s", file);
	folder = dirname(copy);
	if (stat(folder, &st) < 0)
		return;
	if (st.st_uid != 0)
		check_find(check, CHECK_FAULT,
			   "the owner of the directory %s is not root, and can replace the policy "
			   "file and the keys; chown root it",
			   folder);
	if ((st.st_mode & 022) != 0)
		check_find(check, CHECK_FAULT,
			   "others than its owner can write to the directory %s, and replace the "
			   "policy file and the keys; chmod go-w it",
			   folder);
}

/* Neither a key nor the database of a new installation. */
static int is_new(const struct check *check)
{
	const struct pl_policy *policy = check->policy;

	return access(policy->verify_key, F_OK) < 0 && access(policy->seal_key, F_OK) < 0 &&
	       (strncmp(policy->database, "sqlite:", 7) != 0 ||
		access(policy->database + 7, F_OK) < 0);
}

/* Returns 1 when the file contains keys and others cannot access it. */
static int key_loads(struct check *check, const char *path, struct stat *st_r)
{
	struct pl_error err = { 0 };
	struct pl_keys *keys;

	if (pl_keys_load(path, &keys, &err) < 0) {
		check_find(check, CHECK_FAULT, "%s", err.msg);
		return 0;
	}
	pl_keys_free(&keys);
	return stat(path, st_r) == 0;
}

static void check_verify_key(struct check *check, const char *path)
{
	struct stat st;

	if (!key_loads(check, path, &st))
		return;
	if (!is_root_or("postlatch", st.st_uid))
		check_find(check, CHECK_FAULT,
			   "the owner of %s is neither root nor postlatch; chown root it", path);
	else if (st.st_gid != group_postlatch() || (st.st_mode & 040) == 0)
		check_find(check, CHECK_FAULT,
			   "the group postlatch cannot read %s, so Dovecot cannot verify app "
			   "passwords; chgrp postlatch and chmod g+r it",
			   path);
	else
		check_find(check, CHECK_OK, "%s is valid", path);
}

/* Without a portal, only root needs it. */
static void check_seal_key(struct check *check, const char *path)
{
	struct stat st;

	if (!key_loads(check, path, &st))
		return;
	if (!is_root_or("postlatch-portal", st.st_uid))
		check_find(check, CHECK_FAULT,
			   "the owner of %s is neither root nor postlatch-portal; chown "
			   "root:postlatch-portal and chmod 640 it",
			   path);
	else if ((st.st_mode & 070) != 0 && st.st_gid != check_portal_group())
		check_find(check, CHECK_FAULT,
			   "%s is accessible to another group than postlatch-portal; chgrp "
			   "postlatch-portal it",
			   path);
	else if (check->policy->portal_url[0] != '\0' && !check_portal_reads(&st))
		check_find(check, CHECK_FAULT,
			   "the user postlatch-portal cannot read %s, so the portal cannot verify "
			   "codes; chgrp postlatch-portal and chmod 640 it (systemd-sysusers "
			   "creates the user and the group)",
			   path);
	else
		check_find(check, CHECK_OK, "%s is valid", path);
}

/* Whether a user is in a group, by its own group or as one of the group's members. */
static int is_in_group(const char *name, gid_t group)
{
	const struct passwd *pw = getpwnam(name);
	gid_t groups[64];
	int count = 64;

	if (pw == NULL || getgrouplist(name, pw->pw_gid, groups, &count) < 0)
		return 0;
	for (int i = 0; i < count; i++) {
		if (groups[i] == group)
			return 1;
	}
	return 0;
}

/* Without a portal, members are told only what commands do. */
static void check_outbox_key(struct check *check, const char *path)
{
	const gid_t group = group_id("postlatch-sender");
	struct stat st;

	if (!key_loads(check, path, &st))
		return;
	if (st.st_uid != 0)
		check_find(check, CHECK_FAULT, "the owner of %s is not root; chown root it", path);
	else if ((st.st_mode & 070) != 0 && st.st_gid != group)
		check_find(check, CHECK_FAULT,
			   "%s is accessible to another group than postlatch-sender; chgrp "
			   "postlatch-sender it",
			   path);
	else if (check->policy->portal_url[0] != '\0' && (st.st_mode & 040) == 0)
		check_find(check, CHECK_FAULT,
			   "the group postlatch-sender cannot read %s, so messages to members are "
			   "not sent; chgrp postlatch-sender and chmod 640 it (systemd-sysusers "
			   "creates the group)",
			   path);
	else if (check->policy->portal_url[0] != '\0' && !is_in_group("postlatch-portal", group))
		check_find(check, CHECK_FAULT,
			   "the user postlatch-portal is not in the group postlatch-sender, so the "
			   "portal cannot read %s; run systemd-sysusers, and restart the portal",
			   path);
	else
		check_find(check, CHECK_OK, "%s is valid", path);
}

int check_keys(struct check *check)
{
	if (is_new(check)) {
		check_find(check, CHECK_FAULT,
			   "there are neither keys nor a database yet; run `postlatch db init`");
		return 1;
	}
	check_folder(check, check->policy->verify_key);
	check_verify_key(check, check->policy->verify_key);
	check_seal_key(check, check->policy->seal_key);
	check_outbox_key(check, check->policy->outbox_key);
	return 1;
}

static void check_database_file(struct check *check, const char *path)
{
	char copy[4096];
	const char *folder;
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_gid != group_postlatch() || (st.st_mode & 060) != 060))
		check_find(check, CHECK_FAULT,
			   "the group postlatch cannot read and write %s; chgrp postlatch and "
			   "chmod g+rw it",
			   path);
	if (stat(path, &st) == 0 && (st.st_mode & 07) != 0)
		check_find(check, CHECK_FAULT, "%s is accessible to everyone; chmod o= it", path);
	snprintf(copy, sizeof(copy), "%s", path);
	folder = dirname(copy);
	if (stat(folder, &st) == 0 &&
	    (st.st_gid != group_postlatch() || (st.st_mode & 02070) != 02070))
		check_find(check, CHECK_FAULT,
			   "the group postlatch cannot create the -wal and -shm files in the "
			   "directory %s; chgrp postlatch and chmod 2770 it",
			   folder);
	if (stat(folder, &st) == 0 && (st.st_mode & 07) != 0)
		check_find(check, CHECK_FAULT,
			   "the directory %s is accessible to everyone, who may replace the "
			   "database; chmod o= it",
			   folder);
	if (stat(folder, &st) == 0 && !is_root_or("postlatch", st.st_uid))
		check_find(check, CHECK_FAULT,
			   "the owner of the directory %s is neither root nor postlatch; chown "
			   "root it",
			   folder);
	for (int i = 0; i < 2; i++) {
		char side[4200];

		snprintf(side, sizeof(side), "%s%s", path, i == 0 ? "-wal" : "-shm");
		if (stat(side, &st) == 0 &&
		    (st.st_gid != group_postlatch() || (st.st_mode & 060) != 060))
			check_find(check, CHECK_FAULT,
				   "the group postlatch cannot write to %s, so other programs "
				   "cannot even read the database; chgrp postlatch and chmod g+rw "
				   "it",
				   side);
		if (stat(side, &st) == 0 && (st.st_mode & 07) != 0)
			check_find(check, CHECK_FAULT, "%s is accessible to everyone; chmod o= it",
				   side);
	}
}

/* Times are written and compared by the database's clock, one-time codes as well. */
static void check_clock(struct check *check)
{
	const int64_t ahead = pl_store_now(check->store) - time(NULL);

	if (llabs(ahead) > CLOCK_MOST)
		check_find(check, CHECK_FAULT,
			   "the clock of the database server is %lld seconds %s this machine's; "
			   "one-time codes, sessions and tokens follow the server's, so set both "
			   "by NTP",
			   (long long)llabs(ahead), ahead > 0 ? "ahead of" : "behind");
}

int check_database(struct check *check)
{
	struct pl_error err = { 0 };
	char problem[256], name[PL_STORE_NAME];

	/* check_keys() has said what is to be done. */
	if (is_new(check))
		return 0;
	if (strncmp(check->policy->database, "sqlite:", 7) == 0)
		check_database_file(check, check->policy->database + 7);
	if (pl_store_open(check->policy->database, PL_ROLE_COMMAND, &check->store, &err) < 0) {
		check_find(check, CHECK_FAULT, "%s", err.msg);
		return 1;
	}
	if (pl_schema_verify(check->policy->database, problem, sizeof(problem), &err) < 0)
		check_find(check, CHECK_FAULT, "%s", err.msg);
	else if (problem[0] != '\0')
		check_find(check, CHECK_FAULT,
			   "the database is damaged (%s); replace it by a backup", problem);
	else
		check_find(check, CHECK_OK, "%s is %s, version %d",
			   pl_store_name(check->policy->database, name, sizeof(name)),
			   pl_store_is_remote(check->policy->database) ? "reachable" : "intact",
			   PL_SCHEMA_VERSION);
	check_clock(check);
	return 1;
}
