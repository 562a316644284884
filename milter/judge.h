/* judge.h - decides about submitted and re-sent mail; knows nothing of libmilter.
 *
 * Shared by all threads. The policy is swapped as a whole; each judgement takes
 * a database connection from a pool and gives it back.
 */
#ifndef POSTLATCH_MILTER_JUDGE_H
#define POSTLATCH_MILTER_JUDGE_H

#include "policy/login/login.h"
#include "milter/message.h"

struct judge;

/* Fails when the policy file is bad: a daemon does not start with one. */
int judge_new(const char *policy_path, struct judge **judge_r, struct pl_error *err);
void judge_free(struct judge **judge);
/* Reads the policy file again; a bad one is reported and the last good one kept. */
int judge_reload(struct judge *judge, struct pl_error *err);
/* The same when the file changed since. Looks at most once a second. */
void judge_reload_if_changed(struct judge *judge);

/* Whether unauthenticated mail from there may be a member's forwarded mail. */
int judge_is_resent_network(struct judge *judge, const struct pl_ip *ip);

struct judgement {
	struct pl_address member;
	struct pl_verdict verdict;
	const struct sign *sign; /* of re-sent mail: what named the member; NULL: nobody */
};

/* Mail submitted by an authenticated client. */
int judge_submission(struct judge *judge, const char *login, const char *mechanism,
		     const struct pl_ip *ip, struct judgement *judgement_r, struct pl_error *err);
/* Mail that carries signs of being sent again: judges the member who sends it. */
int judge_resent(struct judge *judge, const struct message *message, struct judgement *judgement_r,
		 struct pl_error *err);

#endif
