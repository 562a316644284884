/* last_use.h - last-used times, kept off the path of logins.
 *
 * Uses are kept in memory and written by a thread of its own, at most once a
 * second, in one transaction. Recording one never waits, not for the disk either. While
 * the database is locked or its disk is full, uses wait in memory; what does not
 * fit there is left out. The thread uses no function of the program that hosts it.
 */
#ifndef POSTLATCH_USE_H
#define POSTLATCH_USE_H

#include "policy/account/member.h"
#include "policy/settings/other_services.h"

/* Most uses in memory, and so most that are written in a second. Each costs some
 * pages of the log of the database, which every login after it has to get past. */
#define PL_LAST_USE_PENDING 512

struct pl_last_use {
	struct pl_address address;
	int64_t member_id;       /* 0: add the member, who has just signed in */
	int64_t domain_id;       /* of the member's domain at the login; 0: it had no row */
	int64_t app_password_id; /* 0: another credential */
	enum pl_setting service;
	struct pl_ip ip;
	int64_t at;
	/* Not "": nobody has signed in, and this service is one that was denied, for
	 * denied_service.h. Of the rest, at alone counts. */
	char denied_service[PL_OTHER_SERVICE_MAX + 1];
};

struct pl_last_use_log;

/* Starts the writer for a database. It opens the database when there is
 * something to write, and again when the file was replaced. 0, or -1; the caller closes the log. */
int pl_last_use_open(const char *uri, struct pl_last_use_log **log_r, struct pl_error *err);
/* Copies the use. One that does not fit is left out. */
void pl_last_use_record(struct pl_last_use_log *log, const struct pl_last_use *use);
/* The last failure to write, which is returned once: 1 and a copy, or 0. */
int pl_last_use_failure(struct pl_last_use_log *log, struct pl_error *err_r);
/* Writes what is pending, waiting no longer than wait_ms, and stops the thread. */
void pl_last_use_close(struct pl_last_use_log **log, int wait_ms);

#endif
