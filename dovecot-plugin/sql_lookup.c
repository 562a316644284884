/* sql_lookup.c - see sql_lookup.h. */
#include "dovecot-plugin/sql_lookup.h"

#include "dovecot-plugin/compat.h"

/* The driver's own, which is the same for all its passdbs. */
static void (*driver_lookup)(struct auth_request *request, lookup_credentials_callback_t *callback);
/* Whose lookup has been begun and has not returned; a failure before the query comes meanwhile. */
static struct auth_request *beginning;

static void answered(enum passdb_result result, const unsigned char *credentials, size_t size,
		     struct auth_request *request)
{
	if (beginning != NULL && (const void *)credentials == beginning)
		auth_request_lookup_credentials_callback(result, uchar_empty_ptr, 0, beginning);
	else
		auth_request_lookup_credentials_callback(result, credentials, size, request);
}

static void lookup(struct auth_request *request, lookup_credentials_callback_t *callback)
{
	struct auth_request *outer = beginning;

	beginning = request;
	driver_lookup(request,
		      callback == auth_request_lookup_credentials_callback ? answered : callback);
	beginning = outer;
}

void sql_lookup_guard(struct passdb_module *module)
{
	if (strcmp(module->iface.name, "sql") != 0 || module->iface.lookup_credentials == lookup ||
	    module->iface.lookup_credentials == NULL)
		return;
	driver_lookup = module->iface.lookup_credentials;
	module->iface.lookup_credentials = lookup;
}
