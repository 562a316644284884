/* schema.c - the tables and their history; see schema.h. */
#include "policy/store/schema.h"

#include <stddef.h>

#define DROP(table, name) "ALTER TABLE " table " DROP COLUMN " name ";"

/* A member's own settings as policy/account/member_state.h has them. Without any, they are
 * STATE_NONE; each word takes the bit of having none for its own. */
#define STATE_NONE "623383824677"
#define STATE_WORDS                                                                            \
	"WITH w (word, bits) AS (VALUES "                                                      \
	"('webmail=on', 4), ('webmail=off', 12),"                                              \
	" ('imap=on', 32), ('imap=off', 96),"                                                  \
	" ('pop3=on', 256), ('pop3=off', 768),"                                                \
	" ('smtp=on', 2048), ('smtp=off', 6144),"                                              \
	" ('sieve=on', 16384), ('sieve=off', 49152),"                                          \
	" ('forwarding=on', 131072), ('forwarding=off', 393216),"                              \
	" ('large_attachments=on', 1048576), ('large_attachments=off', 3145728),"              \
	" ('two_factor=on', 8388608), ('two_factor=off', 25165824),"                           \
	" ('two_factor_requirement=optional', 67108864), ('two_factor_requirement=required', " \
	"201326592),"                                                                          \
	" ('two_factor_mode=use', 536870912), ('two_factor_mode=skip', 1610612736),"           \
	" ('client_password=always', 4294967296), ('client_password=until_second_factor', "    \
	"12884901888), ('client_password=never', 30064771072),"                                \
	" ('app_passwords=on', 68719476736), ('app_passwords=off', 206158430208),"             \
	" ('connected_applications=on', 549755813888), ('connected_applications=off', "        \
	"1649267441664)) "
/* Since version 42 it has the networks allowed for webmail, too: the bit of having none, of being
 * allowed everywhere, or of a list. */
#define STATE_NONE_OF_NETWORKS "5021430335781"
#define STATE_OF_NETWORKS                                                                  \
	" + CASE WHEN ' ' || settings LIKE '% webmail_allowed_networks=everywhere%' THEN " \
	"8796093022208 WHEN ' ' || settings LIKE '% webmail_allowed_networks=%' THEN "     \
	"17592186044416 ELSE 4398046511104 END"
/* The dates in a member's settings: both databases find their places by looking at each. */
#define PLACES                                                                              \
	"(WITH RECURSIVE place (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM place WHERE " \
	"at < 512) SELECT "
#define PASSWORD_DATE                                                                       \
	PLACES "CASE WHEN substr(member.settings, place.at + 16, 1) = 'n' THEN "            \
	       "substr(member.settings, place.at + 27, 10) ELSE substr(member.settings, "   \
	       "place.at + 41, 10) END FROM place WHERE substr(member.settings, place.at, " \
	       "27) = 'client_password=never_from_' OR substr(member.settings, place.at, "  \
	       "41) = 'client_password=until_second_factor_from_')"
#define REQUIREMENT_DATE                                                      \
	PLACES "substr(member.settings, place.at + 37, 10) FROM place WHERE " \
	       "substr(member.settings, place.at, 37) = "                     \
	       "'two_factor_requirement=required_from_')"
/* The number of days since 1970 of the date between them, in years that begin with March. */
#define DAY_OF                                                                              \
	"(SELECT 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + d - 719469 FROM" \
	" (SELECT y - CASE WHEN m < 3 THEN 1 ELSE 0 END AS y, (m + 9) % 12 AS m, d FROM"    \
	" (SELECT CAST(substr(date, 1, 4) AS BIGINT) AS y, CAST(substr(date, 6, 2) AS "     \
	"BIGINT) AS m, CAST(substr(date, 9, 2) AS BIGINT) AS d FROM (SELECT "
#define DAY_END " AS date) t) p) q)"
/* Ends with the name of a service. */
#define PASSWORD_USED                                                                        \
	"COALESCE((SELECT u.used_at / 86400 FROM member_use u WHERE u.member_id = member.id" \
	" AND u.credential = 'account-password' AND u.service ="

/* Only ever append. A version that was released is never edited. Times are
 * seconds since 1970; flags are 0 or 1; BYTEA holds raw bytes in both dialects. */
