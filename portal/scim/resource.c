/* resource.c - see resource.h. */
#include "portal/scim/resource.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "portal/console/console_member_answer.h"
#include "portal/http/scim_answer.h"
#include "portal/scim/attribute.h"

#define LOCATION 4096
#define VERSION sizeof(((struct response *)NULL)->etag)

int scim_answer_list(struct response *response, json_t *resources, int64_t start, int64_t total)
{
	return respond_json(response, 200,
			    json_pack("{s:[s], s:I, s:I, s:I, s:o}", "schemas",
				      "urn:ietf:params:scim:api:messages:2.0:ListResponse",
				      "totalResults", (json_int_t)total, "startIndex",
				      (json_int_t)start, "itemsPerPage",
				      (json_int_t)json_array_size(resources), "Resources",
				      resources));
}

static void write_location(const struct request *request, const char *path, char *location_r)
{
	snprintf(location_r, LOCATION, "%s" SCIM_BASE "%s", request->policy->portal_url, path);
}

json_t *scim_meta(const struct request *request, const char *type, const char *path)
{
	char location[LOCATION];

	write_location(request, path, location);
	return json_pack("{s:s, s:s}", "resourceType", type, "location", location);
}

/* What can be changed of a user, as a weak ETag: what else is shown may differ. 0, or -1. */
static int write_version(const struct pl_user *user, char version_r[VERSION], struct pl_error *err)
{
	char state[CONSOLE_MEMBER_STATE + PL_EXTERNAL_ID + 1], etag[VERSION - 2];
	size_t used;

	console_member_state(&user->account.member, state);
	used = strlen(state);
	snprintf(state + used, sizeof(state) - used, " %s", user->external_id);
	if (console_etag_of(state, etag, sizeof(etag), err) < 0)
		return -1;
	snprintf(version_r, VERSION, "W/%s", etag);
	return 0;
}

static void write_path(const struct pl_user *user, char path_r[40])
{
	snprintf(path_r, 40, "/Users/%lld", (long long)user->account.member.id);
}

static json_t *meta_of(const struct request *request, const struct pl_user *user,
		       const char *version)
{
	char path[40], when[32] = "";
	const time_t at = (time_t)user->account.member.created_at;
	struct tm tm;
	json_t *meta;

	write_path(user, path);
	meta = scim_meta(request, "User", path);
	if (gmtime_r(&at, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_object_set_new(meta, "created", json_string(when));
	json_object_set_new(meta, "version", json_string(version));
	return meta;
}

json_t *scim_user_json(const struct request *request, const struct pl_user *user,
		       struct pl_error *err)
{
	const struct pl_member *member = &user->account.member;
	char id[24], address[PL_ADDRESS_MAX + 1], version[VERSION];
	const char *external_id = user->external_id[0] != '\0' ? user->external_id : NULL;

	if (write_version(user, version, err) < 0)
		return NULL;
	snprintf(id, sizeof(id), "%lld", (long long)member->id);
	pl_address_format(&member->address, address);
	return json_pack("{s:[s], s:s, s:s*, s:s, s:b, s:[{s:s, s:s, s:b}], s:o}", "schemas",
			 SCIM_USER_SCHEMA, "id", id, "externalId", external_id, "userName", address,
			 "active", member->active, "emails", "value", address, "type", "work",
			 "primary", 1, "meta", meta_of(request, user, version));
}

int scim_answer_user(const struct request *request, struct response *response, int status,
		     const struct pl_user *user, struct pl_error *err)
{
	json_t *json = scim_user_json(request, user, err);
	char path[40];

	if (json == NULL || write_version(user, response->etag, err) < 0) {
		json_decref(json);
		return -1;
	}
	write_path(user, path);
	if (status == 201)
		write_location(request, path, response->location);
	return respond_json(response, status, json);
}

int scim_if_match(const struct request *request, struct response *response,
		  const struct pl_user *user, struct pl_error *err)
{
	const char *known = request->if_match;
	char version[VERSION];

	if (known == NULL || strcmp(known, "*") == 0)
		return 1;
	if (write_version(user, version, err) < 0)
		return -1;
	return strcmp(known, version) == 0
		       ? 1
		       : respond_scim_error(response, 412, NULL, "The user was changed meanwhile.");
}
