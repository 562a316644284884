/* routes.h - the table of routes and the kinds of access, put together from all rooms. */
#ifndef POSTLATCH_PORTAL_ROUTES_H
#define POSTLATCH_PORTAL_ROUTES_H

#include <stdio.h>

#include "portal/http/route.h"

/* Ended by a row without a method. */
extern const struct route portal_table[];

/* For tests and the manual: of every route a line
 *
 *	METHOD PATH ACCESS CALLER CSRF ROLE BODY PARAMETERS QUERY FIELDS SITE
 *
 * and its text, indented. Lists are "name:kind:limit,name?:kind", or "-". */
void routes_print(FILE *out);
/* Of every kind of access its name and who may, as items of mdoc(7). */
void guards_print(FILE *out);

#endif
