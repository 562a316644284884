/* user_change.h - what a request of SCIM says of a user. */
#ifndef POSTLATCH_PORTAL_SCIM_USER_CHANGE_H
#define POSTLATCH_PORTAL_SCIM_USER_CHANGE_H

#include <jansson.h>

#include "policy/admin/user.h"
#include "portal/scim/attribute.h"

struct scim_user_change {
	int has_address, has_external_id, has_active;
	struct pl_address address;            /* userName */
	char external_id[PL_EXTERNAL_ID + 1]; /* "": none any more */
	int active;
};

/* Why a request cannot be understood; both are static. */
struct scim_problem {
	const char *type; /* of RFC 7644 table 9 */
	const char *detail;
};

/* Returns 0 with the problem. */
int scim_problem_is(struct scim_problem *problem_r, const char *type, const char *detail);
/* Whether the body is one of that schema: 1; 0 with the problem. */
int scim_is_of_schema(const json_t *json, const char *schema, struct scim_problem *problem_r);
/* The attribute of an object, whose name may be written in any case; NULL: there is none. */
json_t *scim_get(const json_t *json, const char *name);

/* Takes the value of one attribute; those that are not kept are ignored.
 * 1; 0 with the problem. */
int scim_user_change_set(struct scim_user_change *change, enum scim_attribute attribute,
			 const json_t *value, struct scim_problem *problem_r);
/* Reads a whole user, as POST and PUT have it: 1; 0 with the problem. */
int scim_user_change_read(json_t *json, struct scim_user_change *change_r,
			  struct scim_problem *problem_r);

#endif
