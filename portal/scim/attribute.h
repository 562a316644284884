/* attribute.h - names of a user's attributes, as requests of SCIM have them (RFC 7644 3.10). */
#ifndef POSTLATCH_PORTAL_SCIM_ATTRIBUTE_H
#define POSTLATCH_PORTAL_SCIM_ATTRIBUTE_H

#define SCIM_USER_SCHEMA "urn:ietf:params:scim:schemas:core:2.0:User"

enum scim_attribute {
	SCIM_NOT_KEPT, /* whatever is not kept here */
	SCIM_ID,
	SCIM_META,
	SCIM_USER_NAME,
	SCIM_EXTERNAL_ID,
	SCIM_ACTIVE,
};

/* Reads a name in any case, alone or behind the schema of users, or a path of a PATCH, such as
 * emails[type eq "work"].value. 1; 0 when it is not well formed, or names a part of an attribute
 * that is kept here and has no parts. */
int scim_attribute_read(const char *path, enum scim_attribute *attribute_r);

#endif
