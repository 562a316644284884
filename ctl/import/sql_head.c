/* sql_head.c - which program has written a dump; see sql_text.h. */
#include <string.h>

#include "ctl/import/sql_text.h"

#define HEAD 4096 /* bytes in which a dump says which program has written it */

static int head_has(const char *begin, size_t len, const char *words)
{
	return memmem(begin, len < HEAD ? len : HEAD, words, strlen(words)) != NULL;
}

static int is_binary(const char *begin, size_t len, struct pl_error *err)
{
	if (len >= 2 && memcmp(begin, "\x1f\x8b", 2) == 0)
		return pl_error_set(err, PL_ERR_INVALID, "it is compressed: unpack it with gunzip");
	if (len >= 5 && memcmp(begin, "PGDMP", 5) == 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "it is an archive of pg_dump: make a dump with --format=plain, "
				    "or "
				    "convert it with pg_restore --file=DUMP.sql");
	if (len >= 2 && (memcmp(begin, "\xff\xfe", 2) == 0 || memcmp(begin, "\xfe\xff", 2) == 0))
		return pl_error_set(err, PL_ERR_INVALID,
				    "it is UTF-16, as PowerShell writes it: let the program that "
				    "makes "
				    "the dump write the file by itself");
	if (head_has(begin, len, "SQLite format 3") || head_has(begin, len, "PRAGMA foreign_keys"))
		return pl_error_set(err, PL_ERR_INVALID,
				    "it is from SQLite: only dumps of MySQL, MariaDB and "
				    "PostgreSQL are "
				    "read; use `postlatch import csv`");
	return 0;
}

int sql_text_begin(struct sql_text *text, const char *begin, size_t len, struct pl_error *err)
{
	static const char *const mysql[] = { "MySQL dump", "MariaDB dump", "phpMyAdmin SQL Dump",
					     "-- Adminer" };

	memset(text, 0, sizeof(*text));
	if (len >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0) {
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
	text->dialect = SQL_POSTGRESQL;
	if (head_has(begin, len, "PostgreSQL database dump"))
		return 0;
	text->dialect = SQL_MYSQL;
	for (size_t i = 0; i < sizeof(mysql) / sizeof(mysql[0]); i++) {
		if (head_has(begin, len, mysql[i]))
			return 0;
	}
	return pl_error_set(err, PL_ERR_INVALID,
			    "it is not a dump of mysqldump, mariadb-dump, phpMyAdmin or pg_dump, "
			    "whose "
			    "first lines say so: make it without --compact");
}
