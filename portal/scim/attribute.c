/* attribute.c - see attribute.h. */
#include "portal/scim/attribute.h"

#include <string.h>
#include <strings.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define OF_NAMES LETTERS "0123456789-_"

static const struct {
	const char *name;
	enum scim_attribute attribute;
} kept[] = {
	{ "id", SCIM_ID },
	{ "meta", SCIM_META },
	{ "userName", SCIM_USER_NAME },
	{ "externalId", SCIM_EXTERNAL_ID },
	{ "active", SCIM_ACTIVE },
};

static enum scim_attribute find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (strlen(kept[i].name) == len && strncasecmp(kept[i].name, name, len) == 0)
			return kept[i].attribute;
	}
	return SCIM_NOT_KEPT;
}

/* Behind the schema in front of a name; *own_r: it is that of users. */
static const char *skip_schema(const char *path, int *own_r)
{
	const size_t own = strlen(SCIM_USER_SCHEMA ":"), len = strcspn(path, "[");
	const char *name = path;

	*own_r = 1;
	if (strncasecmp(path, SCIM_USER_SCHEMA ":", own) == 0)
		return path + own;
	if (strncasecmp(path, "urn:", 4) != 0)
		return path;
	*own_r = 0;
	for (size_t i = 0; i < len && strchr(OF_NAMES ":.", path[i]) != NULL; i++) {
		if (path[i] == ':')
			name = path + i + 1;
	}
	return name;
}

static size_t name_len(const char *name)
{
	return name[0] != '$' && strchr(LETTERS, name[0]) == NULL ? 0
								  : 1 + strspn(name + 1, OF_NAMES);
}

/* Behind [ and ], in which strings may have them as well; NULL: there is no end. */
static const char *skip_brackets(const char *rest)
{
	int in_string = 0;

	for (; *rest != '\0'; rest++) {
		if (*rest == '"')
			in_string = !in_string;
		else if (*rest == '\\' && in_string && rest[1] != '\0')
			rest++;
		else if (*rest == ']' && !in_string)
			return rest + 1;
	}
	return NULL;
}

int scim_attribute_read(const char *path, enum scim_attribute *attribute_r)
{
	int is_own;
	const char *name = skip_schema(path, &is_own), *rest;
	const size_t len = name[0] == '\0' ? 0 : name_len(name);

	if (len == 0)
		return 0;
	*attribute_r = is_own ? find(name, len) : SCIM_NOT_KEPT;
	rest = name + len;
	if (*rest == '\0')
		return 1;
	if (*attribute_r != SCIM_NOT_KEPT && *attribute_r != SCIM_META)
		return 0;
	if (*rest == '[')
		rest = skip_brackets(rest);
	if (rest != NULL && *rest == '.' && rest[1] != '\0' && name_len(rest + 1) > 0)
		rest += 1 + name_len(rest + 1);
	return rest != NULL && *rest == '\0';
}
