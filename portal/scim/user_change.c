/* user_change.c - see user_change.h. */
#include "portal/scim/user_change.h"

#include <string.h>
#include <strings.h>

#include "portal/http/form.h"

int scim_problem_is(struct scim_problem *problem_r, const char *type, const char *detail)
{
	*problem_r = (struct scim_problem){ type, detail };
	return 0;
}

json_t *scim_get(const json_t *json, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)json, key, value)
	{
		if (strcasecmp(key, name) == 0)
			return value;
	}
	return NULL;
}

int scim_is_of_schema(const json_t *json, const char *schema, struct scim_problem *problem_r)
{
	const json_t *schemas = scim_get(json, "schemas");

	for (size_t i = 0; i < json_array_size(schemas); i++) {
		const char *name = json_string_value(json_array_get(schemas, i));

		if (name != NULL && strcasecmp(name, schema) == 0)
			return 1;
	}
	return scim_problem_is(problem_r, "invalidSyntax",
			       "schemas does not name the schema of the request.");
}

static int set_address(struct scim_user_change *change, const json_t *value,
		       struct scim_problem *problem_r)
{
	change->has_address = 1;
	return json_is_string(value) &&
			       pl_address_parse(json_string_value(value), json_string_length(value),
						NULL, &change->address, NULL) == 0
		       ? 1
		       : scim_problem_is(problem_r, "invalidValue", "userName is not an address.");
}

static int set_external_id(struct scim_user_change *change, const json_t *value,
			   struct scim_problem *problem_r)
{
	const size_t len = json_string_length(value);

	change->has_external_id = 1;
	change->external_id[0] = '\0';
	if (json_is_null(value))
		return 1;
	if (!json_is_string(value) || len > PL_EXTERNAL_ID ||
	    !text_is_clean(json_string_value(value), len))
		return scim_problem_is(problem_r, "invalidValue",
				       "externalId is not a text of up to 255 bytes.");
	memcpy(change->external_id, json_string_value(value), len + 1);
	return 1;
}

/* Entra ID sends words. */
static int set_active(struct scim_user_change *change, const json_t *value,
		      struct scim_problem *problem_r)
{
	const char *word = json_is_string(value) ? json_string_value(value) : "";

	change->has_active = 1;
	change->active = json_is_true(value) || strcasecmp(word, "true") == 0;
	return json_is_boolean(value) || change->active || strcasecmp(word, "false") == 0
		       ? 1
		       : scim_problem_is(problem_r, "invalidValue",
					 "active is neither true nor false.");
}

int scim_user_change_set(struct scim_user_change *change, enum scim_attribute attribute,
			 const json_t *value, struct scim_problem *problem_r)
{
	switch (attribute) {
	case SCIM_USER_NAME:
		return set_address(change, value, problem_r);
	case SCIM_EXTERNAL_ID:
		return set_external_id(change, value, problem_r);
	case SCIM_ACTIVE:
		return set_active(change, value, problem_r);
	case SCIM_ID:
	case SCIM_META:
	case SCIM_NOT_KEPT:
		break;
	}
	return 1;
}

int scim_user_change_read(json_t *json, struct scim_user_change *change_r,
			  struct scim_problem *problem_r)
{
	enum scim_attribute attribute;
	const char *name;
	json_t *value;

	memset(change_r, 0, sizeof(*change_r));
	if (!scim_is_of_schema(json, SCIM_USER_SCHEMA, problem_r))
		return 0;
	json_object_foreach(json, name, value)
	{
		if (scim_attribute_read(name, &attribute) &&
		    !scim_user_change_set(change_r, attribute, value, problem_r))
			return 0;
	}
	return change_r->has_address
		       ? 1
		       : scim_problem_is(problem_r, "invalidValue", "userName is missing.");
}
