#!/bin/bash
# check-sql.sh - SQL text is in its two tables, and a backend's own words are in the backend.
set -uo pipefail
status=0
complain() { echo "check-sql: $*"; status=1; }

words='"[^"]*\b(SELECT|INSERT INTO|UPDATE [a-z_]+ SET|DELETE FROM|CREATE TABLE|ALTER TABLE|PRAGMA|BEGIN|COMMIT|ROLLBACK)\b'
while IFS= read -r hit; do
	complain "SQL outside of its table: $hit"
done < <(grep -nE "$words" {policy,portal}/*/*.[ch] ctl/{check,setup}/*.[ch] {ctl,daemon,dovecot,dovecot-plugin,milter,sasl-relay,portal,password,sender}/*.[ch] |
	grep -vE '^policy/store/(schema|schema_dialect|schema_copy|schema_migrate|insert_many|store_sqlite|store_sqlite_create|store_sqlite_backup|store_postgresql|store_postgresql_copy)\.c:')

# What only one database understands.
while IFS= read -r hit; do
	complain "not every database understands: $hit"
done < <(grep -nE 'INSERT OR |AUTOINCREMENT|PRAGMA|ROWID|IFNULL|GLOB|strftime|datetime\(|::[a-z]+|SERIAL' \
	policy/*/statements.def policy/store/schema.c policy/store/schema_first.def)

# Values are bound: no statement is put together from text.
while IFS= read -r hit; do
	complain "a statement with a format in it: $hit"
done < <(grep -nE '%[sd]' policy/*/statements.def)
exit $status
