/* version.h - the version of the schema that the programs know.
 *
 * It stands below the store, which refuses a database of another version, and below
 * schema.c, whose migrations make this version.
 */
#ifndef POSTLATCH_VERSION_H
#define POSTLATCH_VERSION_H

#include <stdint.h>
#include "policy/base/error.h"

/* The number of migrations in schema.c, which asserts that it is so. */
#define PL_SCHEMA_VERSION 54
/* That of the outbox, whose key is made with it. */
#define PL_SCHEMA_VERSION_OUTBOX 22

/* 0 when a database of this version can be used; else PL_ERR_CONFIG, and the error says
 * which of the two has to be updated. */
int pl_version_check(int64_t version, struct pl_error *err);

/* To be called with the error of a version that could not be read: where the table of
 * versions is missing, err becomes PL_ERR_CONFIG and says so. Returns -1. */
int pl_version_unreadable(struct pl_error *err);

#endif
