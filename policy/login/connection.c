/* connection.c - see connection.h. */
#include "policy/login/connection.h"

#include <stdio.h>

char *pl_connection_of_session(int64_t id, char buf[PL_CONNECTION_NAME])
{
	snprintf(buf, PL_CONNECTION_NAME, "session-%lld", (long long)id);
	return buf;
}

char *pl_connection_of_app_password(int64_t id, char buf[PL_CONNECTION_NAME])
{
	snprintf(buf, PL_CONNECTION_NAME, "app-password-%lld", (long long)id);
	return buf;
}
