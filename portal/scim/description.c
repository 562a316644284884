/* description.c - what SCIM says of itself (RFC 7643 5 to 7). */
#include "portal/scim/resource.h"
#include "portal/scim/attribute.h"
#include "portal/scim/handlers.h"

int get_scim_config(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *json =
		json_pack("{s:[s], s:{s:b}, s:{s:b, s:i, s:i}, s:{s:b, s:i}, s:{s:b}, s:{s:b}, "
			  "s:{s:b}, "
			  "s:[{s:s, s:s, s:s, s:b}], s:o}",
			  "schemas", "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
			  "patch", "supported", 1, "bulk", "supported", 0, "maxOperations", 0,
			  "maxPayloadSize", 0, "filter", "supported", 1, "maxResults",
			  SCIM_PAGE_MOST, "changePassword", "supported", 0, "sort", "supported", 0,
			  "etag", "supported", 1, "authenticationSchemes", "type",
			  "oauthbearertoken", "name", "API key", "description",
			  "A key of postlatch api-key add, as a bearer token (RFC 6750).",
			  "primary", 1, "meta",
			  scim_meta(request, "ServiceProviderConfig", "/ServiceProviderConfig"));

	(void)err;
	return respond_json(response, 200, json);
}

static json_t *resource_type_json(const struct request *request)
{
	return json_pack("{s:[s], s:s, s:s, s:s, s:s, s:s, s:o}", "schemas",
			 "urn:ietf:params:scim:schemas:core:2.0:ResourceType", "id", "User", "name",
			 "User", "description", "Members", "endpoint", "/Users", "schema",
			 SCIM_USER_SCHEMA, "meta",
			 scim_meta(request, "ResourceType", "/ResourceTypes/User"));
}

int get_scim_resource_type(struct request *request, struct response *response, struct pl_error *err)
{
	(void)err;
	return respond_json(response, 200, resource_type_json(request));
}

int get_scim_resource_types(struct request *request, struct response *response,
			    struct pl_error *err)
{
	(void)err;
	return scim_answer_list(response, json_pack("[o]", resource_type_json(request)), 1, 1);
}

/* id, meta and schemas are every resource's (RFC 7643 3.1) and not in a schema. */
static const struct described {
	const char *name, *type, *mutability, *uniqueness, *text;
	int required, case_exact;
} attributes[] = {
	{ "userName", "string", "immutable", "server", "The address of the member.", 1, 0 },
	{ "externalId", "string", "readWrite", "none", "What the identity provider calls it.", 0,
	  1 },
	{ "active", "boolean", "readWrite", "none", "Whether the member may sign in.", 0, 0 },
};
static const struct described email_parts[] = {
	{ "value", "string", "readOnly", "none", "The address of the member.", 0, 0 },
	{ "type", "string", "readOnly", "none", "Always work.", 0, 0 },
	{ "primary", "boolean", "readOnly", "none", "Always true.", 0, 0 },
};

static json_t *attribute_json(const struct described *described)
{
	return json_pack("{s:s, s:s, s:b, s:s, s:b, s:b, s:s, s:s, s:s}", "name", described->name,
			 "type", described->type, "multiValued", 0, "description", described->text,
			 "required", described->required, "caseExact", described->case_exact,
			 "mutability", described->mutability, "returned", "default", "uniqueness",
			 described->uniqueness);
}

static json_t *attributes_json(const struct described *list, size_t count)
{
	json_t *json = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(json, attribute_json(&list[i]));
	return json;
}

static json_t *emails_json(void)
{
	static const struct described emails = {
		"emails", "complex", "readOnly", "none", "The address of the member.", 0, 0
	};
	json_t *json = attribute_json(&emails);

	json_object_set_new(json, "multiValued", json_true());
	json_object_set_new(json, "subAttributes", attributes_json(email_parts, 3));
	return json;
}

static json_t *schema_json(const struct request *request)
{
	json_t *json = attributes_json(attributes, sizeof(attributes) / sizeof(attributes[0]));

	json_array_append_new(json, emails_json());
	return json_pack("{s:[s], s:s, s:s, s:s, s:o, s:o}", "schemas",
			 "urn:ietf:params:scim:schemas:core:2.0:Schema", "id", SCIM_USER_SCHEMA,
			 "name", "User", "description", "Members", "attributes", json, "meta",
			 scim_meta(request, "Schema", "/Schemas/" SCIM_USER_SCHEMA));
}

int get_scim_schema(struct request *request, struct response *response, struct pl_error *err)
{
	(void)err;
	return respond_json(response, 200, schema_json(request));
}

int get_scim_schemas(struct request *request, struct response *response, struct pl_error *err)
{
	(void)err;
	return scim_answer_list(response, json_pack("[o]", schema_json(request)), 1, 1);
}
