/* cmd_db.c - postlatch db ... */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/command.h"
#include "policy/base/key_file.h"
#include "policy/session/session.h"
#include "policy/store/schema.h"

/* The groups that share the database and the HMAC key, that of the portal, which reads the seal
 * key, and that of the sender and the portal, which read the outbox key. Where there is none, files
 * stay with whoever runs the command. */
struct owners {
	gid_t group, portal, sender;
	int known, portal_known, sender_known;
};

/* The gid of a group, if there is one. */
static gid_t find_group(const char *name, int *known_r)
{
	const struct group *gr = getgrnam(name);

	*known_r = gr != NULL;
	return gr != NULL ? gr->gr_gid : getgid();
}

static struct owners find_owners(void)
{
	struct owners owners;

	owners.group = find_group("postlatch", &owners.known);
	owners.portal = find_group("postlatch-portal", &owners.portal_known);
	owners.sender = find_group("postlatch-sender", &owners.sender_known);
	return owners;
}

/* The path of an SQLite database; NULL for a database that is no file. */
const char *ctl_database_file(const char *uri)
{
	return strncmp(uri, "sqlite:", 7) == 0 ? uri + 7 : NULL;
}

static int failed(const char *what, const char *path, struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_RETRY, "%s %s: %s", what, path, strerror(errno));
}

/* Gives a file or a folder to the group. A link that somebody put there is not followed. */
static int give(const char *path, int flags, gid_t group, mode_t mode, struct pl_error *err)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | flags);
	int ret = fd < 0 ? -1 : fchown(fd, (uid_t)-1, group);

	if (ret == 0)
		ret = fchmod(fd, mode);
	if (ret < 0)
		failed("cannot give the group access to", path, err);
	if (fd >= 0)
		close(fd);
	return ret;
}

/* It gets its name when it is as it must be, so that a run that is killed leaves nothing by
 * halves. The set-group-id bit gives -wal and -shm to the group, whoever makes them. */
static int make_folder(const char *file, const struct owners *owners, struct pl_error *err)
{
	char copy[4096], partial[4096 + 8];
	const char *folder;

	snprintf(copy, sizeof(copy), "%s", file);
	folder = dirname(copy);
	if (access(folder, F_OK) == 0)
		return 0;
	snprintf(partial, sizeof(partial), "%s.partial", folder);
	rmdir(partial);
	if (mkdir(partial, 0700) < 0)
		return failed("folder", folder, err);
	if (give(partial, O_DIRECTORY, owners->group, 02770, err) < 0)
		return -1;
	return rename(partial, folder) == 0 ? 0 : failed("folder", folder, err);
}

/* A file that exists is not changed: 1 created, 0 it already exists, -1. */
static int make_key(const char *path, mode_t mode, gid_t gid, struct pl_error *err)
{
	if (pl_key_file_create(path, pl_day_of(time(NULL)), mode, getuid(), gid, err) == 0)
		return 1;
	return err->code == PL_ERR_CONFLICT ? 0 : -1;
}

static int make_outbox_key(const struct pl_policy *policy, const struct owners *owners,
			   struct pl_error *err)
{
	return make_key(policy->outbox_key, owners->sender_known ? 0640 : 0600, owners->sender,
			err);
}

/* What belongs to a new database. */
struct making {
	struct owners owners;
	const char *file;               /* NULL: it is none */
	const struct pl_policy *policy; /* names the keys; NULL: none are needed */
	int verify, seal, outbox;       /* 1: the key was made */
};

/* Keys are made for a database that nobody has used, and never later: those of one that is in use
 * would be new keys for old data. */
static int prepare(void *context, struct pl_error *err)
{
	struct making *making = context;
	const struct owners *owners = &making->owners;

	if (making->file != NULL && give(making->file, 0, owners->group, 0660, err) < 0)
		return -1;
	if (making->policy == NULL)
		return 0;
	making->verify = make_key(making->policy->verify_key, 0640, owners->group, err);
	making->seal = making->verify < 0
			       ? -1
			       : make_key(making->policy->seal_key,
					  owners->portal_known ? 0640 : 0600, owners->portal, err);
	if (making->seal < 0)
		return -1;
	making->outbox = make_outbox_key(making->policy, owners, err);
	return making->outbox < 0 ? -1 : 0;
}

