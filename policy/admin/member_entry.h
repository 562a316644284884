/* member_entry.h - what is in an index of members (member_index.h); private to the room. */
#ifndef POSTLATCH_MEMBER_ENTRY_H
#define POSTLATCH_MEMBER_ENTRY_H

#include "policy/admin/member_index.h"

#define PL_NO_DAY INT32_MAX   /* of a date that is not set */
#define PL_NOWHERE UINT32_MAX /* the domain of a member that has been removed */

/* The columns of a member's row of those names; domain and class_name are places in the lists of
 * the index. */
struct pl_member_entry {
	int64_t id, created_at, state, dated_state;
	int32_t dated_from, required_from;
	int32_t seen_day, app_password_day, received_day, imap_day, pop3_day, smtp_day;
	uint32_t domain, class_name;
	uint32_t local; /* where its local part begins in the texts */
	unsigned char local_len, factor, active;
};

/* What one index has, by ids. */
struct pl_member_entries {
	struct pl_member_entry *rows;
	size_t count, room;
	char *texts; /* the local parts, without anything between them */
	size_t texts_len, texts_room;
	int64_t *domains; /* ids */
	size_t domain_count;
	char **class_names;
	size_t class_count;
	void *domain_places, *class_places; /* trees of tsearch() */
};

/* Takes what the current row of a statement says of a member that there is; an entry of that id is
 * overwritten. 0, or -1: out of memory, or a column is missing. */
int pl_member_entries_take(struct pl_member_entries *entries, struct pl_stmt *stmt,
			   struct pl_error *err);
void pl_member_entries_remove(struct pl_member_entries *entries, int64_t id);
void pl_member_entries_free(struct pl_member_entries *entries);

/* The entries of an index that is up to date, until they are given back. */
const struct pl_member_entries *pl_member_index_hold(struct pl_member_index *index);
void pl_member_index_give(struct pl_member_index *index);

#endif
