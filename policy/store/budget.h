/* budget.h - how long one request may wait for the database in all.
 *
 * A request may wait several times: for a connection, for each statement, for the end of its
 * transaction. Each of these waits has a limit of its own, and besides takes what it lasted from
 * the budget of the request; when that is spent, the request fails and is answered. What a
 * request waits for elsewhere, like Dovecot's answer to a password, costs nothing. Where a
 * budget is NULL, as for work in the background, each wait has its own limit only.
 *
 * A turn is what threads of one process wait for because others of them use the database. As
 * long as these get on, the database is well, and the wait costs nothing.
 */
#ifndef POSTLATCH_BUDGET_H
#define POSTLATCH_BUDGET_H

#include <stdint.h>

/* Of a request: an answer within three seconds, also on a busy machine. */
#define PL_BUDGET_MS 2250
/* A COMMIT may take as long in any case. */
#define PL_BUDGET_COMMIT_MS 500

struct pl_budget {
	int64_t left_ms;
};

/* The smaller of most_ms and what is left. */
int pl_budget_limit(const struct pl_budget *budget, int most_ms);
/* Takes the time since since_ms, by the monotonic clock. */
void pl_budget_spend(struct pl_budget *budget, int64_t since_ms);

/* How many milliseconds may still be waited for a turn, after begun_ms and with the last of the
 * others having got on at got_on_ms; 0: no more. most_ms: in any case. */
int pl_budget_turn(const struct pl_budget *budget, int most_ms, int64_t begun_ms,
		   int64_t got_on_ms);
/* The wait for a turn is over. */
void pl_budget_spend_turn(struct pl_budget *budget, int64_t begun_ms, int64_t got_on_ms);

#endif
