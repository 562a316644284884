/* problem.h - a page for people whom a program has sent here, when something is wrong. */
#ifndef POSTLATCH_PORTAL_PROBLEM_H
#define POSTLATCH_PORTAL_PROBLEM_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Status 400: what that program asked for cannot be given, and the browser is not
 * sent back, as nobody knows whether it would come to the right place; detail says
 * why, for who set it up. Static, without '<' and '&'. From 500 on: we
 * cannot answer now, and the page tries again by itself. Returns 0. */
int respond_problem(const struct request *request, struct response *response, int status,
		    const char *detail);

#endif
