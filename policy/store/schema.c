/* schema.c - the tables and their history; see schema.h. */
#include "policy/store/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "policy/store/backend.h"

#define MIGRATE_TRIES 20 /* each waits for a lock as long as a statement may, and a second */

/* Until version 4 each setting was a column, NULL for "inherit". */
#define SETTINGS                                                                       \
	"webmail TEXT, imap TEXT, pop3 TEXT, smtp TEXT, sieve TEXT, forwarding TEXT, " \
	"large_attachments TEXT, two_factor TEXT, requirement TEXT, use TEXT, "        \
	"client_password TEXT"

#define WORD(name) " || coalesce(' " name "=' || " name ", '')"
#define DROP(table, name) "ALTER TABLE " table " DROP COLUMN " name ";"
#define ONE_COLUMN(t)                                                                        \
	"ALTER TABLE " t " ADD COLUMN settings TEXT NOT NULL DEFAULT '';"                    \
	"UPDATE " t " SET settings = ltrim(''" WORD("webmail") WORD("imap") WORD("pop3")     \
		WORD("smtp") WORD("sieve") WORD("forwarding") WORD("large_attachments")      \
			WORD("two_factor") WORD("requirement") WORD("use") WORD(             \
				"client_password") ");" DROP(t, "webmail") DROP(t, "imap")   \
				DROP(t, "pop3") DROP(t, "smtp") DROP(t, "sieve")             \
					DROP(t, "forwarding") DROP(t, "large_attachments")   \
						DROP(t, "two_factor") DROP(t, "requirement") \
							DROP(t, "use") DROP(t, "client_password")

/* The column holds words with a space between them, "pop3=off use=skip". */
#define RENAME_SETTINGS(table)                                                          \
	"UPDATE " table " SET settings = ltrim(replace(replace(' ' || settings,"        \
	" ' use=', ' two_factor_mode='), ' requirement=', ' two_factor_requirement='))" \
	" WHERE settings LIKE '%use=%' OR settings LIKE '%requirement=%';"

/* The portal wrote a member's own choice as two_factor_mode, an administrator's setting. Where the
 * newest record of such a change says that the member made it, it becomes the member's again. */
#define SKIPPED_BY_MEMBER                                                              \
	" settings LIKE '%two_factor_mode=skip%' AND EXISTS (SELECT 1 FROM audit a"    \
	" WHERE a.who = a.object AND ' ' || a.after || ' ' LIKE '%=skip %' AND a.id =" \
	" (SELECT MAX(b.id) FROM audit b JOIN domain d ON d.id = member.domain_id"     \
	" WHERE b.object = member.local || '@' || d.name AND b.action LIKE 'member.%'" \
	" AND (' ' || b.after LIKE '% two_factor_mode=%' OR ' ' || b.after LIKE '% use=%')))"

/* Only ever append. A version that was released is never edited. Times are
 * seconds since 1970; flags are 0 or 1; BYTEA holds raw bytes in both dialects. */
