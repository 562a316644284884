/* schema_dialect.c - what of the tables each database says in words of its own; see schema.h. */
#include "policy/store/schema.h"

#include <stddef.h>

/* What of a member is looked at by lists; of is that of the row, "n.", or "". */
#define LISTED(of)                                                                    \
	of "class, " of "active, " of "factor, " of "created_at, " of "seen_day, " of \
	   "app_password_day, " of "imap_day, " of "pop3_day, " of "smtp_day, " of    \
	   "received_day, " of "state, " of "dated_state, " of "dated_from, " of "required_from"
/* Changes are read from a mark on, which is where the next ones were when the changes before were
 * read. Those of a file are committed in their order, so the mark is a number of a row. */
#define SQLITE_NOTES(name, when, id)                                                        \
	"CREATE TRIGGER " name " AFTER " when " ON member BEGIN INSERT INTO member_change " \
	"(member_id, at) VALUES (" id ", CAST(strftime('%s', 'now') AS INTEGER)); END;"
/* There is always a newest one, by which a backup of another moment is told apart. */
#define SQLITE_CHANGES                                                                        \
	"INSERT INTO member_change (member_id, at) VALUES (0, CAST(strftime('%s', 'now') AS " \
	"INTEGER)); CREATE VIEW member_changed AS SELECT id AS mark, id, member_id FROM "     \
	"member_change; CREATE VIEW member_change_mark AS SELECT COALESCE(MAX(id), 0) + 1 "   \
	"AS mark FROM member_change;"
#define SQLITE_ADDED SQLITE_NOTES("member_added", "INSERT", "new.id")
#define SQLITE_CHANGED SQLITE_NOTES("member_changes", "UPDATE OF " LISTED(""), "new.id")
#define SQLITE_REMOVED SQLITE_NOTES("member_removed", "DELETE", "old.id")
#define MEMBER_CHANGES_SQLITE SQLITE_CHANGES SQLITE_ADDED SQLITE_CHANGED SQLITE_REMOVED
/* On a server a transaction may end after others that began later: the mark is the number of the
 * oldest that is still open. What a statement changes is noted at once, also those of programs that
 * search other schemas, as pg_restore. A plan that was made for one row is kept for thousands, so
 * it must not be one that compares each of them with each. */
#define POSTGRESQL_NOTES(name, when, tables, function)                         \
	"CREATE TRIGGER " name " AFTER " when " ON member REFERENCING " tables \
	" FOR EACH STATEMENT EXECUTE FUNCTION " function "();"
#define POSTGRESQL_NOTE(name, rows)                                                         \
	"CREATE FUNCTION " name "() RETURNS trigger LANGUAGE plpgsql SET search_path FROM " \
	"CURRENT SET enable_nestloop = off AS $$ BEGIN INSERT INTO member_change "          \
	"(member_id, at) SELECT n.id, extract(epoch FROM clock_timestamp()) FROM " rows     \
	"; RETURN NULL; END $$;"
#define POSTGRESQL_CHANGES                                                              \
	"ALTER TABLE member_change ADD COLUMN transaction_id BIGINT NOT NULL DEFAULT "  \
	"txid_current(); CREATE INDEX member_change_transaction ON member_change "      \
	"(transaction_id); INSERT INTO member_change (member_id, at) VALUES (0, "       \
	"extract(epoch FROM clock_timestamp())); CREATE VIEW member_changed AS SELECT " \
	"transaction_id AS mark, id, member_id FROM member_change; CREATE VIEW "        \
	"member_change_mark AS SELECT txid_snapshot_xmin(txid_current_snapshot()) AS mark;"
#define POSTGRESQL_ADDED \
	POSTGRESQL_NOTES("member_added", "INSERT", "NEW TABLE AS changed", "note_members")
#define POSTGRESQL_CHANGED                                                                       \
	POSTGRESQL_NOTES("member_changes", "UPDATE", "OLD TABLE AS former NEW TABLE AS changed", \
			 "note_member_changes")
#define POSTGRESQL_REMOVED \
	POSTGRESQL_NOTES("member_removed", "DELETE", "OLD TABLE AS changed", "note_members")
#define POSTGRESQL_FUNCTIONS                                                     \
	POSTGRESQL_NOTE("note_members", "changed n")                             \
	POSTGRESQL_NOTE("note_member_changes",                                   \
			"changed n JOIN former o ON o.id = n.id WHERE (" LISTED( \
				"n.") ") IS DISTINCT FROM (" LISTED("o.") ")")
#define MEMBER_CHANGES_POSTGRESQL                                                   \
	POSTGRESQL_CHANGES POSTGRESQL_FUNCTIONS POSTGRESQL_ADDED POSTGRESQL_CHANGED \
		POSTGRESQL_REMOVED

static const struct {
	int version;
	const char *sql[PL_DIALECTS];
} in_dialects[] = { { 49, { MEMBER_CHANGES_SQLITE, MEMBER_CHANGES_POSTGRESQL } } };

const char *pl_schema_in_dialect(int version, enum pl_dialect dialect)
{
	for (size_t i = 0; i < sizeof(in_dialects) / sizeof(in_dialects[0]); i++) {
		if (in_dialects[i].version == version)
			return in_dialects[i].sql[dialect];
	}
	return NULL;
}
