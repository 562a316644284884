/* login_record.h - what logins of members were: those that were let in, and those that were
 * refused.
 *
 * A record has the time, service, address, credential and rule of a login, and never anything of
 * what was offered as a password. Equal logins of one day (in UTC) are one record with a count, and
 * a member has no more than PL_LOGIN_RECORDS of those that were let in, and as many of those that
 * were refused: so an attack on a member neither fills the database nor pushes out the member's
 * own logins. Records are kept for activity_days. Nobody but members has any.
 */
#ifndef POSTLATCH_LOGIN_RECORD_H
#define POSTLATCH_LOGIN_RECORD_H

#include "policy/account/app_password_use.h"
#include "policy/account/last_use.h"
#include "policy/account/member.h"
#include "policy/settings/other_services.h"

#define PL_LOGIN_RECORDS 200

#define PL_LOGIN_RULE 64

struct pl_login_record {
	struct pl_address address;
	int64_t member_id; /* 0: let in for the first time, so the member is added */
	int64_t domain_id; /* of the member's domain at the login; 0: it had no row */
	enum pl_login_credential credential;
	int64_t app_password_id;                /* 0: another credential */
	struct pl_app_password_renewal renewal; /* of the app password */
	int is_decoy;                           /* it is one that nobody is to know; see decoy.h */
	int64_t application_id; /* the session of a connected application; 0: another credential */
	enum pl_setting service;
	enum pl_channel channel; /* for login_count.h; no record tells it */
	/* The name of the rule in rules.def, or of one of the driver's own (denial.h). A
	 * literal: it is not copied. */
	const char *rule;
	int refused;
	int times; /* so many equal ones, the last of them at this time */
	struct pl_ip ip;
	int64_t at;
	/* Not "": nobody has signed in, and this service is one that was denied, for
	 * denied_service.h. Of the rest, at alone counts. */
	char denied_service[PL_OTHER_SERVICE_MAX + 1];
};

/* Whether a is like b but for times and time, so that one record tells of both. */
int pl_login_record_is_like(const struct pl_login_record *a, const struct pl_login_record *b);
/* Writes the record, and the last use where the member was let in, in the caller's write
 * transaction. Writes nothing about a member that is not there, unless a first login adds it. 0, or
 * -1. */
int pl_login_record_write(const struct pl_work *work, const struct pl_login_record *record);

/* A record as it is read. */
struct pl_login_row {
	int64_t id, first_at, at; /* of the first and the last of times equal ones */
	int64_t times;
	int refused;
	enum pl_setting service;
	enum pl_login_credential credential;
	int64_t app_password_id; /* 0: another credential */
	char label
		[PL_APP_PASSWORD_LABEL_TEXT]; /* of the app password, which may be revoked by now */
	char rule[PL_LOGIN_RULE];
	char ip[PL_IP_TEXT];
};

struct pl_login_filter {
	int64_t member_id;
	/* Of the last record that is known: the list goes on with older ones. PL_LOGIN_NEWEST: it
	 * begins with the newest. */
	int64_t at, id;
	int limit;           /* no more than so many */
	int without_webmail; /* not those that a webmail made for a member who is signed in there */
};
#define PL_LOGIN_NEWEST .at = INT64_MAX, .id = INT64_MAX

/* Calls each for every such record, newest first, until it returns non-zero. 0, or -1. */
int pl_login_record_list(struct pl_store *store, const struct pl_login_filter *filter,
			 int (*each)(const struct pl_login_row *row, void *context), void *context,
			 struct pl_error *err);
/* How many records all pages of that list have, whatever its limit and position are; -1. */
int64_t pl_login_record_count(struct pl_store *store, const struct pl_login_filter *filter,
			      struct pl_error *err);

#endif
