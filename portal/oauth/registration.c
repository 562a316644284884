/* registration.c - see registration.h. */
#include "portal/oauth/registration.h"

#include <string.h>

#include "policy/session/redirect_uri.h"

#define URIS_MAX 8

static const char invalid_metadata[] = "invalid_client_metadata";
static const char invalid_uri[] = "invalid_redirect_uri";

/* 0, or -1. Without a name members are told that it has none. */
static int read_name(const json_t *metadata, struct pl_oauth_client *client)
{
	const json_t *value = json_object_get(metadata, "client_name");
	const char *name = json_string_value(value);

	client->name[0] = '\0';
	if (value == NULL)
		return 0;
	if (name == NULL || json_string_length(value) != strlen(name) ||
	    strlen(name) >= sizeof(client->name) || !pl_oauth_client_name_ok(name))
		return -1;
	memcpy(client->name, name, strlen(name) + 1);
	return 0;
}

/* Joins them with spaces, which no URI has. */
static int read_uris(const json_t *list, struct pl_oauth_client *client)
{
	const size_t count = json_array_size(list);
	size_t used = 0;

	client->redirect_uris[0] = '\0';
	if (count == 0 || count > URIS_MAX)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_array_get(list, i);
		const char *uri = json_string_value(value);
		const size_t len = json_string_length(value);

		if (uri == NULL || len != strlen(uri) || !pl_redirect_uri_is_native(uri) ||
		    used + len + 2 > sizeof(client->redirect_uris))
			return -1;
		if (i > 0)
			client->redirect_uris[used++] = ' ';
		memcpy(client->redirect_uris + used, uri, len + 1);
		used += len;
	}
	return 0;
}

/* Whether a list of words is left out or has none but one or other. */
static int has_only(const json_t *metadata, const char *name, const char *one, const char *other)
{
	const json_t *list = json_object_get(metadata, name);

	if (list == NULL)
		return 1;
	if (json_array_size(list) == 0)
		return 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));

		if (word == NULL || (strcmp(word, one) != 0 && strcmp(word, other) != 0))
			return 0;
	}
	return 1;
}

static int is_left_out_or(const json_t *metadata, const char *name, const char *word)
{
	const json_t *value = json_object_get(metadata, name);
	const char *text = json_string_value(value);

	return value == NULL || (text != NULL && strcmp(text, word) == 0);
}

const char *registration_read(const json_t *metadata, struct pl_oauth_client *client,
			      const char **text_r)
{
	memset(client, 0, sizeof(*client));
	*text_r = "client_name must have up to 64 characters, none of them invisible";
	if (read_name(metadata, client) < 0)
		return invalid_metadata;
	*text_r = "token_endpoint_auth_method must be none: programs have no secret here";
	if (!is_left_out_or(metadata, "token_endpoint_auth_method", "none"))
		return invalid_metadata;
	*text_r = "application_type must be native";
	if (!is_left_out_or(metadata, "application_type", "native"))
		return invalid_metadata;
	*text_r = "grant_types may have authorization_code and refresh_token";
	if (!has_only(metadata, "grant_types", "authorization_code", "refresh_token"))
		return invalid_metadata;
	*text_r = "response_types must be code";
	if (!has_only(metadata, "response_types", "code", "code"))
		return invalid_metadata;
	*text_r = "redirect_uris must have 1 to 8 of http://127.0.0.1/..., http://[::1]/..., or "
		  "with a "
		  "scheme of the program such as com.example.app:/...";
	return read_uris(json_object_get(metadata, "redirect_uris"), client) < 0 ? invalid_uri
										 : NULL;
}
