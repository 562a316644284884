/* administrators.h - what the lists of administrators and of API keys share. */
#ifndef POSTLATCH_ADMINISTRATORS_H
#define POSTLATCH_ADMINISTRATORS_H

#include "ctl/command.h"

/* A list that is being read. */
struct administrators {
	struct ctl *ctl;
	json_t *rows;
	struct pl_error *err;
	int failed;
};

/* Adds a row, which it takes over, with what administrators and keys have in common: role, domains,
 * made_at and made_by. Returns what a callback returns: 0 to go on. */
int administrators_add(struct administrators *list, const struct pl_administrator *administrator,
		       json_t *row);
/* Prints the rows, as JSON or each with print, and frees them. ret is -1 when reading has failed.
 * Returns an exit status, or -1 and the error. */
int administrators_show(struct administrators *list, void (*print)(const json_t *row), int ret);
/* Prints ": a.test, b.test" of a row; nothing for no domains. */
void administrators_put_domains(const json_t *row);

#endif
