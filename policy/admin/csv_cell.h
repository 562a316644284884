/* csv_cell.h - texts in cells of CSV files (RFC 4180) that spreadsheets open.
 *
 * A spreadsheet takes a cell that begins with one of a few characters for a formula. Such a text is
 * written with an apostrophe in front, and so is one that looks as if it had one already: whoever
 * reads such a file takes one apostrophe away from a text that has some in front of a formula, and
 * has what was written.
 */
#ifndef POSTLATCH_CSV_CELL_H
#define POSTLATCH_CSV_CELL_H

#include <stdio.h>

/* Whether a spreadsheet may take the text for a formula. */
int pl_csv_cell_is_formula(const char *text);
/* Whether it has apostrophes in front of such a text. */
int pl_csv_cell_is_protected(const char *text);
/* Writes a quoted cell, which a spreadsheet takes for a text, whatever it begins with. */
void pl_csv_cell_put(FILE *out, const char *text);
/* The text of a cell that may have been written so: text, or what is in it behind the first
 * apostrophe. */
const char *pl_csv_cell_text(const char *text);

#endif
