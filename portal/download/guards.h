/* guards.h - who may have the pages of files; see portal/guards.def. */
#ifndef POSTLATCH_PORTAL_DOWNLOAD_GUARDS_H
#define POSTLATCH_PORTAL_DOWNLOAD_GUARDS_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Reads nothing that tells who sends the request: what the path names is all that counts. 1. */
int guard_anonymous(struct request *request, struct response *response, struct pl_error *err);

#endif
