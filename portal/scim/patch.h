/* patch.h - the operations of a PATCH (RFC 7644 3.5.2), as one change. */
#ifndef POSTLATCH_PORTAL_SCIM_PATCH_H
#define POSTLATCH_PORTAL_SCIM_PATCH_H

#include "portal/scim/user_change.h"

#define SCIM_OPERATIONS 100 /* of one request */

/* 1; 0 with the problem: then nothing of it is to be done. */
int scim_patch_read(const json_t *json, struct scim_user_change *change_r,
		    struct scim_problem *problem_r);

#endif
