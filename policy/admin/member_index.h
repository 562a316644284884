/* member_index.h - what lists of members are filtered and sorted by, of all members, in memory.
 *
 * A list looks at every member, since a filter may name anything, and there may be a million: in
 * memory that takes a fiftieth of the time of a database. The database notes which rows change (the
 * table member_change, which triggers write), and the index reads those again before it is used. It
 * takes about 100 bytes for each member, twice that while it is read anew, from the first list on,
 * until nobody has wanted one for half an hour.
 */
#ifndef POSTLATCH_MEMBER_INDEX_H
#define POSTLATCH_MEMBER_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "policy/store/work.h"

/* For threads; one is enough for a process. */
struct pl_member_index;

/* NULL: out of memory. It is empty, and takes nothing of the database yet. */
struct pl_member_index *pl_member_index_new(void);
/* Accepts NULL. */
void pl_member_index_free(struct pl_member_index **index);
/* Makes it say what had been committed to the database before the call; the first time that takes
 * a second for 500,000 members. In no transaction. 0 or -1. */
int pl_member_index_update(struct pl_member_index *index, struct pl_store *store,
			   struct pl_error *err);
/* Gives its memory back if it has not been used for half an hour. To be called now and then. */
void pl_member_index_rest(struct pl_member_index *index);

#endif
