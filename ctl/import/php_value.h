/* php_value.h - what PHP's serialize() has written: Roundcube keeps its preferences like this.
 *
 * Reads null, booleans, numbers, strings and arrays. Objects and references are refused: they are
 * nobody's preferences. Pure; nothing is allocated, and values point into the text.
 */
#ifndef POSTLATCH_PHP_VALUE_H
#define POSTLATCH_PHP_VALUE_H

#include <stddef.h>

#define PHP_VALUE_DEPTH 16 /* arrays in arrays */

enum php_type { PHP_NULL, PHP_BOOL, PHP_INT, PHP_DOUBLE, PHP_STRING, PHP_ARRAY };

struct php_value {
	enum php_type type;
	const char
		*text; /* of a string, its bytes; of an array, its pairs; else as it was written */
	size_t len;
	size_t count; /* pairs of an array */
};

/* Reads the whole text as one value. 0, or -1 when it is none. */
int php_value_parse(const char *text, size_t len, struct php_value *value_r);
/* Takes the next pair of an array that php_value_parse has read. Begin with *at = 0. 1, or 0 when
 * there is no other. */
int php_value_next(const struct php_value *array, size_t *at, struct php_value *key_r,
		   struct php_value *value_r);
/* The value that an array has for a string key: 1, or 0 when it is no array or has no such key. */
int php_value_get(const struct php_value *array, const char *key, struct php_value *value_r);
/* Whether PHP takes it for true. */
int php_value_is_true(const struct php_value *value);

#endif
