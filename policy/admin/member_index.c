/* member_index.c - see member_index.h. */
#include "policy/admin/member_index.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "policy/admin/member_entry.h"
#include "policy/base/monotonic.h"

#define PORTION 20000      /* members that are read at once */
#define CHANGES_MOST 50000 /* reading all members takes no longer than so many changes */
#define REST_MS (30 * 60 * 1000)
#define LAST_MS (60 * 60 * 1000) /* until it is read anew, whatever has changed */

/* What of the changes has been read. */
struct position {
	int64_t mark; /* those from there on have not */
	/* The newest that was there; 0: none. */
	int64_t id, member_id, at;
};

struct pl_member_index {
	pthread_mutex_t updating; /* for what follows */
	char *uri;                /* of the database that it is of; NULL: of none yet */
	struct position position; /* in the changes */
	int64_t loaded_ms, used_ms;
	pthread_rwlock_t lock; /* for the entries */
	struct pl_member_entries entries;
};

struct pl_member_index *pl_member_index_new(void)
{
	struct pl_member_index *index = calloc(1, sizeof(*index));

	if (index == NULL)
		return NULL;
	pthread_mutex_init(&index->updating, NULL);
	pthread_rwlock_init(&index->lock, NULL);
	return index;
}

static void forget(struct pl_member_index *index)
{
	pthread_rwlock_wrlock(&index->lock);
	pl_member_entries_free(&index->entries);
	pthread_rwlock_unlock(&index->lock);
	free(index->uri);
	index->uri = NULL;
}

void pl_member_index_free(struct pl_member_index **index_p)
{
	struct pl_member_index *index = *index_p;

	*index_p = NULL;
	if (index == NULL)
		return;
	forget(index);
	pthread_rwlock_destroy(&index->lock);
	pthread_mutex_destroy(&index->updating);
	free(index);
}

/* -- everything -- */

/* The position behind all that this transaction sees. 0 or -1. */
static int read_position(struct pl_store *store, struct position *position_r, struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_MEMBER_CHANGE_MARK, NULL);

	if (pl_step(stmt, err) < 0)
		return -1;
	position_r->mark = pl_col_int(stmt, "mark");
	position_r->id = pl_col_int(stmt, "id");
	position_r->member_id = pl_col_int(stmt, "member_id");
	position_r->at = pl_col_int(stmt, "at");
	return pl_row_end(stmt, err) < 0 ? -1 : 0;
}

/* How many, or -1. */
static int64_t load_portion(struct pl_store *store, int64_t after,
			    struct pl_member_entries *entries, struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_MEMBER_ENTRIES,
			 PL_PARAMS(PL_INT("after", after), PL_INT("portion", PORTION)));
	int64_t count = 0;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		if (pl_member_entries_take(entries, stmt, err) < 0) {
			pl_reset(stmt);
			return -1;
		}
		count++;
	}
	return ret < 0 ? -1 : count;
}

static int load_all(struct pl_store *store, struct pl_member_entries *entries,
		    struct position *position_r, struct pl_error *err)
{
	int64_t count = PORTION;

	if (read_position(store, position_r, err) < 0)
		return -1;
	while (count == PORTION) {
		const int64_t after =
			entries->count == 0 ? 0 : entries->rows[entries->count - 1].id;

		count = load_portion(store, after, entries, err);
	}
	return count < 0 ? -1 : 0;
}

/* Others use what there was until all is there. */
static void replace(struct pl_member_index *index, const struct pl_member_entries *entries,
		    char *uri)
{
	struct pl_member_entries former;

	pthread_rwlock_wrlock(&index->lock);
	former = index->entries;
	index->entries = *entries;
	pthread_rwlock_unlock(&index->lock);
	pl_member_entries_free(&former);
	free(index->uri);
	index->uri = uri;
	index->loaded_ms = pl_monotonic_ms();
}

static int load(struct pl_member_index *index, struct pl_store *store, struct pl_error *err)
{
	struct pl_member_entries entries = { .count = 0 };
	struct position position;
	char *uri = strdup(pl_store_uri(store));
	int ret = -1;

	if (uri == NULL)
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
	else if (pl_store_begin_read(store, err) == 0) {
		ret = load_all(store, &entries, &position, err);
		pl_store_end_read(store);
	}
	if (ret < 0) {
		pl_member_entries_free(&entries);
		free(uri);
		return -1;
	}
	replace(index, &entries, uri);
	index->position = position;
	return 0;
}

