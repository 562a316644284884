/* resource.h - resources as SCIM shows them (RFC 7643). */
#ifndef POSTLATCH_PORTAL_SCIM_RESOURCE_H
#define POSTLATCH_PORTAL_SCIM_RESOURCE_H

#include "policy/admin/user.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

#define SCIM_PAGE_MOST 200 /* resources of one answer */

/* A list from the position start on (1: the first) of total resources; takes the reference. */
int scim_answer_list(struct response *response, json_t *resources, int64_t start, int64_t total);
/* meta, with the address of the resource, which is below /scim/v2; the caller releases it. */
json_t *scim_meta(const struct request *request, const char *type, const char *path);
/* A user with its version; NULL and the error. The caller releases it. */
json_t *scim_user_json(const struct request *request, const struct pl_user *user,
		       struct pl_error *err);
/* Answers with the user and its ETag: 0, or -1. */
int scim_answer_user(const struct request *request, struct response *response, int status,
		     const struct pl_user *user, struct pl_error *err);
/* Whether the request was made with knowledge of the user as it is now, if it says anything about
 * that: 1; 0 and the answer, 412; -1. */
int scim_if_match(const struct request *request, struct response *response,
		  const struct pl_user *user, struct pl_error *err);

#endif
