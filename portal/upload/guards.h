/* guards.h - kinds of access of uploads. Values and meaning: struct guard in portal/http/route.h;
 * their names and sentences: portal/guards.def.
 */
#ifndef POSTLATCH_PORTAL_UPLOAD_GUARDS_H
#define POSTLATCH_PORTAL_UPLOAD_GUARDS_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* An access token that webmail holds for a member who has the service; fills token, address and
 * account of the request. */
int guard_webmail(struct request *request, struct response *response, struct pl_error *err);
/* The token of the upload in the path; fills upload, upload_token, address and account. */
int guard_upload(struct request *request, struct response *response, struct pl_error *err);

#endif
