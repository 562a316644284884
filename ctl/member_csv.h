/* member_csv.h - members as CSV (RFC 4180), read with libcsv.
 *
 * The first line names the columns (csv_column.h), and commas, semicolons or tabs divide them
 * (csv_text.h). Lines end in LF or CRLF, fields may be quoted, and rows without any text are
 * left out. Everything is checked before anybody sees a
 * row: bounds, UTF-8, unknown and repeated columns, repeated addresses.
 */
#ifndef POSTLATCH_MEMBER_CSV_H
#define POSTLATCH_MEMBER_CSV_H

#include <stdio.h>

#include "policy/account/change.h"
#include "policy/account/member.h"

#define MEMBER_CSV_MAX (256 * 1024 * 1024) /* bytes of a file */
#define MEMBER_CSV_FIELD_MAX 512           /* bytes of a field */
#define MEMBER_CSV_FAULTS 100
#define MEMBER_CSV_SECRET_MAX 160 /* bytes of a key of a second factor */

/* Whether the file may have the column totp_secret. */
enum member_csv_kind { MEMBER_CSV_PLAIN, MEMBER_CSV_WITH_SECRETS };

struct member_csv_row {
	struct pl_address address;
	struct pl_change change;
	char totp_secret[MEMBER_CSV_SECRET_MAX + 1]; /* as it was written; "" for none */
	int line;                                    /* where the row ends, counting from 1 */
};

struct member_csv {
	struct member_csv_row *rows;
	size_t count, room;
	/* When more than one line is wrong: "line 3: ...", one on each line, the first
	 * MEMBER_CSV_FAULTS of them; else NULL. */
	char *faults;
};

/* Reads a whole file from memory. An error names the line; when several are wrong it says how
 * many, and csv_r->faults is to be freed. */
int member_csv_parse(const char *text, size_t len, const char *default_domain,
		     enum member_csv_kind kind, struct member_csv *csv_r, struct pl_error *err);
/* Wipes the secrets. */
void member_csv_free(struct member_csv *csv);

/* The first line, with the columns' names, and the line of a member. The caller checks ferror(). */
void member_csv_write_header(FILE *out);
void member_csv_write(FILE *out, const struct pl_member *member);

#endif
