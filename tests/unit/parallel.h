/* parallel.h - the same attempt by several processes at the same moment. */
#ifndef POSTLATCH_TEST_PARALLEL_H
#define POSTLATCH_TEST_PARALLEL_H

#include "tests/unit/fixture.h"

#define PROCESSES 8

/* An attempt of one process on a connection of its own. Returns 0 to 100; or -1
 * and err, which is tried again while the database is locked. It must not use
 * cmocka's assertions. */
typedef int attempt_function(struct fixture *fixture, struct pl_store *store, struct pl_error *err);

/* Fills results_r with what each returned. Fails the test when one could not. */
void in_parallel(struct fixture *fixture, attempt_function *attempt, int results_r[PROCESSES]);
/* How many of them are wanted. */
int count_results(const int results[PROCESSES], int wanted);

#endif
