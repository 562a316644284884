/* sign_in_log.c - see sign_in_log.h. */
#include "portal/signin/sign_in_log.h"

#include <string.h>

#include "daemon/log.h"
#include "policy/base/address.h"

void log_sign_in(const char *ip, const char *address, const char *result)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._+-";
	char name[PL_ADDRESS_MAX + 1];
	size_t len = strnlen(address, PL_ADDRESS_MAX);

	/* What a stranger typed must not look like another field. */
	for (size_t i = 0; i < len; i++)
		name[i] = strchr(plain, address[i]) != NULL ? address[i] : '?';
	name[len] = '\0';
	daemon_log(LOG_INFO, "sign-in address=%s ip=%s result=%s", name, ip, result);
}
