/* php_value.c - see php_value.h. */
#include "ctl/import/php_value.h"

#include <string.h>

struct reader {
	const char *at, *end;
};

static int read_value(struct reader *reader, int depth, struct php_value *value_r);

/* A number without a sign, and what ends it. 0 or -1. */
static int read_size(struct reader *reader, char end, size_t *size_r)
{
	size_t digits = 0;

	*size_r = 0;
	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
		if (++digits > 9)
			return -1;
		*size_r = *size_r * 10 + (size_t)(*reader->at++ - '0');
	}
	return digits > 0 && reader->at < reader->end && *reader->at++ == end ? 0 : -1;
}

static int take(struct reader *reader, char c)
{
	return reader->at < reader->end && *reader->at++ == c ? 0 : -1;
}

/* s:5:"bytes"; behind its "s:" */
static int read_string(struct reader *reader, struct php_value *value_r)
{
	size_t len;

	if (read_size(reader, ':', &len) < 0 || take(reader, '"') < 0 ||
	    (size_t)(reader->end - reader->at) < len)
		return -1;
	value_r->text = reader->at;
	value_r->len = len;
	reader->at += len;
	return take(reader, '"') < 0 ? -1 : take(reader, ';');
}

/* a:1:{key value ...} behind its "a:" */
static int read_array(struct reader *reader, int depth, struct php_value *value_r)
{
	struct php_value key, value;

	if (depth == 0 || read_size(reader, ':', &value_r->count) < 0 || take(reader, '{') < 0)
		return -1;
	value_r->text = reader->at;
	for (size_t i = 0; i < value_r->count; i++) {
		if (read_value(reader, 0, &key) < 0 ||
		    (key.type != PHP_INT && key.type != PHP_STRING) ||
		    read_value(reader, depth - 1, &value) < 0)
			return -1;
	}
	value_r->len = (size_t)(reader->at - value_r->text);
	return take(reader, '}');
}

/* Everything else goes up to a semicolon. */
static int read_scalar(struct reader *reader, const char *allowed, struct php_value *value_r)
{
	value_r->text = reader->at;
	while (reader->at < reader->end && *reader->at != ';') {
		if (*reader->at == '\0' || strchr(allowed, *reader->at) == NULL)
			return -1;
		reader->at++;
	}
	value_r->len = (size_t)(reader->at - value_r->text);
	return value_r->len == 0 ? -1 : take(reader, ';');
}

/* depth: how many arrays may be in each other from here on */
static int read_value(struct reader *reader, int depth, struct php_value *value_r)
{
	const char type = reader->end - reader->at >= 2 ? *reader->at : '\0';

	*value_r = (struct php_value){ .type = PHP_NULL };
	if (type == '\0' || reader->at[1] != (type == 'N' ? ';' : ':'))
		return -1;
	reader->at += 2;
	switch (type) {
	case 'N':
		return 0;
	case 'b':
		value_r->type = PHP_BOOL;
		return read_scalar(reader, "01", value_r) < 0 || value_r->len != 1 ? -1 : 0;
	case 'i':
		value_r->type = PHP_INT;
		return read_scalar(reader, "-0123456789", value_r);
	case 'd':
		value_r->type = PHP_DOUBLE;
		return read_scalar(reader, "+-.0123456789EINFAeinfa", value_r);
	case 's':
		value_r->type = PHP_STRING;
		return read_string(reader, value_r);
	case 'a':
		value_r->type = PHP_ARRAY;
		return read_array(reader, depth, value_r);
	}
	return -1;
}

int php_value_parse(const char *text, size_t len, struct php_value *value_r)
{
	struct reader reader = { .at = text, .end = text + len };

	return read_value(&reader, PHP_VALUE_DEPTH, value_r) == 0 && reader.at == reader.end ? 0
											     : -1;
}

int php_value_next(const struct php_value *array, size_t *at, struct php_value *key_r,
		   struct php_value *value_r)
{
	struct reader reader = { .at = array->text + *at, .end = array->text + array->len };

	if (reader.at == reader.end || read_value(&reader, 0, key_r) < 0 ||
	    read_value(&reader, PHP_VALUE_DEPTH, value_r) < 0)
		return 0;
	*at = (size_t)(reader.at - array->text);
	return 1;
}

int php_value_get(const struct php_value *array, const char *key, struct php_value *value_r)
{
	struct php_value name;
	size_t at = 0;

	if (array->type != PHP_ARRAY)
		return 0;
	while (php_value_next(array, &at, &name, value_r)) {
		if (name.type == PHP_STRING && name.len == strlen(key) &&
		    memcmp(name.text, key, name.len) == 0)
			return 1;
	}
	return 0;
}

int php_value_is_true(const struct php_value *value)
{
	switch (value->type) {
	case PHP_NULL:
		return 0;
	case PHP_BOOL:
	case PHP_INT:
	case PHP_DOUBLE:
	case PHP_STRING:
		return value->len > 1 || (value->len == 1 && *value->text != '0');
	case PHP_ARRAY:
		return value->count > 0;
	}
	return 0;
}