static const struct pl_migration migrations[] = {
	{ "domains, members, app passwords, audit",
	  "CREATE TABLE schema_history ("
	  " version INTEGER PRIMARY KEY, title TEXT NOT NULL, applied_at BIGINT NOT NULL);"
	  "CREATE TABLE domain ("
	  " id {ID}, name TEXT NOT NULL UNIQUE, active SMALLINT NOT NULL,"
	  " created_at BIGINT NOT NULL, " SETTINGS ");"
	  "CREATE TABLE member ("
	  " id {ID}, domain_id BIGINT NOT NULL REFERENCES domain (id) ON DELETE CASCADE,"
	  " local TEXT NOT NULL, active SMALLINT NOT NULL, class TEXT NOT NULL,"
	  " created_at BIGINT NOT NULL, " SETTINGS ", UNIQUE (domain_id, local));"
	  "CREATE TABLE member_use ("
	  " member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " service TEXT NOT NULL, used_at BIGINT NOT NULL, ip TEXT NOT NULL,"
	  " PRIMARY KEY (member_id, service));"
	  "CREATE TABLE app_password ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " mac BYTEA NOT NULL, key_id INTEGER NOT NULL, label TEXT NOT NULL,"
	  " services TEXT NOT NULL, networks TEXT NOT NULL, expires_at BIGINT NOT NULL,"
	  " created_at BIGINT NOT NULL, last_used_at BIGINT, last_used_ip TEXT,"
	  " last_used_service TEXT, UNIQUE (member_id, mac));"
	  "CREATE TABLE audit ("
	  " id {ID}, at BIGINT NOT NULL, who TEXT NOT NULL, source TEXT NOT NULL,"
	  " action TEXT NOT NULL, object TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL);"
	  "CREATE INDEX audit_object ON audit (object, id);" },
	{ "second factors, webmail sessions",
	  "ALTER TABLE member ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;"
	  "CREATE TABLE totp ("
	  " member_id BIGINT PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE,"
	  " registered_at BIGINT NOT NULL, registered_ip TEXT NOT NULL);"
	  "CREATE TABLE session ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " channel TEXT NOT NULL, generation BIGINT NOT NULL, created_at BIGINT NOT NULL,"
	  " expires_at BIGINT NOT NULL, ip TEXT NOT NULL, device TEXT NOT NULL);"
	  "CREATE INDEX session_member ON session (member_id);"
	  "CREATE TABLE token ("
	  " digest BYTEA PRIMARY KEY, session_id BIGINT NOT NULL REFERENCES session (id) ON DELETE "
	  "CASCADE,"
	  " expires_at BIGINT NOT NULL);"
	  "CREATE INDEX token_session ON token (session_id);" },
	/* Rows of version 2 get on: a factor without a secret still counts as
	 * registered, and a session without a cookie is one of its tokens alone. */
	{ "one-time codes, trusted devices, sign-in page, OAuth",
	  "ALTER TABLE totp ADD COLUMN secret BYTEA;"
	  "ALTER TABLE totp ADD COLUMN last_step BIGINT NOT NULL DEFAULT 0;"
	  "CREATE TABLE totp_pending ("
	  " member_id BIGINT PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE,"
	  " secret BYTEA NOT NULL, expires_at BIGINT NOT NULL);"
	  "CREATE TABLE recovery_code ("
	  " member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " mac BYTEA NOT NULL, key_id INTEGER NOT NULL, PRIMARY KEY (member_id, mac));"
	  "CREATE TABLE factor_failure ("
	  " member_id BIGINT PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE,"
	  " failures BIGINT NOT NULL, failed_at BIGINT NOT NULL);"
	  "CREATE TABLE address_failure ("
	  " id {ID}, address TEXT NOT NULL, failed_at BIGINT NOT NULL);"
	  "CREATE INDEX address_failure_address ON address_failure (address);"
	  "CREATE TABLE trusted_device ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " series BYTEA NOT NULL UNIQUE, value BYTEA NOT NULL, value_before BYTEA,"
	  " rotated_at BIGINT NOT NULL, generation BIGINT NOT NULL, name TEXT NOT NULL,"
	  " created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT NOT NULL,"
	  " ip TEXT NOT NULL);"
	  "CREATE INDEX trusted_device_member ON trusted_device (member_id);"
	  "ALTER TABLE session ADD COLUMN cookie BYTEA;"
	  "ALTER TABLE session ADD COLUMN half SMALLINT NOT NULL DEFAULT 0;"
	  "ALTER TABLE session ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;"
	  "ALTER TABLE session ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;"
	  "ALTER TABLE session ADD COLUMN trusted_id BIGINT"
	  " REFERENCES trusted_device (id) ON DELETE SET NULL;"
	  "UPDATE session SET seen_at = created_at;"
	  "CREATE UNIQUE INDEX session_cookie ON session (cookie);"
	  "CREATE INDEX session_trusted ON session (trusted_id);"
	  "CREATE TABLE oauth_client ("
	  " id TEXT PRIMARY KEY, name TEXT NOT NULL, secret BYTEA, channel TEXT NOT NULL,"
	  " redirect_uris TEXT NOT NULL, logout_uris TEXT NOT NULL, created_at BIGINT NOT NULL);"
	  "CREATE TABLE oauth_grant ("
	  " id {ID}, session_id BIGINT NOT NULL REFERENCES session (id) ON DELETE CASCADE,"
	  " client_id TEXT NOT NULL REFERENCES oauth_client (id) ON DELETE CASCADE,"
	  " code BYTEA NOT NULL UNIQUE, code_used_at BIGINT, code_expires_at BIGINT NOT NULL,"
	  " redirect_uri TEXT NOT NULL, challenge TEXT NOT NULL, scope TEXT NOT NULL,"
	  " nonce TEXT NOT NULL);"
	  "CREATE INDEX oauth_grant_session ON oauth_grant (session_id);"
	  "CREATE TABLE refresh_token ("
	  " digest BYTEA PRIMARY KEY,"
	  " grant_id BIGINT NOT NULL REFERENCES oauth_grant (id) ON DELETE CASCADE,"
	  " issued_at BIGINT NOT NULL, used_at BIGINT);"
	  "CREATE INDEX refresh_token_grant ON refresh_token (grant_id);"
	  "ALTER TABLE token ADD COLUMN issued_at BIGINT NOT NULL DEFAULT 0;"
	  "ALTER TABLE token ADD COLUMN grant_id BIGINT"
	  " REFERENCES oauth_grant (id) ON DELETE CASCADE;"
	  "CREATE INDEX token_grant ON token (grant_id);"
	  "CREATE TABLE signing_key ("
	  " id TEXT PRIMARY KEY, secret BYTEA NOT NULL, created_at BIGINT NOT NULL);" },
	/* Each login reads them, and a new setting needs no new column. */
	{ "settings in one column", ONE_COLUMN("domain") ONE_COLUMN("member") },
	{ "settings are called two_factor_mode and two_factor_requirement",
	  RENAME_SETTINGS("domain") RENAME_SETTINGS("member") },
	{ "a member's wish to leave the second factor out",
	  "ALTER TABLE member ADD COLUMN opted_out SMALLINT NOT NULL DEFAULT 0;"
	  "UPDATE member SET opted_out = 1, settings = trim(replace(' ' || settings || ' ',"
	  " ' two_factor_mode=skip ', ' ')) WHERE" SKIPPED_BY_MEMBER ";" },
	/* All that are there were known, whoever added them. */
	{ "domains that an operator has made known",
	  "ALTER TABLE domain ADD COLUMN known SMALLINT NOT NULL DEFAULT 1;"
	  "CREATE INDEX domain_known ON domain (known);" },
	/* What was counted by address is forgotten in an hour anyway. */
	{ "failures to sign in by address and name",
	  "DROP TABLE address_failure;"
	  "CREATE TABLE sign_in_failure ("
	  " id {ID}, origin TEXT NOT NULL, name BYTEA NOT NULL, failed_at BIGINT NOT NULL);"
	  "CREATE INDEX sign_in_failure_origin ON sign_in_failure (origin, name);" },
	/* Whoever has a factor and has reauthenticated entered a code of it. */
	{ "how sessions were authenticated",
	  "ALTER TABLE session ADD COLUMN second_factor SMALLINT NOT NULL DEFAULT 0;"
	  "UPDATE session SET second_factor = 1 WHERE half = 0 AND (trusted_id IS NOT NULL OR"
	  " (proven_at > 0 AND member_id IN (SELECT member_id FROM totp)));" },
	{ "domains that are another name of a domain",
	  "ALTER TABLE domain ADD COLUMN alias_of BIGINT REFERENCES domain (id) ON DELETE CASCADE;"
	  "CREATE INDEX domain_alias_of ON domain (alias_of);" },
	/* Old records are found, and removed, by what they are of. */
	{ "audit records in the order of their age",
	  "CREATE INDEX audit_action ON audit (action, at);" },
	/* What programs have without having asked for it, they keep. */
	{ "tokens open mail by a scope",
	  "ALTER TABLE oauth_client ADD COLUMN mail_implied SMALLINT NOT NULL DEFAULT 0;"
	  "UPDATE oauth_client SET mail_implied = 1;"
	  "UPDATE oauth_grant SET scope = ltrim(scope || ' mail')"
	  " WHERE ' ' || scope || ' ' NOT LIKE '% mail %';" },
	/* A registration that pends is begun anew: it would be forgotten in 15 minutes anyway. */
	{ "registrations belong to sessions; whether recovery codes were kept",
	  "DROP TABLE totp_pending;"
	  "CREATE TABLE totp_pending ("
	  " session_id BIGINT PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,"
	  " secret BYTEA NOT NULL, expires_at BIGINT NOT NULL);"
	  "ALTER TABLE totp ADD COLUMN recovery_kept SMALLINT NOT NULL DEFAULT 1;" },
	{ "keys of several algorithms for ID tokens",
	  "ALTER TABLE signing_key ADD COLUMN alg TEXT NOT NULL DEFAULT 'ES256';"
	  "ALTER TABLE signing_key ADD COLUMN retired_at BIGINT;"
	  "ALTER TABLE oauth_client ADD COLUMN id_token_alg TEXT NOT NULL DEFAULT 'ES256';" },
	{ "what members are still to be told",
	  "CREATE TABLE notice ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " what TEXT NOT NULL, made_at BIGINT NOT NULL);" },
	{ "notices of all changes, which are sent again when they could not be sent",
	  "ALTER TABLE notice ADD COLUMN language TEXT NOT NULL DEFAULT '';"
	  "ALTER TABLE notice ADD COLUMN ip TEXT NOT NULL DEFAULT '';"
	  "ALTER TABLE notice ADD COLUMN device TEXT NOT NULL DEFAULT '';"
	  "ALTER TABLE notice ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;"
	  "ALTER TABLE notice ADD COLUMN next_at BIGINT NOT NULL DEFAULT 0;"
	  "CREATE INDEX notice_next ON notice (next_at);" },
	{ "columns of sessions have the names that programs use",
	  "ALTER TABLE session RENAME COLUMN half TO pending;"
	  "ALTER TABLE session RENAME COLUMN proven_at TO reauthenticated_at;" },
	/* All that a login reads of them, so that it does not have to read their rows as well. */
	{ "app passwords are read from an index",
	  "CREATE INDEX app_password_login ON app_password (member_id, id, mac, services, networks,"
	  " expires_at);" },
	{ "what app passwords are for",
	  "ALTER TABLE app_password ADD COLUMN kind TEXT NOT NULL DEFAULT 'mail';"
	  "UPDATE app_password SET kind = 'scanner' WHERE services = 'smtp';" },
	/* Also "app_passwords=off" is a word from here on. */
	{ "networks from which app passwords were used",
	  "CREATE TABLE app_password_network ("
	  " app_password_id BIGINT NOT NULL REFERENCES app_password (id) ON DELETE CASCADE,"
	  " network TEXT NOT NULL, used_at BIGINT NOT NULL, PRIMARY KEY (app_password_id, "
	  "network));" },
	{ "links that hand an app password over to a device",
	  "CREATE TABLE profile_link ("
	  " digest BYTEA PRIMARY KEY,"
	  " app_password_id BIGINT NOT NULL REFERENCES app_password (id) ON DELETE CASCADE,"
	  " sealed BYTEA NOT NULL, expires_at BIGINT NOT NULL);"
	  "CREATE INDEX profile_link_app_password ON profile_link (app_password_id);" },
	{ "messages to members in an outbox",
	  "CREATE TABLE outbox ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " kind TEXT NOT NULL, what TEXT NOT NULL, made_at BIGINT NOT NULL,"
	  " due_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, tries BIGINT NOT NULL DEFAULT 0,"
	  " payload TEXT NOT NULL, sealed BYTEA);"
	  "CREATE INDEX outbox_due ON outbox (due_at, id);"
	  "CREATE INDEX outbox_tries ON outbox (tries, id);"
	  "CREATE INDEX outbox_expires ON outbox (expires_at);"
	  "INSERT INTO outbox (member_id, kind, what, made_at, due_at, expires_at, tries, payload)"
	  " SELECT member_id, 'notice', what, made_at, next_at, made_at + 604800, tries,"
	  " 'language=' || language || '\nip=' || ip || '\ndevice=' || device || '\n'"
	  " FROM notice ORDER BY id;"
	  "DROP TABLE notice;" },
	/* Of uses from before nobody knows the credential. */
	{ "logins are recorded, with the credential",
	  "CREATE TABLE member_credential_use ("
	  " member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " service TEXT NOT NULL, credential TEXT NOT NULL, used_at BIGINT NOT NULL,"
	  " ip TEXT NOT NULL, PRIMARY KEY (member_id, service, credential));"
	  "INSERT INTO member_credential_use (member_id, service, credential, used_at, ip)"
	  " SELECT member_id, service, 'unknown', used_at, ip FROM member_use;"
	  "DROP TABLE member_use;"
	  "ALTER TABLE member_credential_use RENAME TO member_use;"
	  "CREATE TABLE login_record ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " refused INTEGER NOT NULL, day BIGINT NOT NULL, first_at BIGINT NOT NULL,"
	  " at BIGINT NOT NULL, times BIGINT NOT NULL, service TEXT NOT NULL, ip TEXT NOT NULL,"
	  " credential TEXT NOT NULL, app_password_id BIGINT NOT NULL, label TEXT NOT NULL,"
	  " rule TEXT NOT NULL);"
	  "CREATE INDEX login_record_member ON login_record (member_id, refused, day);" },
	/* services '' of a grant: all, which is what programs had before members could choose. */
	{ "connected applications, and programs that register themselves",
	  "ALTER TABLE oauth_client ADD COLUMN registered_from TEXT;"
	  "ALTER TABLE oauth_client ADD COLUMN authorized_at BIGINT;"
	  "CREATE INDEX oauth_client_registered ON oauth_client (registered_from, created_at);"
	  "ALTER TABLE oauth_grant ADD COLUMN services TEXT NOT NULL DEFAULT '';"
	  "CREATE INDEX oauth_grant_client ON oauth_grant (client_id);"
	  "ALTER TABLE session ADD COLUMN used_service TEXT NOT NULL DEFAULT '';"
	  "CREATE TABLE consent_request ("
	  " digest BYTEA PRIMARY KEY, session_id BIGINT NOT NULL REFERENCES session (id) ON DELETE "
	  "CASCADE,"
	  " client_id TEXT NOT NULL REFERENCES oauth_client (id) ON DELETE CASCADE,"
	  " expires_at BIGINT NOT NULL, redirect_uri TEXT NOT NULL, challenge TEXT NOT NULL,"
	  " scope TEXT NOT NULL, nonce TEXT NOT NULL, state TEXT);"
	  "CREATE INDEX consent_request_session ON consent_request (session_id);"
	  "CREATE INDEX refresh_token_issued ON refresh_token (issued_at);" },
	{ "connection tests and the attempts that they show",
	  "CREATE TABLE connection_test ("
	  " member_id BIGINT PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE,"
	  " started_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, ip TEXT NOT NULL,"
	  " attempts BIGINT NOT NULL);"
	  "CREATE INDEX connection_test_ends ON connection_test (ends_at);"
	  "CREATE TABLE connection_attempt ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES connection_test (member_id)"
	  " ON DELETE CASCADE,"
	  " at BIGINT NOT NULL, service TEXT NOT NULL, port BIGINT NOT NULL, tls TEXT NOT NULL,"
	  " mechanism TEXT NOT NULL, name TEXT NOT NULL, ip TEXT NOT NULL, rule TEXT NOT NULL,"
	  " allowed SMALLINT NOT NULL);"
	  "CREATE INDEX connection_attempt_member ON connection_attempt (member_id, id);" },
	{ "who was told that the account password ends in mail clients",
	  "CREATE TABLE retirement_notice ("
	  " member_id BIGINT PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE,"
	  " day BIGINT NOT NULL, days BIGINT NOT NULL);" },
	{ "administrators, and programs with a key",
	  "CREATE TABLE administrator ("
	  " id {ID}, member_id BIGINT UNIQUE REFERENCES member (id) ON DELETE CASCADE,"
	  " role TEXT NOT NULL, made_at BIGINT NOT NULL, made_by TEXT NOT NULL);"
	  "CREATE TABLE administrator_domain ("
	  " administrator_id BIGINT NOT NULL REFERENCES administrator (id) ON DELETE CASCADE,"
	  " domain_id BIGINT NOT NULL REFERENCES domain (id) ON DELETE CASCADE,"
	  " PRIMARY KEY (administrator_id, domain_id));"
	  "CREATE INDEX administrator_domain_domain ON administrator_domain (domain_id);"
	  "CREATE TABLE api_key ("
	  " administrator_id BIGINT PRIMARY KEY REFERENCES administrator (id) ON DELETE CASCADE,"
	  " digest BYTEA NOT NULL UNIQUE, label TEXT NOT NULL, networks TEXT NOT NULL,"
	  " expires_at BIGINT, last_used_at BIGINT, last_used_ip TEXT);" },
	{ "counts of logins and of wrong guesses; adoption of the second factor",
	  "CREATE TABLE login_count ("
	  " hour BIGINT NOT NULL, domain_id BIGINT NOT NULL, service TEXT NOT NULL,"
	  " channel TEXT NOT NULL, credential TEXT NOT NULL, rule TEXT NOT NULL,"
	  " outcome TEXT NOT NULL, count BIGINT NOT NULL, PRIMARY KEY (hour, domain_id, service,"
	  " channel, credential, rule, outcome));"
	  "CREATE INDEX login_count_domain ON login_count (domain_id, hour);"
	  "CREATE TABLE guess_count ("
	  " day BIGINT NOT NULL, domain_id BIGINT NOT NULL, origin TEXT NOT NULL,"
	  " count BIGINT NOT NULL, PRIMARY KEY (day, domain_id, origin));"
	  "CREATE TABLE adoption ("
	  " day BIGINT NOT NULL, domain_id BIGINT NOT NULL REFERENCES domain (id) ON DELETE "
	  "CASCADE,"
	  " members BIGINT NOT NULL, required BIGINT NOT NULL, registered BIGINT NOT NULL,"
	  " overdue BIGINT NOT NULL, opted_out BIGINT NOT NULL, different BIGINT NOT NULL,"
	  " account_password BIGINT NOT NULL, PRIMARY KEY (day, domain_id));"
	  "CREATE INDEX adoption_domain ON adoption (domain_id);" },
	/* Of an address, what is behind its '@', which takes all other characters off its end. */
	{ "audit records by domain, by time and by who",
	  "ALTER TABLE audit ADD COLUMN domain TEXT;"
	  "UPDATE audit SET domain = CASE WHEN object LIKE '%@%' THEN"
	  " substr(object, length(rtrim(object, replace(object, '@', ''))) + 1)"
	  " WHEN action LIKE 'domain.%' THEN object END;"
	  "CREATE INDEX audit_at ON audit (at, id);"
	  "CREATE INDEX audit_domain ON audit (domain, at, id);"
	  "CREATE INDEX audit_who ON audit (who, at, id);" },
};

