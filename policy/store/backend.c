/* backend.c - which backend a database has, by its uri. */
#include "policy/store/backend.h"

#include <stdio.h>
#include <string.h>

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

static const struct pl_backend *const backends[] = {
	&pl_backend_sqlite,
#ifdef HAVE_POSTGRESQL
	&pl_backend_postgresql,
#endif
};

const struct pl_backend *pl_backend_find(const char *uri, const char **location_r,
					 struct pl_error *err)
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		size_t len = strlen(backends[i]->scheme);

		if (strncmp(uri, backends[i]->scheme, len) == 0 && uri[len] != '\0') {
			*location_r = uri + len;
			return backends[i];
		}
	}
	/* A password may be in what follows the kind. */
	pl_error_set(err, PL_ERR_CONFIG,
		     "database of kind \"%.*s\": it must be sqlite:PATH"
#ifdef HAVE_POSTGRESQL
		     " or postgresql://USER@HOST/NAME"
#endif
		     ,
		     (int)strcspn(uri, ":/"), uri);
	return NULL;
}

int pl_backend_error(const struct pl_backend *backend, const char *location, struct pl_error *err)
{
	char name[PL_STORE_NAME];

	backend->describe(location, name, sizeof(name));
	return pl_error_prefix(err, "database %s", name);
}

char *pl_store_name(const char *uri, char *buf, size_t size)
{
	const char *location;
	const struct pl_backend *backend = pl_backend_find(uri, &location, NULL);
	char name[PL_STORE_NAME];

	if (backend == NULL) {
		snprintf(buf, size, "?");
		return buf;
	}
	backend->describe(location, name, sizeof(name));
	snprintf(buf, size, "%s%s", backend->scheme, name);
	return buf;
}

int pl_store_error(const char *uri, struct pl_error *err)
{
	const char *location;
	const struct pl_backend *backend = pl_backend_find(uri, &location, NULL);

	return backend == NULL ? -1 : pl_backend_error(backend, location, err);
}

int pl_store_is_remote(const char *uri)
{
	const char *location;
	const struct pl_backend *backend = pl_backend_find(uri, &location, NULL);

	return backend != NULL && backend->pipeline != NULL;
}
