/* profile_page.h - the pages that people see when they have opened the link of a profile. */
#ifndef POSTLATCH_PORTAL_SETUP_PROFILE_PAGE_H
#define POSTLATCH_PORTAL_SETUP_PROFILE_PAGE_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* What to do, and the way to the profile at path, which needs no escaping. Returns 0. */
int respond_profile_page(const struct request *request, struct response *response,
			 const char *path);
/* The link was used, its time is over, or it is none. Returns 0. */
int respond_profile_gone(const struct request *request, struct response *response);

#endif
