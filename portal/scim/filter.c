/* filter.c - see filter.h. */
#include "portal/scim/filter.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Copies the next word, up to a space, and goes behind the spaces after it. 0: there is none. */
static int take_word(const char **text, char *word_r, size_t size)
{
	const size_t len = strcspn(*text, " ");

	if (len == 0 || len >= size)
		return 0;
	memcpy(word_r, *text, len);
	word_r[len] = '\0';
	*text += len;
	*text += strspn(*text, " ");
	return 1;
}

static int read_value(const json_t *value, struct scim_filter *filter)
{
	if (filter->attribute == SCIM_ACTIVE) {
		filter->active = json_is_true(value);
		return json_is_boolean(value);
	}
	if (!json_is_string(value) || json_string_length(value) > SCIM_FILTER)
		return 0;
	snprintf(filter->value, sizeof(filter->value), "%s", json_string_value(value));
	return 1;
}

int scim_filter_parse(const char *text, struct scim_filter *filter_r)
{
	char name[128], operator[3];
	json_t *value;
	int ret;

	memset(filter_r, 0, sizeof(*filter_r));
	text += strspn(text, " ");
	if (!take_word(&text, name, sizeof(name)) ||
	    !scim_attribute_read(name, &filter_r->attribute) ||
	    filter_r->attribute == SCIM_NOT_KEPT || filter_r->attribute == SCIM_META ||
	    !take_word(&text, operator, sizeof(operator)) || strcasecmp(operator, "eq") != 0)
		return 0;
	/* A value is one of JSON, and nothing comes behind it. */
	value = json_loads(text, JSON_DECODE_ANY, NULL);
	ret = read_value(value, filter_r);
	json_decref(value);
	return ret;
}
