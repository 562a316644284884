/* parallel.c - see parallel.h. */
#include "tests/unit/parallel.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE 60 /* seconds; the machine may be busy */
#define FAILED 101

/* Waits until the parent lets all go at once by closing the pipe. */
static int child(struct fixture *fixture, attempt_function *attempt, int gate)
{
	const time_t deadline = time(NULL) + DEADLINE;
	struct pl_store *store;
	struct pl_error err = { 0 };
	char byte;
	int ret;

	if (pl_store_open(fixture->uri, PL_ROLE_PORTAL, &store, &err) < 0 ||
	    read(gate, &byte, 1) != 0)
		return FAILED;
	do
		ret = attempt(fixture, store, &err);
	while (ret < 0 && err.code == PL_ERR_RETRY && time(NULL) < deadline);
	if (ret < 0)
		fprintf(stderr, "%s\n", err.msg);
	pl_store_close(&store);
	return ret < 0 ? FAILED : ret;
}

void in_parallel(struct fixture *fixture, attempt_function *attempt, int results_r[PROCESSES])
{
	pid_t pids[PROCESSES];
	int gate[2];

	assert_int_equal(pipe(gate), 0);
	fflush(NULL);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			close(gate[1]);
			_exit(child(fixture, attempt, gate[0]));
		}
		assert_true(pids[i] > 0);
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		results_r[i] = WEXITSTATUS(status);
		assert_int_not_equal(results_r[i], FAILED);
	}
}

int count_results(const int results[PROCESSES], int wanted)
{
	int count = 0;

	for (int i = 0; i < PROCESSES; i++)
		count += results[i] == wanted;
	return count;
}
