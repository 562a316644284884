/* database_file.h - the file of an LDAP or SQL passdb or userdb of Dovecot 2.3.
 *
 * doveconf prints the path of such a file alone. It has lines of name = value; a backslash at the
 * end continues a line, and of two lines with one name the last one holds. 2.4 has no such files.
 */
#ifndef POSTLATCH_DATABASE_FILE_H
#define POSTLATCH_DATABASE_FILE_H

#include <stddef.h>

/* The value of a setting: 1, 0 when the file does not have it, -1 when it cannot be read, with
 * errno. */
int database_file_value(const char *path, const char *name, char *value, size_t size);

#endif
