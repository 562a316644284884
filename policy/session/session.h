/* session.h - webmail sessions: one sign-in on one device. Those of channel client are connected
 * applications (application.h).
 *
 * The browser holds a cookie, pl_ss_ and 256 random bits, of which the SHA-256
 * is stored. After the right password a session is pending: it can do nothing but
 * the second step. The second step makes it authenticated, with a new cookie, and only
 * the tokens of an authenticated session are good. One that the password alone has opened
 * becomes pending again when a second step is due later. A session is good while it is not
 * expired, not removed, and of the member's present generation.
 *
 * An idle session ends after PL_SESSION_IDLE, and any after PL_SESSION_SECONDS.
 */
#ifndef POSTLATCH_SESSION_H
#define POSTLATCH_SESSION_H

#include "policy/base/keys.h"
#include "policy/account/member.h"
#include "policy/settings/factor_kind.h"

#define PL_SESSION_SECONDS (12 * 3600)
#define PL_SESSION_IDLE (2 * 3600)     /* without a request or a token refresh */
#define PL_SESSION_PENDING_SECONDS 900 /* time for the second step */
#define PL_SESSION_SEEN_EVERY 60       /* seen_at is not written more often */

#define PL_SESSION_BY_OTHER (1u << 14) /* by a recovery code, or a trusted device */

struct pl_session {
	int64_t id;
	int64_t member_id;
	struct pl_address address;
	enum pl_channel channel;
	int pending;
	int64_t created_at, expires_at, seen_at;
	/* When a factor (or, without one, the password) was last entered. */
	int64_t reauthenticated_at;
	/* How the second factor was proven last: PL_FACTOR_BIT() of a kind, or PL_SESSION_BY_OTHER;
	 * 0: not at all. */
	unsigned int second_factor;
	int64_t trusted_id; /* the trusted device that it was opened on; 0 none */
	int passkey_alone;  /* opened without a password; only the audit record has it */
	char ip[PL_IP_TEXT];
	char device[128]; /* what the browser calls itself */
};

/* Opens a session with the fields pending, channel, ip, device, reauthenticated_at, second_factor,
 * trusted_id and passkey_alone as they are given. An authenticated one lives until expires_at
 * (0: PL_SESSION_SECONDS), a pending one PL_SESSION_PENDING_SECONDS. With cookie_r NULL it has no
 * cookie, and is never idle: a program has tokens. In a pending one, and on a
 * trusted device, nobody has reauthenticated, whatever the field says. Fills the other fields, and
 * cookie_r. The member is added when the database does not know it. In the caller's write
 * transaction. */
int pl_session_open(const struct pl_work *work, struct pl_account *account,
		    struct pl_session *session, struct pl_secret *cookie_r);
/* Makes a pending session authenticated, by a second factor or (0) without: a new cookie,
 * reauthenticated now, PL_SESSION_SECONDS
 * from now. 1, or 0 when it has ended or is authenticated already. In the caller's write
 * transaction. */
int pl_session_complete(const struct pl_work *work, int64_t id, unsigned int second_factor,
			int64_t trusted_id, struct pl_secret *cookie_r);
/* Makes an authenticated session that the password alone has opened pending again, with its
 * cookie. Its tokens are good again when it is complete. */
int pl_session_suspend(const struct pl_work *work, struct pl_session *session);
/* The member has reauthenticated now, by a second factor or (0) by the password. */
int pl_session_reauthenticated(const struct pl_work *work, int64_t id, unsigned int second_factor);
/* Notes that it is in use, at most every PL_SESSION_SEEN_EVERY. Best effort of the caller. */
int pl_session_seen(const struct pl_work *work, const struct pl_session *session, const char *ip);
/* The session of a cookie that is good now. 1, 0, or -1. */
int pl_session_by_cookie(const struct pl_work *work, const struct pl_secret *cookie,
			 struct pl_session *session_r);
/* Whether the session of a cookie that is not good any more was ended by somebody, before its time
 * was over: 1, 0, or -1. */
int pl_session_was_ended(const struct pl_work *work, const struct pl_secret *cookie);
/* Reads PL_SQL_SESSION_COLUMNS. */
void pl_session_read(struct pl_stmt *stmt, struct pl_session *session_r);
/* Reads the column channel of a row of the table. */
enum pl_channel pl_session_read_channel(struct pl_stmt *stmt);
/* The session of an id, whether it is good now or not. 1, 0, or -1. */
int pl_session_get(struct pl_store *store, int64_t id, struct pl_session *session_r,
		   struct pl_error *err);
/* The member's authenticated sessions, newest first. */
int pl_session_list(const struct pl_work *work, int64_t member_id,
		    int (*each)(const struct pl_session *session, void *context), void *context);
/* How many authenticated sessions all members have; -1 on error. */
int64_t pl_session_count(const struct pl_work *work);
/* Ends a session of the member with its tokens. 1 ended, 0 none, -1 error. In the caller's write
 * transaction. */
int pl_session_revoke(const struct pl_work *work, const struct pl_account *account, int64_t id);
/* The same from another device, with the trusted device that the session was opened on. The row
 * stays until its time is over, so that the one whose session it was can be told that it was
 * ended (pl_session_was_ended). */
int pl_session_sign_out(const struct pl_work *work, const struct pl_account *account, int64_t id);
/* Ends all sessions and trusted devices of a member by raising its generation.
 * In the caller's write transaction. */
int pl_session_revoke_all(const struct pl_work *work, struct pl_account *account);
/* The same, except for one session, which is the member's, and the device that it was opened on:
 * they get the new generation. Pending sessions end too. 0, or -1. */
int pl_session_revoke_others(const struct pl_work *work, struct pl_account *account, int64_t id);

#endif
