/* app_password.h - passwords for mail clients, scanners and scripts.
 *
 * Letters a to z, made here and shown once; spaces and case do not matter when
 * one is offered. The database holds only a MAC of each under the HMAC key. Which one a login
 * offers is found by policy/login/login.c, which reads the member's rows and compares their MACs.
 */
#ifndef POSTLATCH_APP_PASSWORD_H
#define POSTLATCH_APP_PASSWORD_H

#include "policy/base/keys.h"
#include "policy/account/app_password_use.h"
#include "policy/account/member.h"
#include "policy/credential/app_password_kind.h"

#define PL_APP_PASSWORD_NETWORKS 512
#define PL_APP_PASSWORD_MIN 16 /* letters */
#define PL_APP_PASSWORD_MAX 64
#define PL_APP_PASSWORDS_PER_MEMBER 20

struct pl_app_password {
	int64_t id;
	int64_t member_id;
	enum pl_app_password_kind kind;
	char label[PL_APP_PASSWORD_LABEL_TEXT];
	unsigned int services;                       /* policy/settings/services.h */
	char networks[PL_APP_PASSWORD_NETWORKS + 1]; /* "" for everywhere */
	int64_t expires_at;                          /* 0 for never */
	int64_t created_at;
	int64_t last_used_at; /* 0: never */
	char last_used_ip[PL_IP_TEXT];
	char last_used_service[16];
};

/* Takes out white space (pl_space_at) and folds case. 1 when the text could be an app password
 * (only letters, of a length that one can have), 0 when not. */
int pl_app_password_fold(const struct pl_secret *offered, struct pl_secret *folded_r);
/* Groups of four, "abcd efgh ijkl mnop", as shown to people. 0, or -1 when it is too long to be an
 * app password. */
int pl_app_password_display(const struct pl_secret *password, struct pl_secret *display_r);

/* Makes one with the kind, label, services, networks and expiry of app_password, whose services
 * become those of the kind if it names none; fills its other fields, and password_r, which the
 * caller wipes. The member is added when the database does not know it. 0, or -1: PL_ERR_INVALID
 * for a label or limits that make no sense, PL_ERR_CONFLICT when the member has too many. In the
 * caller's write transaction; the caller tells the member
 * (pl_app_password_tell_made). */
int pl_app_password_issue(const struct pl_work *work, const struct pl_keys *keys, size_t letters,
			  const struct pl_address *address, struct pl_app_password *app_password,
			  struct pl_secret *password_r);
/* Tells the member that it was made, in the caller's write transaction; origin as
 * pl_app_password_tell. 0, or -1. */
int pl_app_password_tell_made(const struct pl_work *work, const struct pl_app_password *made,
			      const struct pl_notice_origin *origin);
/* What a password of a member would be stored as, under each live key. */
struct pl_app_password_macs {
	size_t count;
	int key_id; /* of the first key, with which new ones are made */
	unsigned char mac[PL_KEYS_LIVE][PL_MAC_BYTES];
};

/* 0, or -1 when OpenSSL fails. */
int pl_app_password_macs(const struct pl_keys *keys, int64_t member_id,
			 const struct pl_secret *folded, struct pl_app_password_macs *macs_r,
			 struct pl_error *err);
/* Whether the app password of a row that has its mac is one of them. Compares in constant
 * time. */
int pl_app_password_matches(const struct pl_app_password_macs *macs, struct pl_stmt *stmt);
/* What is to be stored from now on for one that matches: with key_id 0, what the row has. */
void pl_app_password_renew(const struct pl_app_password_macs *macs, struct pl_stmt *stmt,
			   struct pl_app_password_renewal *renewal_r);
/* Reads services, networks and expires_at of a row. */
void pl_app_password_read_limits(struct pl_stmt *stmt, struct pl_app_password *row_r);
/* Which of its limits does not hold. Pure. */
enum pl_app_password_limit pl_app_password_limit(const struct pl_app_password *app_password,
						 enum pl_setting service, const struct pl_ip *ip,
						 int64_t now);
/* How many the member has; -1. */
int64_t pl_app_password_count(struct pl_store *store, int64_t member_id, struct pl_error *err);
/* Calls each for every app password of the member, oldest first, until it returns non-zero. 0, or
 * -1. */
int pl_app_password_list(struct pl_store *store, int64_t member_id,
			 int (*each)(const struct pl_app_password *app_password, void *context),
			 void *context, struct pl_error *err);
/* One of the member's, or the oldest (id 0). 1, 0 when there is none, or -1. */
int pl_app_password_get(struct pl_store *store, int64_t member_id, int64_t id,
			struct pl_app_password *app_password_r, struct pl_error *err);
/* Gives one of the member's (id) other limits: services, networks and expires_at of limits, none of
 * which may be wider than it is. 1; 0 when the member does not have it; -1: PL_ERR_INVALID for
 * limits that are wider or make no sense. In the caller's write transaction. */
int pl_app_password_narrow(const struct pl_work *work, const struct pl_address *address, int64_t id,
			   const struct pl_app_password *limits);
/* Revokes one of the member's (id), or all (id 0), and tells the member; origin as
 * pl_app_password_tell. Returns how many, or -1. */
int64_t pl_app_password_revoke(const struct pl_work *work, const struct pl_address *address,
			       int64_t id, const struct pl_notice_origin *origin);

#endif
