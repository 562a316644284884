/* oauth.c - see oauth.h. */
#include "portal/oauth/oauth.h"

#include "portal/http/route.h"

const struct request_field *oauth_parameters(const struct request *request, size_t *count_r)
{
	const int is_form = request->route->body == BODY_FORM;

	*count_r = is_form ? request->form_count : request->query_count;
	return is_form ? request->form : request->query;
}

const char *oauth_parameter(const struct request *request, const char *name)
{
	const char *value = request->route->body == BODY_FORM ? request_form(request, name)
							      : request_query(request, name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

int oauth_error(struct response *response, int status, const char *code, const char *text)
{
	return respond_json(response, status,
			    json_pack("{s:s, s:s}", "error", code, "error_description", text));
}

json_t *oauth_endpoint(const struct request *request, const char *path)
{
	return json_sprintf("%s%s", request->policy->portal_url, path);
}
