/* session.c - see session.h. */
#include "policy/session/session.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/base/random.h"
#include "policy/credential/profile_link.h"

#define COOKIE_PREFIX "pl_ss_"

/* cookie is a digest, or NULL for a session that has none. */
static int insert_session(struct pl_store *store, struct pl_session *session, int64_t generation,
			  const unsigned char *cookie, struct pl_error *err)
{
	return pl_insert(store, PL_SQL_SESSION_INSERT,
			 PL_PARAMS(PL_INT("member_id", session->member_id),
				   PL_TEXT("channel", pl_channel_name(session->channel)),
				   PL_INT("generation", generation),
				   PL_INT("created_at", session->created_at),
				   PL_INT("expires_at", session->expires_at),
				   PL_TEXT("ip", session->ip), PL_TEXT("device", session->device),
				   PL_BLOB("cookie", cookie, PL_MAC_BYTES),
				   PL_INT("pending", session->pending),
				   PL_INT("seen_at", session->seen_at),
				   PL_INT("reauthenticated_at", session->reauthenticated_at),
				   PL_INT("second_factor", session->second_factor),
				   PL_ID("trusted_id", session->trusted_id)),
			 &session->id, err);
}

/* A pending session is not a sign-in yet, and leaves no record; that of a program without a cookie
 * is recorded as the connection of an application. */
static int record_opened(const struct pl_work *work, const struct pl_session *session,
			 int has_cookie)
{
	char text[PL_ADDRESS_MAX + 1], after[PL_AUDIT_TEXT];

	if (session->pending || !has_cookie)
		return 0;
	snprintf(after, sizeof(after), "id=%lld channel=%s%s ip=%s device=%s",
		 (long long)session->id, pl_channel_name(session->channel),
		 session->passkey_alone ? " by=passkey" : "", session->ip, session->device);
	return pl_audit_add(work, "session.open", pl_address_format(&session->address, text), "",
			    after);
}

/* Writes a session of the member, which is added at need. */
static int add(const struct pl_work *work, struct pl_account *account, struct pl_session *session,
	       const unsigned char *cookie)
{
	if (pl_member_ensure(work, account) < 0)
		return -1;
	session->address = account->member.address;
	session->member_id = account->member.id;
	if (insert_session(work->store, session, account->member.generation, cookie, work->err) < 0)
		return -1;
	return record_opened(work, session, cookie != NULL);
}

static int new_cookie(struct pl_secret *cookie_r, unsigned char digest_r[PL_MAC_BYTES],
		      struct pl_error *err)
{
	return pl_random_token(COOKIE_PREFIX, cookie_r, err) < 0
		       ? -1
		       : pl_token_digest(cookie_r, digest_r, err);
}

static void set_times(struct pl_session *session, int64_t now)
{
	session->created_at = session->seen_at = now;
	/* On a trusted device the factor was left out. */
	if (session->pending || session->trusted_id != 0)
		session->reauthenticated_at = 0;
	if (session->pending)
		session->expires_at = session->created_at + PL_SESSION_PENDING_SECONDS;
	else if (session->expires_at == 0)
		session->expires_at = session->created_at + PL_SESSION_SECONDS;
}

int pl_session_open(const struct pl_work *work, struct pl_account *account,
		    struct pl_session *session, struct pl_secret *cookie_r)
{
	char text[PL_ADDRESS_MAX + 1];
	unsigned char digest[PL_MAC_BYTES];
	const int has_cookie = cookie_r != NULL;

	set_times(session, work->now);
	if ((!has_cookie || new_cookie(cookie_r, digest, work->err) == 0) &&
	    add(work, account, session, has_cookie ? digest : NULL) == 0)
		return 0;
	if (has_cookie)
		pl_secret_wipe(cookie_r);
	return pl_error_prefix(work->err, "session of %s",
			       pl_address_format(&account->member.address, text));
}

enum pl_channel pl_session_read_channel(struct pl_stmt *stmt)
{
	const char *name = pl_col_text(stmt, "channel");

	return name != NULL && strcmp(name, pl_channel_name(PL_CHANNEL_WEBMAIL)) == 0
		       ? PL_CHANNEL_WEBMAIL
		       : PL_CHANNEL_CLIENT;
}

void pl_session_read(struct pl_stmt *stmt, struct pl_session *session_r)
{
	memset(session_r, 0, sizeof(*session_r));
	session_r->id = pl_col_int(stmt, "id");
	session_r->member_id = pl_col_int(stmt, "member_id");
	pl_col_copy(stmt, "local", session_r->address.local, sizeof(session_r->address.local));
	pl_col_copy(stmt, "domain", session_r->address.domain, sizeof(session_r->address.domain));
	session_r->channel = pl_session_read_channel(stmt);
	session_r->pending = pl_col_int(stmt, "pending") != 0;
	session_r->created_at = pl_col_int(stmt, "created_at");
	session_r->expires_at = pl_col_int(stmt, "expires_at");
	session_r->seen_at = pl_col_int(stmt, "seen_at");
	session_r->reauthenticated_at = pl_col_int(stmt, "reauthenticated_at");
	session_r->second_factor = (unsigned int)pl_col_int(stmt, "second_factor");
	session_r->trusted_id = pl_col_int(stmt, "trusted_id");
	pl_col_copy(stmt, "ip", session_r->ip, sizeof(session_r->ip));
	pl_col_copy(stmt, "device", session_r->device, sizeof(session_r->device));
}

