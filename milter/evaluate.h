/* evaluate.h - decides about mail that members submit or forward; without libmilter.
 *
 * Owns what all threads of postlatch-milter share: the live policy and a pool of database
 * connections. The callbacks ask it once for each message. An evaluation holds one snapshot
 * of the policy and one connection from its begin to its end. It never changes a message,
 * and never answers Postfix: that is for callbacks.c.
 */
#ifndef POSTLATCH_MILTER_EVALUATE_H
#define POSTLATCH_MILTER_EVALUATE_H

#include "policy/login/login.h"
#include "milter/message.h"

struct milter;

/* Fails when the policy file is bad: a daemon does not start with one. */
int milter_new(const char *policy_path, struct milter **milter_r, struct pl_error *err);
void milter_free(struct milter **milter);
/* Reads the policy file again; a bad one is an error, and the last good one is kept. */
int milter_reload(struct milter *milter, struct pl_error *err);

/* Whether unauthenticated mail from there may be a member's forwarded mail. */
int milter_is_resent_network(struct milter *milter, const struct pl_ip *ip);

struct decision {
	struct pl_address member;
	struct pl_verdict verdict;
	const struct trace_field *field; /* of forwarded mail: it names the member; NULL: none */
};

/* What an authenticated client says of itself. */
struct submission {
	const char *login;     /* as it signed in */
	const char *mechanism; /* of SASL; NULL: unknown */
	struct pl_ip ip;
};

/* Decides about mail that an authenticated client submits. */
int evaluate_submission(struct milter *milter, const struct submission *submission,
			struct decision *decision_r, struct pl_error *err);
/* Decides about mail with trace fields of forwarding, for the member who forwards it. */
int evaluate_forwarded(struct milter *milter, const struct message *message,
		       struct decision *decision_r, struct pl_error *err);

#endif
