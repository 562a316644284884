/* facts.h - what a message tells beside its sentences, as the text of its payload.
 *
 * The payload has a line for each fact that is known, "name=value". So a fact that is added needs
 * no migration, and one that a version does not know is passed over.
 */
#ifndef POSTLATCH_FACTS_H
#define POSTLATCH_FACTS_H

#include "policy/base/error.h"
#include "policy/base/secret.h"

struct pl_fact {
	const char *name;
	size_t at, size; /* of the text in the struct that has it */
};

/* A row of a table of them: the field of a struct is called like the fact. */
#define PL_FACT(type, name)                                                                   \
	{                                                                                     \
#name, offsetof(struct type, name), sizeof(((const struct type *)NULL)->name) \
	}

/* Appends those of from that are not "". 0, or -1: they do not fit. */
int pl_facts_put(const struct pl_fact *facts, size_t count, const void *from,
		 struct pl_secret *payload, struct pl_error *err);
/* Fills what the payload has, and leaves the rest as it is. */
void pl_facts_parse(const struct pl_fact *facts, size_t count, const char *payload, void *to_r);

#endif
