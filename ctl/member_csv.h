/* member_csv.h - members as CSV (RFC 4180), read with libcsv.
 *
 * The first line names the columns. A byte order mark is skipped, lines end in
 * LF or CRLF, fields may be quoted. Everything is checked before anybody sees a
 * row: bounds, UTF-8, unknown and repeated columns, repeated addresses.
 */
#ifndef POSTLATCH_MEMBER_CSV_H
#define POSTLATCH_MEMBER_CSV_H

#include <stdio.h>

#include "policy/account/change.h"
#include "policy/account/member.h"

#define MEMBER_CSV_MAX (256 * 1024 * 1024) /* bytes of a file */
#define MEMBER_CSV_FIELD_MAX 512           /* bytes of a field */

struct member_csv_row {
	struct pl_address address;
	struct pl_change change;
	int line; /* where the row ends, counting from 1 */
};

struct member_csv {
	struct member_csv_row *rows;
	size_t count, room;
};

/* Reads a whole file from memory. An error names the line. */
int member_csv_parse(const char *text, size_t len, const char *default_domain,
		     struct member_csv *csv_r, struct pl_error *err);
void member_csv_free(struct member_csv *csv);

void member_csv_write_header(FILE *out);
void member_csv_write(FILE *out, const struct pl_member *member);

#endif