/* The statements of schema.c itself, which run on databases of every age. */
#define SQL_VERSION "SELECT MAX(version) AS version FROM schema_history"
#define SQL_RECORD                                                 \
	"INSERT INTO schema_history (version, title, applied_at) " \
	"VALUES (:version, :title, :applied_at)"

_Static_assert(sizeof(migrations) / sizeof(migrations[0]) == PL_SCHEMA_VERSION,
	       "a new migration raises PL_SCHEMA_VERSION in policy/store/version.h");

const struct pl_migration *pl_schema_migration(int version)
{
	return version >= 1 && version <= PL_SCHEMA_VERSION ? &migrations[version - 1] : NULL;
}

/* The script with every {ID} spelled out; the caller frees it. */
static char *expand_script(const char *script, const char *id_column)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *next;

	if (out == NULL)
		return NULL;
	for (; (next = strstr(script, "{ID}")) != NULL; script = next + 4)
		fprintf(out, "%.*s%s", (int)(next - script), script, id_column);
	fputs(script, out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int record(const struct pl_backend *backend, void *db, int version, struct pl_error *err)
{
	char sql[256];
	struct pl_sql_names names;
	void *stmt;
	int ret;

	if (pl_sql_text(SQL_RECORD, backend->param_mark, sql, sizeof(sql), &names) < 0 ||
	    backend->prepare(db, sql, &stmt, err) < 0)
		return -1;
	backend->bind_int(stmt, 0, version);
	backend->bind_text(stmt, 1, migrations[version - 1].title);
	backend->bind_int(stmt, 2, time(NULL));
	ret = backend->step(db, stmt, err);
	backend->finish(stmt);
	return ret < 0 ? -1 : 0;
}

static int read_version(const struct pl_backend *backend, void *db, int *version_r,
			struct pl_error *err)
{
	void *stmt;
	int ret;

	*version_r = 0;
	if (backend->prepare(db, SQL_VERSION, &stmt, err) < 0)
		return pl_version_unreadable(err);
	ret = backend->step(db, stmt, err);
	if (ret == 1)
		*version_r = (int)backend->col_int(stmt, 0);
	backend->finish(stmt);
	return ret < 0 ? -1 : 0;
}

/* Within a transaction. */
static int apply_script(const struct pl_backend *backend, void *db, int version,
			struct pl_error *err)
{
	char *script = expand_script(migrations[version - 1].sql, backend->id_column);
	int ret;

	if (script == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "schema: out of memory");
	ret = backend->script(db, script, err);
	free(script);
	return ret == 0 ? record(backend, db, version, err) : -1;
}

/* Within a transaction: 0 done and committed, 1 another program was faster, -1. */
static int apply_next(const struct pl_backend *backend, void *db, int version, struct pl_error *err)
{
	int there = 0;

	if (read_version(backend, db, &there, err) < 0)
		return -1;
	if (there >= version)
		return 1;
	return apply_script(backend, db, version, err) == 0 ? backend->commit(db, err) : -1;
}

static int apply(const struct pl_backend *backend, void *db, int version, struct pl_error *err)
{
	int ret = -1;

	if (backend->begin(db, 1, err) == 0)
		ret = apply_next(backend, db, version, err);
	if (ret != 0)
		backend->rollback(db);
	return ret < 0 ? pl_error_prefix(err, "migration %d (%s)", version,
					 migrations[version - 1].title)
		       : 0;
}

/* Applies what is missing above version. Others may hold a table: a backup of a server,
 * or a machine that is being upgraded at the same time. */
static int apply_from(const struct pl_backend *backend, void *db, int version, struct pl_error *err)
{
	int ret = 0;

	while (version < PL_SCHEMA_VERSION && ret == 0) {
		version++;
		for (int tries = MIGRATE_TRIES; tries > 0; tries--) {
			ret = apply(backend, db, version, err);
			if (ret == 0 || err == NULL || err->code != PL_ERR_RETRY ||
			    backend->replaced(db))
				break;
			sleep(1);
		}
	}
	return ret;
}

static void another_was_faster(const struct pl_backend *backend, void *db, struct pl_error *err)
{
	struct pl_error unread;
	int version;

	if (read_version(backend, db, &version, &unread) == 0 && version > 0)
		pl_error_set(err, PL_ERR_CONFLICT, "it already exists and is not changed");
}

/* In one transaction: a program that is killed leaves a database without tables, which the
 * next one fills. */
static int apply_all(const struct pl_backend *backend, void *db,
		     int (*prepare)(void *context, struct pl_error *err), void *context,
		     struct pl_error *err)
{
	int ret = backend->begin(db, 1, err);

	for (int version = 1; version <= PL_SCHEMA_VERSION && ret == 0; version++) {
		ret = apply_script(backend, db, version, err);
		if (ret < 0)
			pl_error_prefix(err, "migration %d (%s)", version,
					migrations[version - 1].title);
	}
	if (ret < 0) {
		backend->rollback(db);
		another_was_faster(backend, db, err);
		return -1;
	}
	if (prepare != NULL)
		ret = prepare(context, err);
	if (ret == 0)
		ret = backend->commit(db, err);
	if (ret < 0)
		backend->rollback(db);
	return ret;
}

int pl_schema_create(const char *uri, struct pl_error *err)
{
	return pl_schema_create_with(uri, NULL, NULL, err);
}

/* What is done with a database of whatever version. */
struct job {
	int (*run)(const struct pl_backend *backend, void *db, struct job *job,
		   struct pl_error *err);
	int (*prepare)(void *context, struct pl_error *err);
	void *context;
	int from, to;
	char *problem;
	size_t size;
};

/* Opens the database, which is created before if is_new, does the job and closes it. */
static int with_database(const char *uri, int is_new, struct job *job, struct pl_error *err)
{
	const char *location;
	const struct pl_backend *backend = pl_backend_find(uri, &location, err);
	void *db = NULL;
	int ret = 0;

	if (backend == NULL)
		return -1;
	if (is_new)
		ret = backend->create(location, err);
	if (ret == 0)
		ret = backend->open(location, PL_ROLE_COMMAND, &db, err);
	if (ret == 0)
		ret = job->run(backend, db, job, err);
	if (db != NULL)
		backend->close(db);
	return ret < 0 ? pl_backend_error(backend, location, err) : 0;
}

static int create(const struct pl_backend *backend, void *db, struct job *job, struct pl_error *err)
{
	return apply_all(backend, db, job->prepare, job->context, err);
}

static int migrate(const struct pl_backend *backend, void *db, struct job *job,
		   struct pl_error *err)
{
	if (read_version(backend, db, &job->from, err) < 0 ||
	    (job->from > PL_SCHEMA_VERSION && pl_version_check(job->from, err) < 0))
		return -1;
	job->to = PL_SCHEMA_VERSION;
	return apply_from(backend, db, job->from, err);
}

static int version_of(const struct pl_backend *backend, void *db, struct job *job,
		      struct pl_error *err)
{
	return read_version(backend, db, &job->from, err);
}

static int verify(const struct pl_backend *backend, void *db, struct job *job, struct pl_error *err)
{
	return backend->verify(db, job->problem, job->size, err);
}

int pl_schema_create_with(const char *uri, int (*prepare)(void *context, struct pl_error *err),
			  void *context, struct pl_error *err)
{
	struct job job = { .run = create, .prepare = prepare, .context = context };

	return with_database(uri, 1, &job, err);
}

int pl_schema_migrate(const char *uri, int *from_r, int *to_r, struct pl_error *err)
{
	struct job job = { .run = migrate };
	int ret = with_database(uri, 0, &job, err);

	if (from_r != NULL)
		*from_r = job.from;
	if (ret == 0 && to_r != NULL)
		*to_r = job.to;
	return ret;
}

int pl_schema_read_version(const char *uri, int *version_r, struct pl_error *err)
{
	struct job job = { .run = version_of };
	int ret = with_database(uri, 0, &job, err);

	*version_r = job.from;
	return ret;
}

int pl_schema_verify(const char *uri, char *problem_r, size_t size, struct pl_error *err)
{
	struct job job = { .run = verify, .problem = problem_r, .size = size };

	return with_database(uri, 0, &job, err);
}

int pl_schema_backup(const char *uri, const char *path, void (*progress)(int left, int of),
		     struct pl_error *err)
{
	const char *location;
	const struct pl_backend *backend = pl_backend_find(uri, &location, err);

	if (backend == NULL)
		return -1;
	if (backend->backup(location, path, progress, err) == 0)
		return 0;
	pl_backend_error(backend, location, err);
	return pl_error_prefix(err, "backup");
}