static int make_database(const char *uri, struct making *making, struct pl_error *err)
{
	making->owners = find_owners();
	making->file = ctl_database_file(uri);
	if (making->file != NULL && make_folder(making->file, &making->owners, err) < 0)
		return -1;
	return pl_schema_create_with(uri, prepare, making, err);
}

int ctl_make_database_folder(const char *file, struct pl_error *err)
{
	const struct owners owners = find_owners();

	return make_folder(file, &owners, err);
}

int ctl_share_database(const char *file, struct pl_error *err)
{
	return give(file, 0, find_owners().group, 0660, err);
}

int ctl_make_database(const char *uri, struct pl_error *err)
{
	struct making making = { .policy = NULL };

	return make_database(uri, &making, err);
}

int cmd_db_init(struct ctl *ctl, struct pl_error *err)
{
	struct making making = { .policy = ctl->policy };
	char name[PL_STORE_NAME];

	if (make_database(ctl->policy->database, &making, err) < 0)
		return -1;
	pl_store_name(ctl->policy->database, name, sizeof(name));
	if (ctl->json)
		return ctl_print_json(json_pack("{s:s, s:i, s:b, s:b, s:b}", "database", name,
						"version", PL_SCHEMA_VERSION, "verify_key_made",
						making.verify, "seal_key_made", making.seal,
						"outbox_key_made", making.outbox),
				      err);
	printf("created %s, version %d\n", name, PL_SCHEMA_VERSION);
	printf("%s %s\n", making.verify ? "created" : "kept", ctl->policy->verify_key);
	printf("%s %s\n", making.seal ? "created" : "kept", ctl->policy->seal_key);
	printf("%s %s\n", making.outbox ? "created" : "kept", ctl->policy->outbox_key);
	if (!making.owners.known)
		puts("There is no group postlatch on this system: only this user can read them.");
	return CTL_DONE;
}

void ctl_page_progress(int left, int of)
{
	ctl_progress("pages", of - left, of);
}

/* A database that is no file is its server's to say. */
static int is_missing(const char *uri)
{
	const char *file = ctl_database_file(uri);

	return file != NULL && access(file, F_OK) < 0 && errno == ENOENT;
}

/* Of what is about to be changed; a server's databases are copied by its own tools. */
static int backup_older(const char *uri, const char *copy, struct pl_error *err)
{
	int version;

	if (ctl_database_file(uri) == NULL)
		return 0;
	if (pl_schema_read_version(uri, &version, err) < 0)
		return -1;
	return version < PL_SCHEMA_VERSION ? pl_schema_backup(uri, copy, ctl_page_progress, err)
					   : 0;
}

/* Makes the key of a table that is about to be made, in which nothing can be sealed yet. Before the
 * table, so that a run that is killed leaves none without its key. */
static int prepare_outbox_key(const struct pl_policy *policy, int *made_r, struct pl_error *err)
{
	const struct owners owners = find_owners();
	int version;

	*made_r = 0;
	if (pl_schema_read_version(policy->database, &version, err) < 0)
		return -1;
	if (version < PL_SCHEMA_VERSION_OUTBOX)
		*made_r = make_outbox_key(policy, &owners, err);
	return *made_r < 0 ? -1 : 0;
}

