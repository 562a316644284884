/* test_write_queue.c - threads that write take turns. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <unistd.h>

#include "policy/store/write_queue.h"

#define LONG_MS 60000
#define THREADS 40
#define ROUNDS 200

/* A counter that only its holder may touch: two at once would lose some. */
struct shared {
	struct pl_write_queue *queue;
	long count;
	int failed;
};

static void *count_up(void *context)
{
	struct shared *shared = context;

	for (int i = 0; i < ROUNDS; i++) {
		long seen;

		if (pl_write_queue_enter(shared->queue, LONG_MS, NULL) < 0) {
			__atomic_store_n(&shared->failed, 1, __ATOMIC_RELAXED);
			return NULL;
		}
		seen = shared->count;
		if (i % 20 == 0)
			usleep(10);
		shared->count = seen + 1;
		pl_write_queue_leave(shared->queue);
	}
	return NULL;
}

static void test_one_at_a_time_and_nobody_starves(void **state)
{
	struct shared shared = { .queue = pl_write_queue_new() };
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_up, &shared), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(shared.failed, 0);
	assert_int_equal(shared.count, THREADS * ROUNDS);
	pl_write_queue_free(&shared.queue);
	assert_null(shared.queue);
}

static void test_who_waits_too_long_gives_up_and_is_not_in_the_way(void **state)
{
	struct pl_write_queue *queue = pl_write_queue_new();

	(void)state;
	assert_int_equal(pl_write_queue_enter(queue, 0, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pl_write_queue_enter(queue, 5, NULL), -1);
	pl_write_queue_leave(queue);
	assert_int_equal(pl_write_queue_enter(queue, 0, NULL), 0);
	pl_write_queue_leave(queue);
	pl_write_queue_free(&queue);
}

/* Several who come one after the other. */
struct line {
	struct pl_write_queue *queue;
	int waiting, order[8], served;
};

static void *stand_in_line(void *context)
{
	struct line *line = context;
	int number = __atomic_fetch_add(&line->waiting, 1, __ATOMIC_SEQ_CST);

	if (pl_write_queue_enter(line->queue, LONG_MS, NULL) == 0) {
		line->order[line->served++] = number;
		pl_write_queue_leave(line->queue);
	}
	return NULL;
}

static void test_who_comes_first_is_served_first(void **state)
{
	struct line line = { .queue = pl_write_queue_new() };
	pthread_t threads[COUNT(line.order)];

	(void)state;
	assert_int_equal(pl_write_queue_enter(line.queue, 0, NULL), 0);
	for (int i = 0; i < (int)COUNT(threads); i++) {
		pthread_create(&threads[i], NULL, stand_in_line, &line);
		while (__atomic_load_n(&line.waiting, __ATOMIC_SEQ_CST) <= i)
			usleep(1000);
		usleep(50000); /* from being counted to standing in line */
	}
	pl_write_queue_leave(line.queue);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(line.served, COUNT(threads));
	for (int i = 0; i < (int)COUNT(threads); i++)
		assert_int_equal(line.order[i], i);
	pl_write_queue_free(&line.queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_at_a_time_and_nobody_starves),
		cmocka_unit_test(test_who_waits_too_long_gives_up_and_is_not_in_the_way),
		cmocka_unit_test(test_who_comes_first_is_served_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
