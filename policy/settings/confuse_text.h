/* confuse_text.h - parses a text with libconfuse, around two of its faults: errors name the wrong
 * lines below a comment, and what is cut off in the middle is taken for whole. */
#ifndef POSTLATCH_CONFUSE_TEXT_H
#define POSTLATCH_CONFUSE_TEXT_H

#include <confuse.h>

/* An option that stands at the end of every text; the options of the caller have it. */
#define PL_CONFUSE_END CFG_FUNC(PL_CONFUSE_END_NAME, pl_confuse_end)
#define PL_CONFUSE_END_NAME "file_ends_here"
int pl_confuse_end(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv);

/* Like cfg_parse_buf, but errors contain name as the name of the file. *whole_r is 0 when the text
 * ends inside a section, a comment or a string. */
int pl_confuse_parse(cfg_t *cfg, const char *name, const char *text, int *whole_r);

#endif
