/* doveconf.h - reads what `doveconf -n` prints: "name = value" at top level and in blocks. */
#ifndef POSTLATCH_DOVECONF_H
#define POSTLATCH_DOVECONF_H

#include <stddef.h>

/* The value of a setting that is not in a block, or that is in the given one;
 * 0 when it is not there, which means its default. */
int doveconf_value(const char *text, const char *name, char *value, size_t size);
int doveconf_block_value(const char *block, const char *name, char *value, size_t size);

/* Copies the next block whose first line is given, as "passdb {", from that line to
 * its last setting, and returns where text goes on; NULL when there is none.
 * Blocks at top level and within another block look alike but for their indent. */
const char *doveconf_block(const char *text, const char *first_line, char *block, size_t size);

#endif
