/* audit_search.h - audit records as administrators look for them.
 *
 * Records are of the administrator's domains. Nothing here or elsewhere changes one, or removes one
 * before its time.
 */
#ifndef POSTLATCH_AUDIT_SEARCH_H
#define POSTLATCH_AUDIT_SEARCH_H

#include "policy/account/audit.h"

#define PL_AUDIT_SEARCH_TEXT 320 /* bytes of a text that is looked for */

/* Texts are "" for any. */
struct pl_audit_search {
	int64_t scope;        /* of pl_administrator_scope() */
	int64_t since, until; /* seconds since 1970; until is not part of it, 0: no end */
	const char *who, *object, *domain, *source; /* exactly so */
	const char *action;                         /* how it begins, "member." */
	const char *text;           /* somewhere, in large or small letters of ASCII */
	int64_t below_at, below_id; /* the last record of the page before; 0: from the newest */
	int limit;
	/* How many are looked at, at once, for what has no index: text, action, source. 0: all. */
	int records;
};

/* How far such a search goes back at once. */
struct pl_audit_reach {
	int64_t more; /* the time before which records have yet to be looked at; 0: none are left */
	int is_part;  /* from the newest on, there are more than are looked at: none counts them */
};

/* Narrows since to that. Records of the time that is named are looked at. 0, or -1. */
int pl_audit_search_narrow(struct pl_store *store, struct pl_audit_search *search,
			   struct pl_audit_reach *reach_r, struct pl_error *err);
/* Calls each for the records that are found, newest first, until it returns non-zero. 0, or -1. */
int pl_audit_search(struct pl_store *store, const struct pl_audit_search *search,
		    int (*each)(const struct pl_audit_record *record, void *context), void *context,
		    struct pl_error *err);
/* How many there are on all pages; -1 on error. */
int64_t pl_audit_search_total(struct pl_store *store, const struct pl_audit_search *search,
			      struct pl_error *err);

#endif