/* The one row of a statement that is bound: 1, 0, or -1. */
static int read_one(struct pl_stmt *stmt, struct pl_session *session_r, struct pl_error *err)
{
	int ret = pl_step(stmt, err);

	if (ret != 1)
		return ret;
	pl_session_read(stmt, session_r);
	return pl_row_end(stmt, err);
}

int pl_session_get(struct pl_store *store, int64_t id, struct pl_session *session_r,
		   struct pl_error *err)
{
	struct pl_stmt *stmt;

	stmt = pl_query(store, PL_SQL_SESSION_GET, PL_PARAMS(PL_INT("session_id", id)));
	return read_one(stmt, session_r, err);
}

static int64_t complete(const struct pl_work *work, int64_t id, unsigned int second_factor,
			int64_t trusted_id, const unsigned char *cookie)
{
	return pl_exec_count(work->store, PL_SQL_SESSION_COMPLETE,
			     PL_PARAMS(PL_BLOB("cookie", cookie, PL_MAC_BYTES),
				       PL_INT("now", work->now),
				       PL_INT("expires_at", work->now + PL_SESSION_SECONDS),
				       PL_INT("second_factor", second_factor),
				       PL_ID("trusted_id", trusted_id), PL_INT("session_id", id)),
			     work->err);
}

int pl_session_complete(const struct pl_work *work, int64_t id, unsigned int second_factor,
			int64_t trusted_id, struct pl_secret *cookie_r)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_session session;
	int64_t changed = -1;

	if (new_cookie(cookie_r, digest, work->err) == 0)
		changed = complete(work, id, second_factor, trusted_id, digest);
	if (changed == 1 && (pl_session_get(work->store, id, &session, work->err) != 1 ||
			     record_opened(work, &session, 1) < 0))
		changed = -1;
	if (changed != 1)
		pl_secret_wipe(cookie_r);
	return changed < 0 ? pl_error_prefix(work->err, "session %lld", (long long)id)
			   : (int)changed;
}

int pl_session_suspend(const struct pl_work *work, struct pl_session *session)
{
	const int64_t end = work->now + PL_SESSION_PENDING_SECONDS;

	session->pending = 1;
	if (session->expires_at > end)
		session->expires_at = end;
	return pl_exec(work->store, PL_SQL_SESSION_SUSPEND,
		       PL_PARAMS(PL_INT("expires_at", session->expires_at),
				 PL_INT("session_id", session->id)),
		       work->err);
}

int pl_session_reauthenticated(const struct pl_work *work, int64_t id, unsigned int second_factor)
{
	return pl_exec(work->store, PL_SQL_SESSION_REAUTHENTICATED,
		       PL_PARAMS(PL_INT("now", work->now), PL_INT("second_factor", second_factor),
				 PL_INT("session_id", id)),
		       work->err);
}

int pl_session_seen(const struct pl_work *work, const struct pl_session *session, const char *ip)
{
	if (work->now - session->seen_at < PL_SESSION_SEEN_EVERY)
		return 0;
	return pl_exec(work->store, PL_SQL_SESSION_SEEN,
		       PL_PARAMS(PL_INT("now", work->now), PL_TEXT("ip", ip),
				 PL_INT("session_id", session->id)),
		       work->err);
}

int pl_session_by_cookie(const struct pl_work *work, const struct pl_secret *cookie,
			 struct pl_session *session_r)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_stmt *stmt;

	memset(session_r, 0, sizeof(*session_r));
	if (pl_token_digest(cookie, digest, work->err) < 0)
		return -1;
	stmt = pl_query(work->store, PL_SQL_SESSION_BY_COOKIE,
			PL_PARAMS(PL_BLOB("cookie", digest, sizeof(digest)),
				  PL_INT("now", work->now),
				  PL_INT("idle_since", work->now - PL_SESSION_IDLE)));
	return read_one(stmt, session_r, work->err);
}

int pl_session_was_ended(const struct pl_work *work, const struct pl_secret *cookie)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_stmt *stmt;
	int ret;

	if (pl_token_digest(cookie, digest, work->err) < 0)
		return -1;
	stmt = pl_query(work->store, PL_SQL_SESSION_UNEXPIRED,
			PL_PARAMS(PL_BLOB("cookie", digest, sizeof(digest)),
				  PL_INT("now", work->now),
				  PL_INT("idle_since", work->now - PL_SESSION_IDLE)));
	ret = pl_step(stmt, work->err);
	return ret == 1 ? pl_row_end(stmt, work->err) : ret;
}

