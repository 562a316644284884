/* login_log.h - records and counts of logins, last-used times, times of deliveries and what
 * connection tests show, kept off the path of logins and of mail.
 *
 * Records, counts, deliveries and attempts are kept in memory and written by a thread of its own,
 * at most once a second, and five times a second while a connection test is running, which a member
 * looks at. Adding one never waits, not for the disk either. While the database is locked or its
 * disk is full, records wait in memory; what does not fit there is left out. The thread uses no
 * function of the program that hosts it.
 */
#ifndef POSTLATCH_LOGIN_LOG_H
#define POSTLATCH_LOGIN_LOG_H

#include "policy/account/connection_attempt.h"
#include "policy/account/delivery.h"
#include "policy/account/login_count.h"

/* Most records in memory, and so most that are written in a second. Each costs some
 * pages of the log of the database, which every login after it has to get past. */
#define PL_LOGIN_LOG_PENDING 512
/* Most of them that are of refused logins: who guesses passwords does not keep others out. */
#define PL_LOGIN_LOG_REFUSED 128

/* Most attempts in memory: whether a test shows them is found out when they are written. */
#define PL_LOGIN_LOG_ATTEMPTS 512

/* Most members in memory who have received mail. Many messages of a member are one. */
#define PL_LOGIN_LOG_DELIVERIES 512

struct pl_login_log;

/* Starts the writer for a database. It opens the database when there is
 * something to write, and again when the file was replaced. 0, or -1; the caller closes the log. */
int pl_login_log_open(const char *uri, struct pl_login_log **log_r, struct pl_error *err);
/* Counts a login, and copies its record, or adds it to one that is like it and waits. One that
 * does not fit is left out. There is no record of a name that is nobody's and refused. A right
 * password at the sign-in page is not counted: only the portal knows how the sign-in goes on. */
void pl_login_log_add(struct pl_login_log *log, const struct pl_login_record *record);
/* Counts logins without a record; ip as of pl_login_tally_add. */
void pl_login_log_count(struct pl_login_log *log, const struct pl_login_count *count,
			const struct pl_ip *ip);
/* Copies an attempt, which is written if a connection test shows it, and else forgotten. One that
 * does not fit is left out. */
void pl_login_log_show(struct pl_login_log *log, const struct pl_connection_attempt *attempt);
/* Copies a delivery, or makes the one of the same member that waits a later one. One that does not
 * fit is left out. */
void pl_login_log_deliver(struct pl_login_log *log, const struct pl_delivery *delivery);
/* The last failure to write, which is returned once: 1 and a copy, or 0. */
int pl_login_log_failure(struct pl_login_log *log, struct pl_error *err_r);
/* Writes what is pending, waiting no longer than wait_ms, and stops the thread. */
void pl_login_log_close(struct pl_login_log **log, int wait_ms);

#endif
