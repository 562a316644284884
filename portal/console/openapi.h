/* openapi.h - the administrators' API as an OpenAPI document (OpenAPI 3.1), from the tables of
 * routes and of answers. */
#ifndef POSTLATCH_PORTAL_CONSOLE_OPENAPI_H
#define POSTLATCH_PORTAL_CONSOLE_OPENAPI_H

#include <stdio.h>

#include "portal/http/route.h"

/* Prints the routes of CALLER_CONSOLE. 0, or -1: memory is short. */
int openapi_print(const struct route *routes, FILE *out);

#endif
