/* scim_answer.c - see scim_answer.h. */
#include "portal/http/scim_answer.h"

#include <stdio.h>
#include <string.h>

int respond_scim_error(struct response *response, int status, const char *scim_type,
		       const char *detail)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", status);
	return respond_json(response, status,
			    json_pack("{s:[s], s:s, s:s*, s:s}", "schemas",
				      "urn:ietf:params:scim:api:messages:2.0:Error", "status", text,
				      "scimType", scim_type, "detail", detail));
}

/* Codes of the portal for which SCIM has a word. */
static const struct {
	const char *code, *scim_type;
} types[] = {
	{ "bad-request", "invalidSyntax" },
	{ "exists", "uniqueness" },
};

static const char *type_of(const char *code)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].code, code) == 0)
			return types[i].scim_type;
	}
	return NULL;
}

void scim_answer_finish(const struct request *request, struct response *response)
{
	json_t *code;

	if (strncmp(request->path, SCIM_BASE "/", strlen(SCIM_BASE "/")) != 0 ||
	    response->json == NULL)
		return;
	code = json_incref(json_object_get(response->json, "error"));
	if (code != NULL)
		respond_scim_error(response, response->status, type_of(json_string_value(code)),
				   json_string_value(code));
	json_decref(code);
	response->type = SCIM_TYPE;
}
