/* fields.h - checks what came with a request against the fields of its row. */
#ifndef POSTLATCH_PORTAL_FIELDS_H
#define POSTLATCH_PORTAL_FIELDS_H

#include "portal/http/route.h"

/* Checks a JSON body, an object, and leaves no field in it that the list does not have; with
 * strict, one that the list does not have is wrong. 0, or -1 and the name of the field that is
 * wrong; NULL: it is not in the list, or memory is short. */
int fields_check(const struct route_field *fields, json_t **json, int strict, const char **wrong_r);
/* Checks fields of a query against a list (NULL: empty). With strict, a field that is not in
 * the list or is there twice is wrong; without, only those of the list are looked at. 0, or -1. */
int fields_check_query(const struct route_field *fields, const struct request_field *query,
		       size_t count, int strict);
/* Whether a value of a URL is one of the kind of a field. */
int field_fits(const struct route_field *field, const char *value);

#endif
