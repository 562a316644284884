/* fields.c - checks a JSON body against the fields of its route. */
#include <string.h>

#include "portal/http/form.h"
#include "portal/http/route.h"

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

/* "123 456" becomes "123456". */
static json_t *check_code(const json_t *value)
{
	const char *text = clean_text(value, 2 * CODE_DIGITS);
	char digits[CODE_DIGITS + 1];
	size_t count = 0;

	for (; text != NULL && *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		if (*text < '0' || *text > '9' || count == CODE_DIGITS)
			return NULL;
		digits[count++] = *text;
	}
	digits[count] = '\0';
	return count == CODE_DIGITS ? json_string(digits) : NULL;
}

static json_t *check_id(json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) > 0 ? json_incref(value) : NULL;
}

static json_t *check_word(const json_t *value, size_t limit)
{
	const char *text = clean_text(value, limit);

	if (text == NULL || text[strspn(text, "abcdefghijklmnopqrstuvwxyz-_")] != '\0')
		return NULL;
	return json_string(text);
}

/* The value as a handler may have it, or NULL. */
static json_t *check(const struct route_field *field, json_t *value)
{
	switch (field->kind) {
	case FIELD_LINE:
		return check_line(value, field->limit);
	case FIELD_SECRET:
		return check_line(value, PL_SECRET_MAX);
	case FIELD_CODE:
		return check_code(value);
	case FIELD_ID:
		return check_id(value);
	case FIELD_FLAG:
		return json_is_boolean(value) ? json_incref(value) : NULL;
	case FIELD_WORD:
		return check_word(value, field->limit);
	}
	return NULL;
}

int fields_check(const struct route_field *fields, json_t **json)
{
	json_t *checked = json_object();
	int ret = checked == NULL ? -1 : 0;

	for (const struct route_field *field = fields; ret == 0 && field->name != NULL; field++) {
		json_t *value = json_object_get(*json, field->name);

		if (value == NULL)
			ret = field->required ? -1 : 0;
		else
			ret = json_object_set_new(checked, field->name, check(field, value));
	}
	if (ret < 0) {
		json_decref(checked);
		return -1;
	}
	json_decref(*json);
	*json = checked;
	return 0;
}
