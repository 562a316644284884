/* budget.c - see budget.h. */
#include "policy/store/budget.h"

#include <stddef.h>

#include "policy/base/monotonic.h"

static int64_t later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

static int64_t smaller(int64_t one, int64_t other)
{
	return one < other ? one : other;
}

int pl_budget_limit(const struct pl_budget *budget, int most_ms)
{
	return budget == NULL ? most_ms : (int)smaller(most_ms, budget->left_ms);
}

void pl_budget_spend(struct pl_budget *budget, int64_t since_ms)
{
	if (budget != NULL)
		budget->left_ms = later(0, budget->left_ms - (pl_monotonic_ms() - since_ms));
}

int pl_budget_turn(const struct pl_budget *budget, int most_ms, int64_t begun_ms, int64_t got_on_ms)
{
	int64_t until = begun_ms + most_ms;

	if (budget != NULL)
		until = smaller(until, later(begun_ms, got_on_ms) + budget->left_ms);
	return (int)later(0, until - pl_monotonic_ms());
}

void pl_budget_spend_turn(struct pl_budget *budget, int64_t begun_ms, int64_t got_on_ms)
{
	pl_budget_spend(budget, later(begun_ms, got_on_ms));
}
