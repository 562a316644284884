/* fresh_database.h - an empty database for each test.
 *
 * Its tables take longer to make than to copy, so that a program makes them once.
 */
#ifndef POSTLATCH_TEST_FRESH_DATABASE_H
#define POSTLATCH_TEST_FRESH_DATABASE_H

#include "policy/base/error.h"

/* Makes a database without rows at uri; db is the same for sql.h. One in a file must not be there yet; one on a server
 * loses what it holds. 0 or -1. */
int fresh_database(const char *uri, const char *db, struct pl_error *err);

#endif
