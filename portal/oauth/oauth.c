/* oauth.c - see oauth.h. */
#include "portal/oauth/oauth.h"

#include <string.h>

#include "portal/http/route.h"

const struct request_field *oauth_parameters(const struct request *request, size_t *count_r)
{
	const int is_form = request->route->body == BODY_FORM;

	*count_r = is_form ? request->form_count : request->query_count;
	return is_form ? request->form : request->query;
}

const char *oauth_parameter(const struct request *request, const char *name)
{
	size_t count;
	const struct request_field *fields = oauth_parameters(request, &count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) == 0)
			return fields[i].value[0] == '\0' ? NULL : fields[i].value;
	}
	return NULL;
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

void oauth_kick(const struct request *request, const struct pl_address *address)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_error err = { 0 };

	if (kick_member(request, pl_address_format(address, text), &err) < 0)
		daemon_log_trouble(&err);
}

int oauth_end_session(struct request *request, const struct pl_session *session,
		      struct pl_error *err)
{
	int ended = pl_store_begin_write(request->store, err);

	if (ended == 0)
		ended = pl_session_revoke(request->store, &request->actor, &session->address,
					  session->id, 0, err);
	if (ended < 0 || pl_store_commit(request->store, err) < 0)
		return -1;
	if (ended == 1)
		oauth_kick(request, &session->address);
	return 0;
}
