/* patch.c - see patch.h. Each operation overrides those before it. */
#include "portal/scim/patch.h"

#include <string.h>
#include <strings.h>

#define PATCH_SCHEMA "urn:ietf:params:scim:api:messages:2.0:PatchOp"

/* Reads the name of an attribute that an operation may change: 1; 0 with the problem. */
static int read_path(const char *path, enum scim_attribute *attribute_r,
		     struct scim_problem *problem_r)
{
	if (!scim_attribute_read(path, attribute_r))
		return scim_problem_is(problem_r, "invalidPath",
				       "A path does not name an attribute.");
	if (*attribute_r == SCIM_ID || *attribute_r == SCIM_META)
		return scim_problem_is(problem_r, "mutability", "id and meta do not change.");
	return 1;
}

/* Without a path, the value has the attributes. */
static int set_all(struct scim_user_change *change, json_t *values, struct scim_problem *problem_r)
{
	enum scim_attribute attribute;
	const char *name;
	json_t *value;

	if (!json_is_object(values))
		return scim_problem_is(problem_r, "invalidValue",
				       "An operation without a path has no object as its value.");
	json_object_foreach(values, name, value)
	{
		if (!read_path(name, &attribute, problem_r) ||
		    !scim_user_change_set(change, attribute, value, problem_r))
			return 0;
	}
	return 1;
}

static int set_one(struct scim_user_change *change, const char *path, const json_t *value,
		   struct scim_problem *problem_r)
{
	enum scim_attribute attribute;

	if (!read_path(path, &attribute, problem_r))
		return 0;
	if (value == NULL)
		return scim_problem_is(problem_r, "invalidValue", "An operation has no value.");
	return scim_user_change_set(change, attribute, value, problem_r);
}

static int remove_one(struct scim_user_change *change, const char *path,
		      struct scim_problem *problem_r)
{
	enum scim_attribute attribute;

	if (path == NULL)
		return scim_problem_is(problem_r, "noTarget", "A remove operation has no path.");
	if (!read_path(path, &attribute, problem_r))
		return 0;
	if (attribute == SCIM_USER_NAME || attribute == SCIM_ACTIVE)
		return scim_problem_is(problem_r, "mutability",
				       "userName and active cannot be removed.");
	if (attribute == SCIM_EXTERNAL_ID) {
		change->has_external_id = 1;
		change->external_id[0] = '\0';
	}
	return 1;
}

static int read_operation(const json_t *operation, struct scim_user_change *change,
			  struct scim_problem *problem_r)
{
	const char *op = json_string_value(scim_get(operation, "op"));
	const json_t *path_json = scim_get(operation, "path");
	const char *path = json_string_value(path_json);
	json_t *value = scim_get(operation, "value");

	if (path_json != NULL && path == NULL)
		return scim_problem_is(problem_r, "invalidPath", "A path is not a text.");
	if (op != NULL && strcasecmp(op, "remove") == 0)
		return remove_one(change, path, problem_r);
	if (op == NULL || (strcasecmp(op, "add") != 0 && strcasecmp(op, "replace") != 0))
		return scim_problem_is(problem_r, "invalidSyntax",
				       "An operation is none of add, replace and remove.");
	return path == NULL ? set_all(change, value, problem_r)
			    : set_one(change, path, value, problem_r);
}

int scim_patch_read(const json_t *json, struct scim_user_change *change_r,
		    struct scim_problem *problem_r)
{
	const json_t *operations = scim_get(json, "Operations");
	const size_t count = json_array_size(operations);

	memset(change_r, 0, sizeof(*change_r));
	if (!scim_is_of_schema(json, PATCH_SCHEMA, problem_r))
		return 0;
	if (count == 0 || count > SCIM_OPERATIONS)
		return scim_problem_is(problem_r, "invalidSyntax",
				       "Operations is not a list of 1 to 100 operations.");
	for (size_t i = 0; i < count; i++) {
		if (!read_operation(json_array_get(operations, i), change_r, problem_r))
			return 0;
	}
	return 1;
}
