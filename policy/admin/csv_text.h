/* csv_text.h - what kind of text a CSV file is, before it is read as one.
 *
 * Spreadsheets save many things under the name of CSV. What is not UTF-8 is named as what it is,
 * with the way to save it; how fields are divided is found out.
 */
#ifndef POSTLATCH_CSV_TEXT_H
#define POSTLATCH_CSV_TEXT_H

#include <stddef.h>

#include "policy/base/error.h"

/* PL_ERR_INVALID when it is a workbook, UTF-16, or CP949 text of Korean Excel; *code_r is
 * "workbook", "utf-16" or "cp949" then. 0 otherwise: the fields of what is returned as good may
 * still not be UTF-8. */
int pl_csv_text_check(const char *text, size_t len, const char **code_r, struct pl_error *err);
/* What is in front of the first line: a byte order mark and Excel's "sep=;" line. Returns how many
 * bytes it has; *delimiter_r is what that line, or else the first line, divides fields with: a
 * comma, a semicolon or a tab. *lines_r is 1 when there is such a line, else 0. */
size_t pl_csv_text_begin(const char *text, size_t len, char *delimiter_r, int *lines_r);

#endif
