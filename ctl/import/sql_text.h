/* sql_text.h - the words of a dump: what is between them, names, and constants.
 *
 * For the files behind sql_dump.h alone. sql_head.c finds the dialect, sql_constant.c reads
 * constants, and sql_text.c everything else. Functions move the position, and do not move it past
 * the end. They return 0, or -1 and the error, unless they say something else.
 */
#ifndef POSTLATCH_SQL_TEXT_H
#define POSTLATCH_SQL_TEXT_H

#include "ctl/import/sql_dump.h"

enum sql_dialect { SQL_MYSQL, SQL_POSTGRESQL, SQL_SQLITE };

struct sql_text {
	const char *at, *end;
	enum sql_dialect dialect;
	char delimiter[16];  /* what ends a statement */
	const char *counted; /* as far as lines were counted */
	size_t line;
	struct pl_error *err;
};

/* The values of a row, one after the other. */
struct sql_bytes {
	char *data;
	size_t len, room;
};

/* Reads from the head which program has written the dump. 0, or -1 and the error. */
int sql_text_begin(struct sql_text *text, const char *begin, size_t len, struct pl_error *err);
/* Sets the error, with the line; returns -1. */
int sql_text_error(struct sql_text *text, const char *sentence);
size_t sql_text_line(struct sql_text *text);

/* Passes over blanks and comments. 0, or -1 when a comment does not end. */
int sql_skip_blank(struct sql_text *text);
/* Passes over what ends the statement, with all that stands before it. */
int sql_skip_statement(struct sql_text *text);
/* Passes over one word, quoted text, comment or other byte; not at the end. */
int sql_skip_one(struct sql_text *text);
/* Whether the text goes on with these bytes. */
int sql_looking_at(const struct sql_text *text, const char *bytes);
/* How many bytes of a word stand here: 0 for none. */
size_t sql_word_length(const struct sql_text *text);
/* Takes a word, in any case, with the blanks behind it: 1, 0 when another one stands here, -1. */
int sql_take_word(struct sql_text *text, const char *word);
/* The same for one character of punctuation. */
int sql_take(struct sql_text *text, char punctuation);
/* Takes a name, whether quoted or not, with the blanks behind it. quoted_r may be NULL. */
int sql_take_name(struct sql_text *text, struct sql_column *name_r, int *quoted_r);
/* Takes what is between two of these quotes ('[' ends with ']'), the first of which stands here,
 * and appends it. A doubled quote stands for one; has_escapes: MySQL's backslashes, too. bytes may
 * be NULL, to pass over it. */
int sql_take_quoted(struct sql_text *text, char quote, int has_escapes, struct sql_bytes *bytes);
/* Appends a constant and a NUL, with the blanks behind it; *is_null_r is set for NULL. */
int sql_take_constant(struct sql_text *text, struct sql_bytes *bytes, int *is_null_r);
/* Appends a byte to the row. */
int sql_put(struct sql_text *text, struct sql_bytes *bytes, char byte);

#endif