/* -- what has changed -- */

/* Whether the newest change that was read is still there: a database that was restored has others.
 * 1, 0 or -1. */
static int is_the_same(const struct position *position, struct pl_store *store,
		       struct pl_error *err)
{
	struct pl_stmt *stmt;
	int ret;

	if (position->id == 0)
		return 1;
	stmt = pl_query(store, PL_SQL_MEMBER_CHANGE_IS_THERE,
			PL_PARAMS(PL_INT("id", position->id),
				  PL_INT("member_id", position->member_id),
				  PL_INT("at", position->at)));
	ret = pl_step(stmt, err);
	if (ret == 1)
		pl_reset(stmt);
	return ret;
}

/* 1, 0 when there are so many changes that all is to be read, or -1. */
static int take_changes(struct pl_member_index *index, struct pl_store *store, struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_MEMBER_CHANGES,
					PL_PARAMS(PL_INT("mark", index->position.mark),
						  PL_INT("most", CHANGES_MOST)));
	size_t count = 0;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		if (count++ == 0)
			pthread_rwlock_wrlock(&index->lock);
		if (pl_col_is_null(stmt, "id"))
			pl_member_entries_remove(&index->entries, pl_col_int(stmt, "member_id"));
		else if (pl_member_entries_take(&index->entries, stmt, err) < 0)
			break;
	}
	if (count > 0)
		pthread_rwlock_unlock(&index->lock);
	if (ret == 1)
		pl_reset(stmt);
	return ret != 0 ? -1 : count < CHANGES_MOST;
}

static int read_changes(struct pl_member_index *index, struct pl_store *store, struct pl_error *err)
{
	struct position position;
	int ret = read_position(store, &position, err);

	if (ret == 0)
		ret = is_the_same(&index->position, store, err);
	/* On a server the numbers of transactions only grow, or it is another one. */
	if (ret == 1 && position.mark < index->position.mark)
		ret = 0;
	/* The same position does not say that there are none: one of a transaction that ended late
	 * is neither the newest nor moves the mark. */
	if (ret == 1)
		ret = take_changes(index, store, err);
	if (ret == 1)
		index->position = position;
	return ret;
}

/* 1, 0 when everything is to be read anew, or -1. */
static int update(struct pl_member_index *index, struct pl_store *store, struct pl_error *err)
{
	const int64_t now_ms = pl_monotonic_ms();
	int ret;

	if (index->uri == NULL || strcmp(index->uri, pl_store_uri(store)) != 0 ||
	    now_ms - index->used_ms > REST_MS || now_ms - index->loaded_ms > LAST_MS)
		return 0;
	if (pl_store_begin_read(store, err) < 0)
		return -1;
	ret = read_changes(index, store, err);
	pl_store_end_read(store);
	return ret;
}

int pl_member_index_update(struct pl_member_index *index, struct pl_store *store,
			   struct pl_error *err)
{
	int ret;

	pthread_mutex_lock(&index->updating);
	ret = update(index, store, err);
	if (ret == 0) {
		/* It takes as long as there are members, and who waits for it is answered. */
		struct pl_budget *budget = pl_store_set_budget(store, NULL);

		ret = load(index, store, err);
		pl_store_set_budget(store, budget);
	}
	if (ret >= 0)
		index->used_ms = pl_monotonic_ms();
	pthread_mutex_unlock(&index->updating);
	return ret < 0 ? pl_error_prefix(err, "list of members") : 0;
}

void pl_member_index_rest(struct pl_member_index *index)
{
	pthread_mutex_lock(&index->updating);
	if (pl_monotonic_ms() - index->used_ms > REST_MS)
		forget(index);
	pthread_mutex_unlock(&index->updating);
}

const struct pl_member_entries *pl_member_index_hold(struct pl_member_index *index)
{
	pthread_rwlock_rdlock(&index->lock);
	return &index->entries;
}

void pl_member_index_give(struct pl_member_index *index)
{
	pthread_rwlock_unlock(&index->lock);
}
