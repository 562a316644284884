/* member_csv.h - members as CSV (RFC 4180), read with libcsv.
 *
 * The first line names the columns (csv_column.h), of which some only show what is, and change
 * nothing. Commas, semicolons or tabs divide them (csv_text.h), and texts may be protected from
 * spreadsheets (csv_cell.h). Lines end in LF or CRLF, fields may be quoted, and rows without any
 * text are left out. Everything is checked before anybody sees a row: bounds, UTF-8, unknown and
 * repeated columns, repeated addresses.
 */
#ifndef POSTLATCH_MEMBER_CSV_H
#define POSTLATCH_MEMBER_CSV_H

#include <stdio.h>

#include "policy/account/change.h"
#include "policy/account/member.h"
#include "policy/admin/csv_column.h"

#define PL_MEMBER_CSV_MAX (256 * 1024 * 1024) /* bytes of a file */
#define PL_MEMBER_CSV_FIELD_MAX 512           /* bytes of a field */
#define PL_MEMBER_CSV_FAULTS 100
#define PL_MEMBER_CSV_SECRET_MAX 160 /* bytes of a key of a second factor */

/* Whether the file may have the column totp_secret. */
enum pl_member_csv_kind { PL_MEMBER_CSV_PLAIN, PL_MEMBER_CSV_WITH_SECRETS };

struct pl_member_csv_row {
	struct pl_address address;
	struct pl_change change;
	char totp_secret[PL_MEMBER_CSV_SECRET_MAX + 1]; /* as it was written; "" for none */
	int line;                                       /* where the row ends, counting from 1 */
};

struct pl_member_csv {
	struct pl_member_csv_row *rows; /* NULL where the caller takes each row by itself */
	size_t count, room;
	/* When more than one line is wrong: "line 3: ...", one on each line, the first
	 * PL_MEMBER_CSV_FAULTS of them; else NULL. */
	char *faults;
	unsigned int left; /* columns of the file that change nothing, as PL_CSV_LEFT_BIT()s */
};

/* What is wrong with a line, for whom the sentence is in the wrong language: a code of these, and
 * the words that a sentence of it needs.
 *
 *	workbook, utf-16, cp949, too-large, empty, too-many-rows	of the whole file: line is 0
 *	no-address-column, too-many-columns
 *	no-column		word there is none, other (may be "") is near to it
 *	renamed-column		word is now called other
 *	repeated-column, secret-column	word
 *	unnamed-column		word is its number
 *	address			word is not one
 *	value			of the column word, other is not one
 *	repeated		word is already in line other
 *	field, not-utf8, more-fields, fewer-fields, quotes, memory
 */
struct pl_csv_fault {
	int line;
	const char *code;
	char word[PL_ADDRESS_MAX + 1], other[65];
	char text[PL_MEMBER_CSV_FIELD_MAX]; /* the sentence, without the line */
};

struct pl_member_csv_options {
	const char *default_domain; /* NULL: none */
	enum pl_member_csv_kind kind;
	size_t rows_most; /* 0: as many as there is memory for */
	/* Takes each right row, which is not kept then. Nothing may come of it before the whole
	 * file is known to be right. 0, or -1: out of memory. NULL: csv_r keeps them. */
	int (*row)(const struct pl_member_csv_row *row, void *context);
	/* Is told the first fault of each line. NULL: nobody is. */
	void (*fault)(const struct pl_csv_fault *fault, void *context);
	void *context;
};

/* Reads a whole file from memory. An error names the line; when several are wrong it says how
 * many, and csv_r->faults is to be freed. */
int pl_member_csv_parse(const char *text, size_t len, const struct pl_member_csv_options *options,
			struct pl_member_csv *csv_r, struct pl_error *err);
/* Wipes the secrets. */
void pl_member_csv_free(struct pl_member_csv *csv);

/* The first line, with the columns' names, and the line of a member. The caller checks ferror(). */
void pl_member_csv_write_header(FILE *out);
void pl_member_csv_write(FILE *out, const struct pl_member *member);

#endif
