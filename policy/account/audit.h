/* audit.h - who changed what, from where, before and after.
 *
 * Every function that changes settings, members, domains or credentials takes a struct
 * pl_work, whose actor it is, and writes its record in the same transaction as the
 * change, so there is no change without a record. Records never hold a secret.
 */
#ifndef POSTLATCH_AUDIT_H
#define POSTLATCH_AUDIT_H

#include "policy/base/address.h"
#include "policy/store/work.h"

#define PL_AUDIT_TEXT 1024

struct pl_audit_record {
	int64_t id, at; /* at: seconds since 1970 */
	char who[256], source[128];
	char action[64]; /* "member.set" */
	char object[PL_AUDIT_TEXT];
	char before[PL_AUDIT_TEXT], after[PL_AUDIT_TEXT]; /* "pop3=on class=staff" */
};

struct pl_audit_filter {
	const char *object; /* exact, or "@domain" for all of a domain; NULL for all */
	int64_t since;      /* 0 for all */
	int limit;          /* newest so many */
};

/* What is different in records of one action; borrowed. */
struct pl_audit_text {
	const char *object, *before, *after;
};

/* Whether the action, one of audit_action.h, is only a sign-in; 0 for one that nobody knows. */
int pl_audit_is_sign_in(const char *action);
/* Adds the record of a change to the caller's write transaction. The action must be one of
 * audit_action.h. The actor's reason, if there is one, ends what is after it. 0, or -1. */
int pl_audit_add(const struct pl_work *work, const char *action, const char *object,
		 const char *before, const char *after);
/* The same for records that the caller has in a row: see pl_insert_many(). */
int pl_audit_add_many(const struct pl_work *work, const char *action,
		      int (*next)(void *context, struct pl_audit_text *record_r,
				  struct pl_error *err),
		      void *context);
#define PL_AUDIT_REASON "reason=" /* in front of a reason, in what is after */
/* The reason that an administrator gave for a change that has nothing else after it; "" for none.
 * It is the record's. */
const char *pl_audit_reason(const struct pl_audit_record *record);
/* Calls each for every record, newest first, until it returns non-zero. */
int pl_audit_list(struct pl_store *store, const struct pl_audit_filter *filter,
		  int (*each)(const struct pl_audit_record *record, void *context), void *context,
		  struct pl_error *err);

/* The same for those of one object since then whose id is lower, for pages that go on. */
int pl_audit_list_below(struct pl_store *store, const char *object, int64_t since, int64_t below,
			int limit, int (*each)(const struct pl_audit_record *record, void *context),
			void *context, struct pl_error *err);

/* The same for the rows of a statement whose columns are called like the fields of a record. */
int pl_audit_read_all(struct pl_stmt *stmt,
		      int (*each)(const struct pl_audit_record *record, void *context),
		      void *context, struct pl_error *err);
/* How many those of one object since then are; -1. */
int64_t pl_audit_count(struct pl_store *store, const char *object, int64_t since,
		       struct pl_error *err);

/* How far the records are now. Their ids only go up, so that no clock is needed to tell
 * what was changed before and what after. */
int pl_audit_newest(struct pl_store *store, int64_t *newest_r, struct pl_error *err);
/* Whether something was changed since then that concerns what the member may do, or whether
 * the member's credentials are good: 1, 0 or -1. 1 as well when the database has been put
 * back from a backup of before. */
int pl_audit_concerns(struct pl_store *store, const struct pl_address *member, int64_t since,
		      struct pl_error *err);

#endif
