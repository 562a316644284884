/* filter.h - which users a list has (RFC 7644 3.4.2.2): one attribute, compared with eq. */
#ifndef POSTLATCH_PORTAL_SCIM_FILTER_H
#define POSTLATCH_PORTAL_SCIM_FILTER_H

#include "portal/scim/attribute.h"

#define SCIM_FILTER 512 /* bytes of one */
#define SCIM_NUMBER 20  /* bytes of startIndex and of count */

struct scim_filter {
	enum scim_attribute attribute; /* SCIM_ID, SCIM_USER_NAME, SCIM_EXTERNAL_ID, SCIM_ACTIVE */
	char value[SCIM_FILTER + 1];   /* not of active */
	int active;
};

/* 1, or 0 when it is none of those. */
int scim_filter_parse(const char *text, struct scim_filter *filter_r);

#endif
