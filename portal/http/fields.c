/* fields.c - see fields.h. */
#include "portal/http/fields.h"

#include <stdlib.h>
#include <string.h>

#include "policy/base/utf8.h"
#include "portal/http/form.h"

#define CODE_DIGITS 6

/* A string of 1 to limit bytes without control characters; NULL: it is none. */
static const char *clean_text(const json_t *value, size_t limit)
{
	const char *text = json_string_value(value);
	size_t len = text == NULL ? 0 : json_string_length(value);

	return len > 0 && len <= limit && text_is_clean(text, len) ? text : NULL;
}

static json_t *check_line(const json_t *value, size_t limit)
{
	const char *text = clean_text(value, limit);

	return text == NULL ? NULL : json_string(text);
}

static json_t *check_text(const json_t *value, size_t limit)
{
	return json_is_string(value) && json_string_length(value) == 0 ? json_string("")
								       : check_line(value, limit);
}

/* "123 456" becomes "123456", with any white space of Unicode. */
static json_t *check_code(const json_t *value)
{
	const char *text = clean_text(value, 2 * CODE_DIGITS);
	char digits[CODE_DIGITS + 1];
	size_t count = 0;

	for (; text != NULL && *text != '\0'; text++) {
		size_t space = pl_space_at((const unsigned char *)text, strlen(text));

		if (space > 0) {
			text += space - 1;
			continue;
		}
		if (*text < '0' || *text > '9' || count == CODE_DIGITS)
			return NULL;
		digits[count++] = *text;
	}
	digits[count] = '\0';
	return count == CODE_DIGITS ? json_string(digits) : NULL;
}

static int is_id(json_int_t id, size_t limit)
{
	return id > 0 && (limit == 0 || (size_t)id <= limit);
}

static json_t *check_id(json_t *value, size_t limit)
{
	return json_is_integer(value) && is_id(json_integer_value(value), limit)
		       ? json_incref(value)
		       : NULL;
}

static int is_word(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz-_")] == '\0';
}

static json_t *check_word(const json_t *value, size_t limit)
{
	const char *text = clean_text(value, limit);

	return text != NULL && is_word(text) ? json_string(text) : NULL;
}

static json_t *check_label(const json_t *value, size_t limit)
{
	const char *text = json_string_value(value);

	return text != NULL && strlen(text) == json_string_length(value) && pl_is_label(text, limit)
		       ? json_string(text)
		       : NULL;
}

static json_t *check_names(const json_t *value, size_t limit)
{
	json_t *names;

	if (!json_is_array(value) || json_array_size(value) > limit)
		return NULL;
	names = json_array();
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (json_array_append_new(names, check_line(json_array_get(value, i),
							    PL_DOMAIN_MAX)) < 0) {
			json_decref(names);
			return NULL;
		}
	}
	return names;
}

static json_t *check_lines(const json_t *value, size_t limit)
{
	const size_t count = json_array_size(value);
	json_t *lines;

	if (count == 0 || count > limit)
		return NULL;
	lines = json_array();
	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(lines, check_line(json_array_get(value, i),
							    FIELD_LINES_BYTES)) < 0) {
			json_decref(lines);
			return NULL;
		}
	}
	return lines;
}

static int is_pair(const char *name, const json_t *value)
{
	const char *text = json_string_value(value);

	return name[0] != '\0' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0' &&
	       text != NULL && json_string_length(value) <= FIELD_LINES_BYTES &&
	       text_is_clean(text, json_string_length(value));
}

static json_t *check_pairs(json_t *value, size_t limit)
{
	const char *name;
	json_t *text;

	if (!json_is_object(value) || json_object_size(value) > limit)
		return NULL;
	json_object_foreach(value, name, text)
	{
		if (!is_pair(name, text))
			return NULL;
	}
	return json_incref(value);
}

