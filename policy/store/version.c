/* version.c - see version.h. */
#include "policy/store/version.h"

#include <stddef.h>

int pl_version_check(int64_t version, struct pl_error *err)
{
	if (version < PL_SCHEMA_VERSION)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "the database has version %lld and this program needs %d: "
				    "run `postlatch db migrate`",
				    (long long)version, PL_SCHEMA_VERSION);
	if (version > PL_SCHEMA_VERSION)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "the database has version %lld and this program knows only %d: "
				    "update this program",
				    (long long)version, PL_SCHEMA_VERSION);
	return 0;
}

int pl_version_unreadable(struct pl_error *err)
{
	if (err == NULL || err->code != PL_ERR_INTERNAL)
		return -1;
	err->code = PL_ERR_CONFIG;
	return pl_error_prefix(err, "not a database of Postlatch");
}