int cmd_db_migrate(struct ctl *ctl, struct pl_error *err)
{
	const char *copy = ctl->option[CTL_OPTION_BACKUP];
	int from, to, key_made;

	if (ctl->option[CTL_OPTION_IF_EXISTS] != NULL && is_missing(ctl->policy->database)) {
		if (ctl->json)
			return ctl_print_json(json_pack("{s:n, s:n}", "from", "to"), err);
		puts("there is no database yet");
		return CTL_DONE;
	}
	if (copy != NULL && backup_older(ctl->policy->database, copy, err) < 0)
		return -1;
	if (prepare_outbox_key(ctl->policy, &key_made, err) < 0 ||
	    pl_schema_migrate(ctl->policy->database, &from, &to, err) < 0)
		return -1;
	if (ctl->json)
		return ctl_print_json(json_pack("{s:i, s:i}", "from", from, "to", to), err);
	for (int version = from + 1; version <= to; version++)
		printf("version %d: %s\n", version, pl_schema_migration(version)->title);
	if (key_made)
		printf("created %s\n", ctl->policy->outbox_key);
	printf(from == to ? "already at version %d\n" : "now at version %d\n", to);
	return CTL_DONE;
}

static long long file_size(const char *path, const char *suffix)
{
	char name[4096];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &st) == 0 ? (long long)st.st_size : 0;
}

/* Rows of each kind, and the sessions that are good now. */
#define COUNTS (PL_COUNT_AUDIT + 2)

static const char *const count_names[COUNTS] = { "domains", "members", "app_passwords", "audit",
						 "sessions" };

/* The database has this program's version when it gets here. */
static int read_counts(const char *uri, int64_t counts[COUNTS], struct pl_error *err)
{
	struct pl_work work = { .err = err };
	int ret = 0;

	if (pl_store_open(uri, PL_ROLE_COMMAND, &work.store, err) < 0)
		return -1;
	work.now = pl_store_now(work.store);
	for (int what = 0; what < COUNTS && ret == 0; what++) {
		counts[what] = what <= PL_COUNT_AUDIT
				       ? pl_store_count(work.store, (enum pl_count)what, err)
				       : pl_session_count(&work);
		ret = counts[what] < 0 ? -1 : 0;
	}
	pl_store_close(&work.store);
	return ret;
}

static json_t *status_json(const char *uri, int version, const int64_t counts[COUNTS])
{
	const char *file = ctl_database_file(uri);
	char name[PL_STORE_NAME];
	json_t *json =
		json_pack("{s:s, s:i, s:i}", "database", pl_store_name(uri, name, sizeof(name)),
			  "version", version, "program_version", PL_SCHEMA_VERSION);

	if (file != NULL) {
		json_object_set_new(json, "bytes", json_integer(file_size(file, "")));
		json_object_set_new(json, "wal_bytes", json_integer(file_size(file, "-wal")));
	}
	for (int what = 0; what < COUNTS; what++)
		json_object_set_new(json, count_names[what], json_integer(counts[what]));
	return json;
}

int cmd_db_status(struct ctl *ctl, struct pl_error *err)
{
	const char *uri = ctl->policy->database, *file = ctl_database_file(uri);
	int64_t counts[COUNTS];
	char name[PL_STORE_NAME];
	int version;

	if (pl_schema_read_version(uri, &version, err) < 0 || read_counts(uri, counts, err) < 0)
		return -1;
	if (ctl->json)
		return ctl_print_json(status_json(uri, version, counts), err);
	ctl_line("database", pl_store_name(uri, name, sizeof(name)));
	printf("%-*s %d of %d\n", CTL_NAME_WIDTH, "version", version, PL_SCHEMA_VERSION);
	if (file != NULL)
		printf("%-*s %lld\n%-*s %lld\n", CTL_NAME_WIDTH, "bytes", file_size(file, ""),
		       CTL_NAME_WIDTH, "bytes in -wal", file_size(file, "-wal"));
	for (int what = 0; what < COUNTS; what++)
		printf("%-*s %lld\n", CTL_NAME_WIDTH, count_names[what], (long long)counts[what]);
	return CTL_DONE;
}

int cmd_db_backup(struct ctl *ctl, struct pl_error *err)
{
	if (pl_schema_backup(ctl->policy->database, ctl->args[0], ctl_page_progress, err) < 0)
		return -1;
	if (ctl->json)
		return ctl_print_json(json_pack("{s:s}", "backup", ctl->args[0]), err);
	printf("wrote %s\n", ctl->args[0]);
	return CTL_DONE;
}
