/* sql_lookup.h - a lookup without a password by Dovecot's passdb sql that fails before its query.
 *
 * When passdb sql cannot expand its query, because PostgreSQL is not connected, it calls what it
 * was given as if a password were verified: with the request as the second argument, and the
 * others undefined (Dovecot 2.4.1). The auth process then
 * crashes, and ends the logins of others, too. We look up without a password what Dovecot itself
 * seldom does, so we see to it that such a lookup ends as a temporary failure.
 */
#ifndef POSTLATCH_SQL_LOOKUP_H
#define POSTLATCH_SQL_LOOKUP_H

struct passdb_module;

/* To be called for each passdb before it is asked; changes those of driver sql, once. */
void sql_lookup_guard(struct passdb_module *module);

#endif
