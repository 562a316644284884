/* console_cell.h - cells of the tables that the administrators' API gives as CSV (RFC 4180). */
#ifndef POSTLATCH_PORTAL_CONSOLE_CELL_H
#define POSTLATCH_PORTAL_CONSOLE_CELL_H

#include <stdio.h>

/* Writes a quoted cell, which a spreadsheet takes for a text, whatever it begins with. */
void console_put_cell(FILE *out, const char *text);

#endif
