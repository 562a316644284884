/* sql_head.c - which program has written a dump; see sql_text.h. */
#include <string.h>

#include "ctl/import/sql_text.h"

#define HEAD 4096 /* bytes in which a dump says which program has written it */

static int head_has(const char *begin, size_t len, const char *words)
{
	return memmem(begin, len < HEAD ? len : HEAD, words, strlen(words)) != NULL;
}

static int begins_with(const char *begin, size_t len, const char *bytes)
{
	return len >= strlen(bytes) && memcmp(begin, bytes, strlen(bytes)) == 0;
}

static int is_binary(const char *begin, size_t len, struct pl_error *err)
{
	if (begins_with(begin, len, "\x1f\x8b"))
		return pl_error_set(err, PL_ERR_INVALID, "it is compressed: unpack it with gunzip");
	if (begins_with(begin, len, "PGDMP"))
		return pl_error_set(err, PL_ERR_INVALID,
				    "it is an archive of pg_dump: make a dump with --format=plain, "
				    "or "
				    "convert it with pg_restore --file=DUMP.sql");
	if (begins_with(begin, len, "\xff\xfe") || begins_with(begin, len, "\xfe\xff"))
		return pl_error_set(err, PL_ERR_INVALID,
				    "it is UTF-16, as PowerShell writes it: let the program that "
				    "makes "
				    "the dump write the file by itself");
	if (begins_with(begin, len, "SQLite format 3"))
		return pl_error_set(err, PL_ERR_INVALID,
				    "it is a database of SQLite: make a dump of it with "
				    "`sqlite3 DATABASE .dump`");
	return 0;
}

static const struct {
	const char *words;
	int is_first; /* nothing stands before them */
	enum sql_dialect dialect;
} programs[] = {
	{ "PRAGMA foreign_keys=OFF;", 1, SQL_SQLITE },
	{ "PostgreSQL database dump", 0, SQL_POSTGRESQL },
	{ "MySQL dump", 0, SQL_MYSQL },
	{ "MariaDB dump", 0, SQL_MYSQL },
	{ "phpMyAdmin SQL Dump", 0, SQL_MYSQL },
	{ "-- Adminer", 0, SQL_MYSQL },
};

int sql_text_begin(struct sql_text *text, const char *begin, size_t len, struct pl_error *err)
{
	memset(text, 0, sizeof(*text));
	if (begins_with(begin, len, "\xef\xbb\xbf")) {
		begin += 3;
		len -= 3;
	}
	text->at = text->counted = begin;
	text->end = begin + len;
	text->line = 1;
	text->delimiter[0] = ';';
	text->err = err;
	if (is_binary(begin, len, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		text->dialect = programs[i].dialect;
		if (programs[i].is_first ? begins_with(begin, len, programs[i].words)
					 : head_has(begin, len, programs[i].words))
			return 0;
	}
	return pl_error_set(err, PL_ERR_INVALID,
			    "it is not a dump of mysqldump, mariadb-dump, phpMyAdmin, pg_dump or "
			    "sqlite3, whose first lines say so: make it without --compact");
}