/* The value as a handler may have it, or NULL. */
static json_t *check(const struct route_field *field, json_t *value)
{
	switch (field->kind) {
	case FIELD_LINE:
		return check_line(value, field->limit);
	case FIELD_TEXT:
		return check_text(value, field->limit);
	case FIELD_SECRET:
		return check_line(value, PL_SECRET_MAX);
	case FIELD_CODE:
		return check_code(value);
	case FIELD_ID:
		return check_id(value, field->limit);
	case FIELD_FLAG:
		return json_is_boolean(value) ? json_incref(value) : NULL;
	case FIELD_WORD:
		return check_word(value, field->limit);
	case FIELD_LABEL:
		return check_label(value, field->limit);
	case FIELD_NAMES:
		return check_names(value, field->limit);
	case FIELD_LINES:
		return check_lines(value, field->limit);
	case FIELD_PAIRS:
		return check_pairs(value, field->limit);
	}
	return NULL;
}

static int is_known(const struct route_field *fields, const char *name)
{
	for (; fields != NULL && fields->name != NULL; fields++) {
		if (strcmp(fields->name, name) == 0)
			return 1;
	}
	return 0;
}

static int has_unknown(const struct route_field *fields, json_t *json)
{
	const char *name;
	json_t *value;

	json_object_foreach(json, name, value)
	{
		if (!is_known(fields, name))
			return 1;
	}
	return 0;
}

int fields_check(const struct route_field *fields, json_t **json, int strict, const char **wrong_r)
{
	json_t *checked = json_object();
	int ret = checked == NULL ? -1 : 0;

	*wrong_r = NULL;
	if (strict && has_unknown(fields, *json))
		ret = -1;
	for (const struct route_field *field = fields;
	     ret == 0 && field != NULL && field->name != NULL; field++) {
		json_t *value = json_object_get(*json, field->name);

		if (value == NULL)
			ret = field->required ? -1 : 0;
		else
			ret = json_object_set_new(checked, field->name, check(field, value));
		if (ret < 0)
			*wrong_r = field->name;
	}
	if (ret < 0) {
		json_decref(checked);
		return -1;
	}
	json_decref(*json);
	*json = checked;
	return 0;
}

/* Decimal digits without a zero in front, so that each number has one way to be written. */
static int is_id_text(const char *text, size_t limit)
{
	const size_t len = strlen(text);

	if (len == 0 || len > 19 || text[0] == '0' || text[strspn(text, "0123456789")] != '\0')
		return 0;
	return len < 19 || strcmp(text, "9223372036854775807") <= 0
		       ? is_id(strtoll(text, NULL, 10), limit)
		       : 0;
}

int field_fits(const struct route_field *field, const char *value)
{
	const size_t len = strlen(value);

	switch (field->kind) {
	case FIELD_LINE:
		return len > 0 && len <= field->limit && text_is_clean(value, len);
	case FIELD_TEXT:
		return len <= field->limit && text_is_clean(value, len);
	case FIELD_SECRET:
	case FIELD_CODE:
	case FIELD_LABEL:
	case FIELD_LINES:
	case FIELD_PAIRS:
		return 0; /* URLs are logged */
	case FIELD_NAMES:
		return 0; /* a body has it */
	case FIELD_ID:
		return is_id_text(value, field->limit);
	case FIELD_FLAG:
		return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
	case FIELD_WORD:
		return len <= field->limit && is_word(value);
	}
	return 0;
}

int fields_check_query(const struct route_field *fields, const struct request_field *query,
		       size_t count, int strict)
{
	size_t known = 0;

	for (const struct route_field *field = fields; field != NULL && field->name != NULL;
	     field++) {
		size_t found = 0;

		for (size_t i = 0; i < count; i++) {
			if (strcmp(query[i].name, field->name) != 0)
				continue;
			found++;
			if (!field_fits(field, query[i].value))
				return -1;
		}
		if (found > 1 || (found == 0 && field->required))
			return -1;
		known += found;
	}
	return strict && known != count ? -1 : 0;
}