int pl_session_list(const struct pl_work *work, int64_t member_id,
		    int (*each)(const struct pl_session *session, void *context), void *context)
{
	struct pl_stmt *stmt;
	struct pl_session session;
	int ret;

	stmt = pl_query(work->store, PL_SQL_SESSION_LIST,
			PL_PARAMS(PL_INT("member_id", member_id), PL_INT("now", work->now),
				  PL_INT("idle_since", work->now - PL_SESSION_IDLE)));
	while ((ret = pl_step(stmt, work->err)) == 1) {
		pl_session_read(stmt, &session);
		if (each(&session, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

int64_t pl_session_count(const struct pl_work *work)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_SESSION_COUNT,
			 PL_PARAMS(PL_INT("now", work->now),
				   PL_INT("idle_since", work->now - PL_SESSION_IDLE)));
	int64_t count;

	if (pl_step(stmt, work->err) < 0)
		return -1;
	count = pl_col_int(stmt, "count");
	return pl_row_end(stmt, work->err) < 0 ? -1 : count;
}

static int64_t run_of(struct pl_store *store, enum pl_sql sql, int64_t id, int64_t member_id,
		      struct pl_error *err)
{
	return pl_exec_count(store, sql,
			     PL_PARAMS(PL_INT("session_id", id), PL_INT("member_id", member_id)),
			     err);
}

static int record_ended(const struct pl_work *work, const struct pl_account *account, int64_t id,
			const char *more)
{
	char text[PL_ADDRESS_MAX + 1], before[PL_AUDIT_TEXT];

	snprintf(before, sizeof(before), "id=%lld%s", (long long)id, more);
	return pl_audit_add(work, "session.revoke",
			    pl_address_format(&account->member.address, text), before, "") < 0
		       ? -1
		       : 1;
}

int pl_session_revoke(const struct pl_work *work, const struct pl_account *account, int64_t id)
{
	int64_t gone =
		run_of(work->store, PL_SQL_SESSION_DELETE, id, account->member.id, work->err);

	return gone > 0 ? record_ended(work, account, id, "") : (int)gone;
}

static int delete_tokens(const struct pl_work *work, int64_t id)
{
	return pl_exec(work->store, PL_SQL_SESSION_END_GRANTS, PL_PARAMS(PL_INT("session_id", id)),
		       work->err) < 0
		       ? -1
		       : pl_exec(work->store, PL_SQL_SESSION_END_TOKENS,
				 PL_PARAMS(PL_INT("session_id", id)), work->err);
}

int pl_session_sign_out(const struct pl_work *work, const struct pl_account *account, int64_t id)
{
	const int64_t member_id = account->member.id;
	int64_t trusts, ended;

	trusts = run_of(work->store, PL_SQL_SESSION_DELETE_TRUST, id, member_id, work->err);
	ended = trusts < 0 ? -1 : run_of(work->store, PL_SQL_SESSION_END, id, member_id, work->err);
	if (ended > 0 && delete_tokens(work, id) < 0)
		return -1;
	return ended > 0 ? record_ended(work, account, id, trusts > 0 ? " with trust" : "")
			 : (int)ended;
}

/* 1, 0 when there is no such member, or -1. */
static int raise_generation(const struct pl_work *work, struct pl_account *account)
{
	int64_t raised =
		pl_exec_count(work->store, PL_SQL_MEMBER_RAISE_GENERATION,
			      PL_PARAMS(PL_INT("member_id", account->member.id)), work->err);

	account->member.generation += raised == 1;
	/* Somebody who was signed in may have made a link, and use it later. */
	if (raised == 1 && pl_profile_link_end_all(work, account->member.id) < 0)
		return -1;
	return (int)raised;
}

int pl_session_revoke_all(const struct pl_work *work, struct pl_account *account)
{
	char text[PL_ADDRESS_MAX + 1];
	int raised = raise_generation(work, account);

	return raised <= 0
		       ? raised
		       : pl_audit_add(work, "session.revoke-all",
				      pl_address_format(&account->member.address, text), "", "");
}

static int keep(const struct pl_work *work, const struct pl_member *member, int64_t id)
{
	static const enum pl_sql statements[] = { PL_SQL_SESSION_KEEP, PL_SQL_SESSION_KEEP_TRUST };

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		if (pl_exec(work->store, statements[i],
			    PL_PARAMS(PL_INT("generation", member->generation),
				      PL_INT("session_id", id), PL_INT("member_id", member->id)),
			    work->err) < 0)
			return -1;
	}
	return 0;
}

int pl_session_revoke_others(const struct pl_work *work, struct pl_account *account, int64_t id)
{
	char text[PL_ADDRESS_MAX + 1], after[PL_AUDIT_TEXT];
	int raised = raise_generation(work, account);

	if (raised <= 0)
		return raised;
	snprintf(after, sizeof(after), "kept=%lld", (long long)id);
	return keep(work, &account->member, id) < 0
		       ? -1
		       : pl_audit_add(work, "session.revoke-others",
				      pl_address_format(&account->member.address, text), "", after);
}