#define PHONE_LOCK(table)                                                             \
	"ALTER TABLE " table " ADD COLUMN lock_credential BYTEA;"                     \
	"ALTER TABLE " table " ADD COLUMN lock_key BYTEA;"                            \
	"ALTER TABLE " table " ADD COLUMN lock_algorithm INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE " table " ADD COLUMN lock_backup SMALLINT NOT NULL DEFAULT 0;"

static const struct pl_migration migrations[] = {
#include "policy/store/schema_first.def"
	/* One index has all that lists of members are filtered by. */
	{ "what lists of members are filtered and sorted by",
	  "ALTER TABLE member ADD COLUMN state BIGINT NOT NULL DEFAULT " STATE_NONE ";"
	  "ALTER TABLE member ADD COLUMN dated_state BIGINT NOT NULL DEFAULT " STATE_NONE ";"
	  "ALTER TABLE member ADD COLUMN dated_from BIGINT;"
	  "ALTER TABLE member ADD COLUMN required_from BIGINT;"
	  "ALTER TABLE member ADD COLUMN factor SMALLINT NOT NULL DEFAULT 0;"
	  "ALTER TABLE member ADD COLUMN app_password_day BIGINT NOT NULL DEFAULT -1;"
	  "ALTER TABLE member ADD COLUMN seen_day BIGINT NOT NULL DEFAULT 0;"
	  "ALTER TABLE member ADD COLUMN imap_day BIGINT NOT NULL DEFAULT 0;"
	  "ALTER TABLE member ADD COLUMN pop3_day BIGINT NOT NULL DEFAULT 0;"
	  "ALTER TABLE member ADD COLUMN smtp_day BIGINT NOT NULL DEFAULT 0;"
	  "UPDATE member SET state = state + 1 + (" STATE_WORDS
	  "SELECT COALESCE(SUM(w.bits), 0) FROM w"
	  " WHERE ' ' || member.settings || ' ' LIKE '% ' || w.word || ' %') WHERE settings <> '';"
	  "UPDATE member SET dated_state = state + (" STATE_WORDS
	  "SELECT COALESCE(SUM(w.bits), 0) FROM w"
	  " WHERE w.word LIKE 'client%' AND"
	  " ' ' || member.settings LIKE '% ' || w.word || '@_from@_%' ESCAPE '@'),"
	  " dated_from = " DAY_OF PASSWORD_DATE DAY_END
	  ", required_from = " DAY_OF REQUIREMENT_DATE DAY_END " WHERE settings <> '';"
	  "UPDATE member SET factor = (SELECT COUNT(*) FROM totp t WHERE t.member_id = member.id),"
	  " app_password_day = COALESCE((SELECT MAX(COALESCE(a.last_used_at, 0)) / 86400"
	  " FROM app_password a WHERE a.member_id = member.id), -1),"
	  " seen_day = COALESCE((SELECT MAX(u.used_at) / 86400 FROM member_use u"
	  " WHERE u.member_id = member.id), 0),"
	  " imap_day = " PASSWORD_USED " 'imap'), 0), pop3_day = " PASSWORD_USED
	  " 'pop3'), 0), smtp_day = " PASSWORD_USED " 'smtp'), 0);"
	  "CREATE INDEX member_list ON member (domain_id, local, id, class, active, factor,"
	  " created_at, seen_day, app_password_day, imap_day, pop3_day, smtp_day, state,"
	  " dated_from, dated_state, required_from);"
	  "CREATE INDEX member_created ON member (created_at, id);"
	  "CREATE INDEX member_seen ON member (seen_day, id);"
	  "CREATE TABLE member_delivery ("
	  " member_id BIGINT PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE,"
	  " at BIGINT NOT NULL);" },
	{ "changes of many members as jobs",
	  "CREATE TABLE job (id {ID}, administrator_id BIGINT NOT NULL, who TEXT NOT NULL,"
	  " source TEXT NOT NULL, action TEXT NOT NULL, change TEXT NOT NULL, filter TEXT NOT NULL,"
	  " undo_of BIGINT, made_at BIGINT NOT NULL, ended_at BIGINT, state TEXT NOT NULL,"
	  " reason TEXT NOT NULL, position BIGINT NOT NULL, highest BIGINT NOT NULL,"
	  " total BIGINT NOT NULL, changed BIGINT NOT NULL, same BIGINT NOT NULL,"
	  " skipped BIGINT NOT NULL, failed BIGINT NOT NULL, runner TEXT NOT NULL,"
	  " leased_until BIGINT NOT NULL); CREATE INDEX job_state ON job (state);"
	  "CREATE TABLE job_member (job_id BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,"
	  " member_id BIGINT NOT NULL, address TEXT NOT NULL, outcome TEXT NOT NULL,"
	  " reason TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,"
	  " PRIMARY KEY (job_id, member_id));"
	  "CREATE INDEX job_member_reason ON job_member (job_id, member_id) WHERE reason <> '';" },
	{ "lists of members by the day of the last delivery; changes of account passwords",
	  "ALTER TABLE member ADD COLUMN received_day BIGINT NOT NULL DEFAULT 0;"
	  "ALTER TABLE member ADD COLUMN password_changed_at BIGINT;"
	  "UPDATE member SET received_day = COALESCE((SELECT l.at / 86400 FROM member_delivery l"
	  " WHERE l.member_id = member.id), 0);"
	  "DROP INDEX member_list;"
	  "CREATE INDEX member_list ON member (domain_id, local, id, class, active, factor,"
	  " created_at, seen_day, app_password_day, imap_day, pop3_day, smtp_day, state,"
	  " dated_from, dated_state, required_from, received_day);"
	  "CREATE INDEX member_received ON member (received_day, id);" },
	{ "lines of files that jobs import",
	  "CREATE TABLE job_file (job_id BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,"
	  " last_line BIGINT NOT NULL, lines TEXT NOT NULL, PRIMARY KEY (job_id, last_line));" },
	/* code is a digest. Whom codes were mailed to is counted apart, so that removing a forward
	 * or a member does not forget it. */
	{ "forwards that members set",
	  "CREATE TABLE forward ("
	  " member_id BIGINT PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE,"
	  " enabled SMALLINT NOT NULL, keep_copy SMALLINT NOT NULL, changed_at BIGINT NOT NULL);"
	  "CREATE TABLE forward_target ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES forward (member_id) ON DELETE CASCADE,"
	  " address TEXT NOT NULL, domain TEXT NOT NULL, added_at BIGINT NOT NULL,"
	  " confirmed_at BIGINT, confirmed_by TEXT NOT NULL, code BYTEA, code_expires_at BIGINT,"
	  " code_tries BIGINT NOT NULL DEFAULT 0);"
	  "CREATE INDEX forward_target_member ON forward_target (member_id, id);"
	  "CREATE TABLE forward_code ("
	  " id {ID}, member_id BIGINT NOT NULL, address TEXT NOT NULL, sent_at BIGINT NOT NULL);"
	  "CREATE INDEX forward_code_member ON forward_code (member_id, sent_at);"
	  "CREATE INDEX forward_code_address ON forward_code (address, sent_at);"
	  "CREATE INDEX forward_code_sent ON forward_code (sent_at);" },
	/* No row changes, but programs that do not know the setting must refuse the database. */
	{ "networks from which webmail may be used",
	  "UPDATE schema_history SET title = title WHERE version = 0;" },
	/* kinds is a set (factor_kind.h). Date and address are those of the last registration. */
	{ "second factors of several kinds",
	  "CREATE TABLE second_factor ("
	  " member_id BIGINT PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE,"
	  " kinds BIGINT NOT NULL, registered_at BIGINT NOT NULL, registered_ip TEXT NOT NULL,"
	  " recovery_kept SMALLINT NOT NULL DEFAULT 1);"
	  "INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip,"
	  " recovery_kept) SELECT member_id, 1, registered_at, registered_ip, recovery_kept"
	  " FROM totp;"
	  "ALTER TABLE totp DROP COLUMN recovery_kept;" },
	/* blob NULL: the file can be fetched no longer. A quota of NULL is the policy's. */
	{ "links to files that are sent by mail",
	  "ALTER TABLE domain ADD COLUMN attachment_quota BIGINT;"
	  "ALTER TABLE member ADD COLUMN attachment_quota BIGINT;"
	  "CREATE TABLE attachment_link ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " digest BYTEA NOT NULL UNIQUE, origin TEXT NOT NULL, subject TEXT NOT NULL,"
	  " made_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, downloads_most BIGINT NOT NULL,"
	  " extended SMALLINT NOT NULL DEFAULT 0, withdrawn_at BIGINT, told_at BIGINT,"
	  " password TEXT, tries BIGINT NOT NULL DEFAULT 0, tried_at BIGINT NOT NULL DEFAULT 0);"
	  "CREATE INDEX attachment_link_member ON attachment_link (member_id, id);"
	  "CREATE INDEX attachment_link_expires ON attachment_link (expires_at);"
	  "CREATE TABLE attachment_file ("
	  " id {ID}, link_id BIGINT NOT NULL REFERENCES attachment_link (id) ON DELETE CASCADE,"
	  " blob TEXT, name TEXT NOT NULL, type TEXT NOT NULL, size BIGINT NOT NULL,"
	  " scanned SMALLINT NOT NULL, downloads BIGINT NOT NULL DEFAULT 0);"
	  "CREATE INDEX attachment_file_link ON attachment_file (link_id, id);"
	  "CREATE INDEX attachment_file_blob ON attachment_file (blob) WHERE blob IS NOT NULL;"
	  "CREATE TABLE attachment_download ("
	  " file_id BIGINT NOT NULL REFERENCES attachment_file (id) ON DELETE CASCADE,"
	  " ticket BYTEA NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (file_id, ticket));"
	  "CREATE INDEX attachment_download_at ON attachment_download (at);" },
	/* digest is that of a challenge, which belongs to a session. */
	{ "passkeys",
	  "CREATE TABLE passkey ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " credential BYTEA NOT NULL UNIQUE, algorithm BIGINT NOT NULL,"
	  " public_key BYTEA NOT NULL, user_handle BYTEA NOT NULL, counter BIGINT NOT NULL,"
	  " backup_eligible SMALLINT NOT NULL, backed_up SMALLINT NOT NULL, name TEXT NOT NULL,"
	  " transports TEXT NOT NULL, created_at BIGINT NOT NULL, created_ip TEXT NOT NULL,"
	  " last_used_at BIGINT, last_used_ip TEXT);"
	  "CREATE INDEX passkey_member ON passkey (member_id, id);"
	  "CREATE TABLE passkey_challenge ("
	  " digest BYTEA PRIMARY KEY,"
	  " session_id BIGINT NOT NULL REFERENCES session (id) ON DELETE CASCADE,"
	  " purpose TEXT NOT NULL, user_handle BYTEA NOT NULL, expires_at BIGINT NOT NULL);"
	  "CREATE INDEX passkey_challenge_session ON passkey_challenge (session_id);" },
	{ "members that jobs have added",
	  "ALTER TABLE job ADD COLUMN added BIGINT NOT NULL DEFAULT 0;"
	  "UPDATE job SET added = (SELECT COUNT(*) FROM job_member m WHERE m.job_id = job.id"
	  " AND m.outcome = 'changed' AND m.before = 'member=none') WHERE action = 'import';"
	  "UPDATE job SET changed = changed - added WHERE added > 0;" },
	/* digest is that of a token, which names the bytes in the store as well. link_id NULL: it
	 * is not finished. */
	{ "uploads of files that mail will link to",
	  "CREATE TABLE attachment_upload ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " session_id BIGINT NOT NULL REFERENCES session (id) ON DELETE CASCADE,"
	  " digest BYTEA NOT NULL UNIQUE, name TEXT NOT NULL, type TEXT NOT NULL,"
	  " size BIGINT NOT NULL, touched_at BIGINT NOT NULL,"
	  " link_id BIGINT REFERENCES attachment_link (id) ON DELETE CASCADE);"
	  "CREATE INDEX attachment_upload_member ON attachment_upload (member_id, touched_at);"
	  "CREATE INDEX attachment_upload_session ON attachment_upload (session_id);"
	  "CREATE INDEX attachment_upload_touched ON attachment_upload (touched_at);"
	  "CREATE INDEX attachment_upload_link ON attachment_upload (link_id);" },
	/* secret and code are digests. A request outlives its session, as it is counted. */
	{ "approval on a phone",
	  "CREATE TABLE approval_device ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " public_key BYTEA NOT NULL UNIQUE, name TEXT NOT NULL, created_at BIGINT NOT NULL,"
	  " created_ip TEXT NOT NULL, last_used_at BIGINT, last_used_ip TEXT);"
	  "CREATE INDEX approval_device_member ON approval_device (member_id, id);"
	  "CREATE TABLE approval_enrolment ("
	  " member_id BIGINT PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE,"
	  " session_id BIGINT NOT NULL REFERENCES session (id) ON DELETE CASCADE,"
	  " secret BYTEA NOT NULL UNIQUE, code BYTEA NOT NULL, expires_at BIGINT NOT NULL,"
	  " tries BIGINT NOT NULL DEFAULT 0, public_key BYTEA UNIQUE, device_name TEXT,"
	  " device_ip TEXT, number TEXT);"
	  "CREATE INDEX approval_enrolment_session ON approval_enrolment (session_id);"
	  "CREATE TABLE approval_try (id {ID}, tried_at BIGINT NOT NULL);"
	  "CREATE INDEX approval_try_at ON approval_try (tried_at);"
	  "CREATE TABLE approval_request ("
	  " id {ID}, nonce BYTEA NOT NULL UNIQUE,"
	  " member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " session_id BIGINT REFERENCES session (id) ON DELETE SET NULL,"
	  " pending SMALLINT NOT NULL, number BIGINT NOT NULL, state TEXT NOT NULL,"
	  " created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, ip TEXT NOT NULL,"
	  " device TEXT NOT NULL);"
	  "CREATE INDEX approval_request_member ON approval_request (member_id, created_at);"
	  "CREATE INDEX approval_request_session ON approval_request (session_id);"
	  "CREATE INDEX approval_request_created ON approval_request (created_at);" },
	/* SQLite changes no default: the columns are made anew. */
	{ "lists of members by networks of their own",
	  "DROP INDEX member_list;"
	  "ALTER TABLE member ADD COLUMN own BIGINT NOT NULL DEFAULT " STATE_NONE_OF_NETWORKS ";"
	  "ALTER TABLE member ADD COLUMN own_dated BIGINT NOT NULL DEFAULT " STATE_NONE_OF_NETWORKS
	  ";UPDATE member SET own = state" STATE_OF_NETWORKS
	  ", own_dated = dated_state" STATE_OF_NETWORKS
	  " WHERE settings <> '';" DROP("member", "state")
		  DROP("member",
		       "dated_state") "ALTER TABLE member RENAME COLUMN own TO state;"
				      "ALTER TABLE member RENAME COLUMN own_dated TO dated_state;"
				      "CREATE INDEX member_list ON member (domain_id, local, id, "
				      "class, active, factor,"
				      " created_at, seen_day, app_password_day, imap_day, "
				      "pop3_day, smtp_day, state,"
				      " dated_from, dated_state, required_from, received_day);" },
	{ "recovery contacts, and what members have decided about them",
	  "CREATE TABLE recovery_decision ("
	  " id {ID}, member_id BIGINT NOT NULL, member TEXT NOT NULL, decision TEXT NOT NULL,"
	  " text_number BIGINT NOT NULL, text_hash TEXT NOT NULL, language TEXT NOT NULL,"
	  " decided_at BIGINT NOT NULL, ip TEXT NOT NULL, device TEXT NOT NULL);"
	  "CREATE INDEX recovery_decision_member ON recovery_decision (member_id, id);"
	  "CREATE INDEX recovery_decision_at ON recovery_decision (decided_at);"
	  "CREATE TABLE recovery_contact ("
	  " member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " kind TEXT NOT NULL, sealed BYTEA, confirmed_at BIGINT, removed_at BIGINT,"
	  " PRIMARY KEY (member_id, kind));"
	  "CREATE TABLE recovery_change ("
	  " member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " kind TEXT NOT NULL, sealed BYTEA NOT NULL, code BYTEA,"
	  " code_tries BIGINT NOT NULL DEFAULT 0, code_expires_at BIGINT, due_at BIGINT,"
	  " stop BYTEA UNIQUE, PRIMARY KEY (member_id, kind));"
	  "CREATE INDEX recovery_change_due ON recovery_change (due_at);"
	  "CREATE INDEX recovery_change_code ON recovery_change (code_expires_at);"
	  "CREATE TABLE recovery_code_sent ("
	  " id {ID}, member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " kind TEXT NOT NULL, target BYTEA, sent_at BIGINT NOT NULL);"
	  "CREATE INDEX recovery_code_sent_member ON recovery_code_sent (member_id, sent_at);"
	  "CREATE INDEX recovery_code_sent_target ON recovery_code_sent (target, sent_at);"
	  "CREATE INDEX recovery_code_sent_kind ON recovery_code_sent (kind, sent_at);"
	  "CREATE INDEX recovery_code_sent_at ON recovery_code_sent (sent_at);" },
	{ "downloads of files that mail links to, by day (its first second in UTC)",
	  "CREATE TABLE attachment_traffic ("
	  " member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " day BIGINT NOT NULL, downloads BIGINT NOT NULL, bytes BIGINT NOT NULL,"
	  " PRIMARY KEY (member_id, day));"
	  "CREATE INDEX attachment_traffic_day ON attachment_traffic (day);" },
	{ "addresses at which phones are woken, and the key that push services know",
	  "ALTER TABLE approval_device ADD COLUMN push_endpoint TEXT NOT NULL DEFAULT '';"
	  "CREATE TABLE web_push_key ("
	  " id {ID}, sealed BYTEA NOT NULL, created_at BIGINT NOT NULL);" },
	{ "the keys of link passwords",
	  "ALTER TABLE attachment_link ADD COLUMN password_key_id INTEGER;" },
	{ "sign-ins by a passkey alone: challenges that are used up, and tokens for Dovecot",
	  "CREATE TABLE passkey_sign_in ("
	  " digest BYTEA PRIMARY KEY, token BYTEA UNIQUE,"
	  " member_id BIGINT NOT NULL REFERENCES member (id) ON DELETE CASCADE,"
	  " expires_at BIGINT NOT NULL);"
	  "CREATE INDEX passkey_sign_in_member ON passkey_sign_in (member_id);"
	  "CREATE INDEX passkey_sign_in_expires ON passkey_sign_in (expires_at);" },
	/* digest is that of a token, of the browser that asked or entered the code. name is there
	 * until it is decided what becomes of the request, member_id since, if it is a member's. */
	{ "forgotten passwords",
	  "CREATE TABLE recovery_request ("
	  " id {ID}, digest BYTEA NOT NULL UNIQUE,"
	  " member_id BIGINT REFERENCES member (id) ON DELETE CASCADE, name TEXT NOT NULL,"
	  " kind TEXT NOT NULL, origin TEXT NOT NULL, ip TEXT NOT NULL, device TEXT NOT NULL,"
	  " language TEXT NOT NULL, by_administrator SMALLINT NOT NULL, asked_at BIGINT NOT NULL,"
	  " waits SMALLINT NOT NULL DEFAULT 1, code BYTEA, expires_at BIGINT NOT NULL,"
	  " tries BIGINT NOT NULL DEFAULT 0, proved_at BIGINT,"
	  " factor SMALLINT NOT NULL DEFAULT 0);"
	  "CREATE INDEX recovery_request_member ON recovery_request (member_id);"
	  "CREATE INDEX recovery_request_waits ON recovery_request (id) WHERE waits = 1;"
	  "CREATE INDEX recovery_request_origin ON recovery_request (origin, asked_at);"
	  "CREATE INDEX recovery_request_at ON recovery_request (asked_at);" },
	/* Lists of members are read from memory since then (policy/admin/member_index.h), and need
	 * no indexes any more, but news of every row that has changed. */
	{ "which members have changed",
	  "DROP INDEX member_list; DROP INDEX member_created; DROP INDEX member_seen;"
	  "DROP INDEX member_received;"
	  "CREATE INDEX member_with_factor ON member (domain_id) WHERE factor <> 0;"
	  "CREATE TABLE member_change ("
	  " id {ID}, member_id BIGINT NOT NULL, at BIGINT NOT NULL);" },
	/* NULL: as many as the policy file says. */
	{ "days of grace of a domain", "ALTER TABLE domain ADD COLUMN grace_days INTEGER;" },
	/* While a password is set with the proof, nobody else sets another one. */
	{ "proofs that are in use",
	  "ALTER TABLE recovery_request ADD COLUMN used_until BIGINT NOT NULL DEFAULT 0;" },
	{ "locks of phones that approve",
	  PHONE_LOCK("approval_device") PHONE_LOCK("approval_enrolment") },
	{ "when administrators were told of the week",
	  "ALTER TABLE administrator ADD COLUMN digest_at BIGINT NOT NULL DEFAULT 0;" },
	/* What an identity provider calls the member. Those of two domains may be the same. */
	{ "members as identity providers know them",
	  "ALTER TABLE member ADD COLUMN external_id TEXT;"
	  "CREATE INDEX member_external ON member (external_id) WHERE external_id IS NOT NULL;" },
};

_Static_assert(sizeof(migrations) / sizeof(migrations[0]) == PL_SCHEMA_VERSION,
	       "a new migration raises PL_SCHEMA_VERSION in policy/store/version.h");

const struct pl_migration *pl_schema_migration(int version)
{
	return version >= 1 && version <= PL_SCHEMA_VERSION ? &migrations[version - 1] : NULL;
}
