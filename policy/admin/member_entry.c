/* member_entry.c - see member_entry.h. */
#include "policy/admin/member_entry.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 1024

/* -- lists of what many members have -- */

/* A domain or a class, and its place in the list. */
struct place {
	int64_t id;
	const char *name;
	uint32_t place;
};

static int compare_ids(const void *a_p, const void *b_p)
{
	const struct place *a = a_p, *b = b_p;

	return (a->id > b->id) - (a->id < b->id);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

/* Puts a new one into the tree, when all else that may fail is done: else the next one would get
 * the same place. 0 or -1. */
static int add_place(void **tree, const struct place *key,
		     int (*compare)(const void *, const void *), size_t at)
{
	struct place *place = malloc(sizeof(*place));

	if (place == NULL)
		return -1;
	*place = *key;
	place->place = (uint32_t)at;
	if (tsearch(place, tree, compare) == NULL) {
		free(place);
		return -1;
	}
	return 0;
}

/* Makes room for so many more behind count; it doubles. 0 or -1. */
static int grow(void **array, size_t *room, size_t count, size_t more, size_t size)
{
	size_t wanted = *room == 0 ? ROOM_FIRST : *room;
	void *grown;

	if (count + more <= *room)
		return 0;
	while (wanted < count + more)
		wanted *= 2;
	grown = realloc(*array, wanted * size);
	if (grown == NULL)
		return -1;
	*array = grown;
	*room = wanted;
	return 0;
}

static int place_domain(struct pl_member_entries *entries, int64_t id, uint32_t *place_r)
{
	const struct place key = { .id = id };
	struct place *const *found = tfind(&key, &entries->domain_places, compare_ids);
	int64_t *domains;

	if (found != NULL) {
		*place_r = (*found)->place;
		return 0;
	}
	domains = realloc(entries->domains, (entries->domain_count + 1) * sizeof(*domains));
	if (domains == NULL)
		return -1;
	entries->domains = domains;
	domains[entries->domain_count] = id;
	if (add_place(&entries->domain_places, &key, compare_ids, entries->domain_count) < 0)
		return -1;
	*place_r = (uint32_t)entries->domain_count++;
	return 0;
}

static int place_class(struct pl_member_entries *entries, const char *name, uint32_t *place_r)
{
	const struct place known = { .name = name };
	struct place *const *found = tfind(&known, &entries->class_places, compare_names);
	struct place key = { .name = NULL };
	char **names;

	if (found != NULL) {
		*place_r = (*found)->place;
		return 0;
	}
	names = realloc(entries->class_names, (entries->class_count + 1) * sizeof(*names));
	if (names == NULL)
		return -1;
	entries->class_names = names;
	names[entries->class_count] = strdup(name);
	key.name = names[entries->class_count];
	if (key.name == NULL ||
	    add_place(&entries->class_places, &key, compare_names, entries->class_count) < 0) {
		free(names[entries->class_count]);
		return -1;
	}
	*place_r = (uint32_t)entries->class_count++;
	return 0;
}

/* -- entries -- */

/* Where the entry of an id is, or would be. */
static size_t find(const struct pl_member_entries *entries, int64_t id)
{
	size_t low = 0, high = entries->count;

	if (high > 0 && entries->rows[high - 1].id < id)
		return high;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (entries->rows[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The entry of an id, which is made if it is not there; then it is nowhere. NULL: out of memory. */
static struct pl_member_entry *entry_of(struct pl_member_entries *entries, int64_t id)
{
	const size_t at = find(entries, id);

	if (at < entries->count && entries->rows[at].id == id)
		return &entries->rows[at];
	if (grow((void **)&entries->rows, &entries->room, entries->count, 1,
		 sizeof(*entries->rows)) < 0)
		return NULL;
	memmove(&entries->rows[at + 1], &entries->rows[at],
		(entries->count - at) * sizeof(*entries->rows));
	entries->count++;
	entries->rows[at] = (struct pl_member_entry){ .id = id, .domain = PL_NOWHERE };
	return &entries->rows[at];
}

/* A member's address is never changed. */
static int take_local(struct pl_member_entries *entries, struct pl_member_entry *entry,
		      const char *local)
{
	const size_t len = local == NULL ? 0 : strlen(local);

	if (len > UINT8_MAX || entries->texts_len + len > UINT32_MAX ||
	    grow((void **)&entries->texts, &entries->texts_room, entries->texts_len, len, 1) < 0)
		return -1;
	entry->local = (uint32_t)entries->texts_len;
	entry->local_len = (unsigned char)len;
	memcpy(entries->texts + entries->texts_len, local, len);
	entries->texts_len += len;
	return 0;
}

static int32_t day_of(struct pl_stmt *stmt, const char *column)
{
	return pl_col_is_null(stmt, column) ? PL_NO_DAY : (int32_t)pl_col_int(stmt, column);
}

/* In the order of the statement's columns. */
static int fill(struct pl_member_entries *entries, struct pl_member_entry *entry,
		struct pl_stmt *stmt)
{
	const char *class_name = pl_col_text(stmt, "class");

	if (place_class(entries, class_name == NULL ? "" : class_name, &entry->class_name) < 0)
		return -1;
	entry->active = pl_col_int(stmt, "active") != 0;
	entry->factor = (unsigned char)pl_col_int(stmt, "factor");
	entry->created_at = pl_col_int(stmt, "created_at");
	entry->seen_day = (int32_t)pl_col_int(stmt, "seen_day");
	entry->app_password_day = (int32_t)pl_col_int(stmt, "app_password_day");
	entry->received_day = (int32_t)pl_col_int(stmt, "received_day");
	entry->imap_day = (int32_t)pl_col_int(stmt, "imap_day");
	entry->pop3_day = (int32_t)pl_col_int(stmt, "pop3_day");
	entry->smtp_day = (int32_t)pl_col_int(stmt, "smtp_day");
	entry->state = pl_col_int(stmt, "state");
	entry->dated_state = pl_col_int(stmt, "dated_state");
	entry->dated_from = day_of(stmt, "dated_from");
	entry->required_from = day_of(stmt, "required_from");
	return 0;
}

int pl_member_entries_take(struct pl_member_entries *entries, struct pl_stmt *stmt,
			   struct pl_error *err)
{
	struct pl_member_entry *entry = entry_of(entries, pl_col_int(stmt, "id"));
	uint32_t domain;

	if (entry == NULL || place_domain(entries, pl_col_int(stmt, "domain_id"), &domain) < 0 ||
	    (entry->domain == PL_NOWHERE &&
	     take_local(entries, entry, pl_col_text(stmt, "local")) < 0) ||
	    fill(entries, entry, stmt) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	entry->domain = domain;
	return pl_row_ok(stmt, err);
}

void pl_member_entries_remove(struct pl_member_entries *entries, int64_t id)
{
	const size_t at = find(entries, id);

	if (at < entries->count && entries->rows[at].id == id)
		entries->rows[at].domain = PL_NOWHERE;
}

void pl_member_entries_free(struct pl_member_entries *entries)
{
	tdestroy(entries->domain_places, free);
	tdestroy(entries->class_places, free);
	for (size_t i = 0; i < entries->class_count; i++)
		free(entries->class_names[i]);
	free(entries->class_names);
	free(entries->domains);
	free(entries->texts);
	free(entries->rows);
	*entries = (struct pl_member_entries){ .count = 0 };
}
