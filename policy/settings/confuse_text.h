/* confuse_text.h - parses a text with libconfuse, around two of its faults: errors name the wrong
 * lines below a comment, and what is cut off in the middle is taken for whole. */
#ifndef POSTLATCH_CONFUSE_TEXT_H
#define POSTLATCH_CONFUSE_TEXT_H

#include <confuse.h>

/* The name of a function that stands at the end of every text. The options of the caller have it as
 * CFG_FUNC, and if it was not called, the text ends inside a section, a comment or a string. */
#define PL_CONFUSE_END "file_ends_here"

/* Like cfg_parse_buf, but errors contain name as the name of the file. */
int pl_confuse_parse(cfg_t *cfg, const char *name, const char *text);

#endif
