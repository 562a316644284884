/* evaluate.h - decides about mail that members submit, and about their forwards; without libmilter.
 *
 * Owns what all threads of postlatch-milter share: the live policy and a pool of database
 * connections. Whether a member may send is Dovecot's to decide, with all facts, when the
 * client signs in. What is decided here for each message is whether that still stands: it
 * does until something changes that concerns the member. No clock is compared with another.
 * Large attachments are taken out as attachments.h has it. It never answers Postfix: that is for
 * callbacks.c.
 */
#ifndef POSTLATCH_MILTER_EVALUATE_H
#define POSTLATCH_MILTER_EVALUATE_H

#include <stdint.h>

#include "milter/attachments.h"
#include "milter/traffic.h"
#include "policy/account/connection_attempt.h"
#include "policy/forward/course.h"
#include "policy/forward/resolve.h"

struct milter;

/* Fails when the policy file is bad: a daemon does not start with one. */
int milter_new(const char *policy_path, struct milter **milter_r, struct pl_error *err);
void milter_free(struct milter **milter);
/* Reads the policy file again; a bad one is an error, and the last good one is kept. */
int milter_reload(struct milter *milter, struct pl_error *err);

/* How far policy file and database were changed at some moment. All zero: not known. */
struct moment {
	int is_known;
	uint64_t policy_changes;
	int64_t audit; /* the newest audit record */
};

/* To be called when a client connects, before it can sign in. -1 leaves the moment unknown. */
int milter_moment(struct milter *milter, struct moment *moment_r, struct pl_error *err);

/* Whether nothing that concerns the member has changed since a client connected: 1, 0 or -1.
 * Since a moment that is not known, something may have. login is as it signed in, and
 * member_r what account that is. */
int milter_is_fresh(struct milter *milter, const char *login, const struct moment *since,
		    struct pl_address *member_r, struct pl_error *err);

/* What Postfix is answered about an address; see pl_forward_look_up(). */
int milter_forward(struct milter *milter, const struct pl_forward_question *question,
		   char answer_r[PL_FORWARD_ANSWER], struct pl_error *err);

/* What large attachments need of the milter; see attachments.h. member is borrowed. 0, or -1. To be
 * given back with milter_end_attachments(). */
int milter_begin_attachments(struct milter *milter, const struct pl_address *member,
			     struct attachments *attachments_r, struct pl_error *err);
void milter_end_attachments(struct attachments *attachments);
/* What the policy file says of them: which mail they are taken out of, if any. */
enum milter_bodies { MILTER_NO_BODIES, MILTER_BODIES, MILTER_BODIES_FOR_OUTSIDE };
enum milter_bodies milter_bodies(struct milter *milter);

/* What is counted; any thread may add to it. */
struct traffic *milter_traffic(struct milter *milter);
/* The lines of it, and those of the connections to the database. */
void milter_add_metrics(struct milter *milter, struct metrics *metrics);

/* Hands a message to whatever connection test shows it. Never waits. */
void milter_show(struct milter *milter, const struct pl_connection_attempt *attempt);
/* Counts a message that is refused, under the domain of its member; NULL: it is not known. */
void milter_count_refusal(struct milter *milter, const struct pl_address *member, const char *rule);

#endif
