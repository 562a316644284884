/* guards.c - see guards.h. */
#include "portal/download/guards.h"

int guard_anonymous(struct request *request, struct response *response, struct pl_error *err)
{
	(void)request;
	(void)response;
	(void)err;
	return 1;
}
