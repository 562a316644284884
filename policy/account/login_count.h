/* login_count.h - how many logins there were: for each hour, domain, service, channel, kind of
 * credential and rule. Neither events nor persons.
 *
 * Whoever counts keeps a tally in memory, which is written at most once a second, with one
 * statement for each row of it. On several machines all add to the same rows of the database. Names
 * in domains that have no row count under domain 0, so that whoever guesses names does not make
 * rows. Wrong guesses also count for the address that they came from (guess_count.h).
 *
 * Counts are kept for count_days, also those of a domain that was removed. Hours are told apart for
 * PL_COUNT_HOUR_DAYS; of the days before, all is counted in their first hour (UTC).
 */
#ifndef POSTLATCH_LOGIN_COUNT_H
#define POSTLATCH_LOGIN_COUNT_H

#include "policy/account/guess_count.h"
#include "policy/account/login_record.h"

#define PL_HOUR_SECONDS INT64_C(3600)
#define PL_COUNT_HOUR_DAYS 3 /* this day is one of them */

/* Places of a tally for rows: of a second, or of an outage of the database. A quarter is free. */
#define PL_LOGIN_COUNTS 512

enum pl_login_outcome {
	PL_LOGIN_ALLOWED,
	PL_LOGIN_REFUSED,
	PL_LOGIN_PENDING, /* the password at the sign-in page was right, and a step is to follow */
};

/* Logins that are equal. The strings are static: they are not copied. */
struct pl_login_count {
	int64_t hour; /* when it began, in seconds since 1970 */
	int64_t domain_id;
	const char *service;    /* "imap"; "webmail": the sign-in page */
	const char *channel;    /* "client", "webmail"; "unknown" where only the message is seen */
	const char *credential; /* "app-password"; at the sign-in page also "one-time-code" */
	const char *rule;
	enum pl_login_outcome outcome;
	int64_t count; /* 0: the place in the tally is free */
};

struct pl_login_tally {
	size_t rows, guess_rows; /* that are in use */
	struct pl_login_count count[PL_LOGIN_COUNTS];
	struct pl_guess_count guess[PL_GUESS_COUNTS];
};

/* "allowed", "refused", "pending". The database has these words. */
const char *pl_login_outcome_name(enum pl_login_outcome outcome);
/* The hour in which a time is. */
int64_t pl_hour_of(int64_t at);
/* What a record of a login counts as. */
struct pl_login_count pl_login_count_of(const struct pl_login_record *record);

/* Adds logins to a tally, and where they are wrong guesses, the address (NULL: not known). 0 when
 * there is no place for another row of logins: then they are not counted. */
int pl_login_tally_add(struct pl_login_tally *tally, const struct pl_login_count *count,
		       const struct pl_ip *ip);
/* Adds all of another tally. 0 when something did not fit. */
int pl_login_tally_merge(struct pl_login_tally *tally, const struct pl_login_tally *other);
/* Writes the tally in the caller's write transaction, in an order that is the same for all who
 * write at the same time, so that none waits for another in a circle. 0, or -1. */
int pl_login_tally_write(const struct pl_work *work, const struct pl_login_tally *tally);
/* Calls each for the logins of all domains from a time on, summed up by service, channel,
 * credential, rule and outcome; hour and domain_id are 0, and strings are good until it returns.
 * 0, or -1. */
int pl_login_count_list(struct pl_store *store, int64_t since,
			int (*each)(const struct pl_login_count *count, void *context),
			void *context, struct pl_error *err);
void pl_login_tally_clear(struct pl_login_tally *tally);

/* Adds up the hours of days that are no longer told apart, in transactions of its own, and a few
 * days at a time: to be called now and then. 0, or -1. */
int pl_login_count_add_up_commit(const struct pl_work *work);

/* The domain under which logins of a name in it count, which is that of an alias; 0: it has no row.
 * 0, or -1. */
int pl_login_count_domain(struct pl_store *store, const char *domain, int64_t *id_r,
			  struct pl_error *err);

#endif
