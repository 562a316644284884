/* resolve.c - see resolve.h. */
#include "policy/forward/resolve.h"

#include <stdio.h>
#include <string.h>

/* One look ahead. */
struct walk {
	const char *delimiters;
	pl_forward_find_t *find;
	void *context;
	struct pl_error *err;
	struct pl_address path[PL_FORWARD_DEPTH]; /* owners whose forwards lead here */
	size_t depth;
	size_t spread; /* addresses so far */
	int leads_back, leads_too_far;
};

static int is_same(const struct pl_address *a, const struct pl_address *b)
{
	return strcmp(a->local, b->local) == 0 && strcmp(a->domain, b->domain) == 0;
}

/* The forward of the address or, if there is none, that of the address without its extension. */
static int find(const struct walk *walk, const struct pl_address *address,
		struct pl_forward_step *step_r)
{
	struct pl_address base = *address;
	const size_t len = pl_local_base(address->local, walk->delimiters);
	const int ret = walk->find(walk->context, address, step_r, walk->err);

	if (ret != 0 || address->local[len] == '\0')
		return ret;
	base.local[len] = '\0';
	return walk->find(walk->context, &base, step_r, walk->err);
}

static int walk_targets(struct walk *walk, const struct pl_forward_step *step);

/* Whether the path has the owner already. The first of it is who the question is about. */
static int closes_circle(struct walk *walk, const struct pl_address *owner)
{
	for (size_t i = 0; i < walk->depth; i++) {
		if (!is_same(&walk->path[i], owner))
			continue;
		walk->leads_back |= i == 0;
		return 1;
	}
	return 0;
}

static int walk_address(struct walk *walk, const struct pl_address *address)
{
	struct pl_forward_step step;
	int ret;

	if (++walk->spread > PL_FORWARD_SPREAD) {
		walk->leads_too_far = 1;
		return 0;
	}
	ret = find(walk, address, &step);
	if (ret != 1)
		return ret;
	return closes_circle(walk, &step.owner) ? 0 : walk_targets(walk, &step);
}

/* Stops as soon as it is known that it leads too far. */
static int walk_targets(struct walk *walk, const struct pl_forward_step *step)
{
	int ret = 0;

	if (walk->depth == PL_FORWARD_DEPTH) {
		walk->leads_too_far = 1;
		return 0;
	}
	walk->path[walk->depth++] = step->owner;
	for (size_t i = 0; ret == 0 && i < step->count && !walk->leads_too_far; i++)
		ret = walk_address(walk, &step->target[i].address);
	walk->depth--;
	return ret;
}

static size_t add(char *answer, size_t len, const char *address)
{
	return len + (size_t)snprintf(answer + len, PL_FORWARD_ANSWER - len, "%s%s",
				      len > 0 ? "," : "", address);
}

static void write_answer(const struct pl_forward_step *step, const char *copy, char *answer_r)
{
	size_t len = 0;

	if (copy != NULL)
		len = add(answer_r, len, copy);
	for (size_t i = 0; i < step->count; i++)
		len = add(answer_r, len, step->target[i].text);
}

/* In an alias of a domain Postfix may know no mailboxes: it is told the account's own address, and
 * asks for that. */
static int answer_alias(const struct pl_address *address, const struct pl_forward_step *step,
			char *answer_r)
{
	struct pl_address own = *address;

	memcpy(own.domain, step->owner.domain, sizeof(own.domain));
	pl_address_format(&own, answer_r);
	return 1;
}

int pl_forward_resolve(const struct pl_forward_question *question, pl_forward_find_t *find_forward,
		       void *context, char answer_r[PL_FORWARD_ANSWER], struct pl_error *err)
{
	struct walk walk = { .delimiters = question->delimiters,
			     .find = find_forward,
			     .context = context,
			     .err = err };
	struct pl_forward_step step;
	struct pl_address address;
	int ret;

	/* Quoted local parts, domains and names without a domain are no member's. */
	if (pl_address_parse(question->name, strlen(question->name), NULL, &address, NULL) < 0 ||
	    !pl_local_is_plain(address.local))
		return 0;
	ret = find(&walk, &address, &step);
	if (ret != 1)
		return ret;
	if (strcmp(address.domain, step.owner.domain) != 0)
		return answer_alias(&address, &step, answer_r);
	if (walk_targets(&walk, &step) < 0)
		return -1;
	if (walk.leads_too_far)
		return 0;
	write_answer(&step,
		     step.keep_copy || walk.leads_back || question->is_repeated ? question->name
										: NULL,
		     answer_r);
	return 1;
}
