/* passkey.c - see passkey.h. */
#include "policy/credential/passkey.h"

#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "policy/account/audit.h"
#include "policy/account/member_row.h"
#include "policy/credential/factor_failure.h"

static const char *const purposes[] = {
	[PL_PASSKEY_REGISTER] = "register",
	[PL_PASSKEY_PROVE] = "prove",
};

static void digest_of(const unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES],
		      unsigned char digest_r[SHA256_DIGEST_LENGTH])
{
	SHA256(challenge, PL_PASSKEY_CHALLENGE_BYTES, digest_r);
}

/* ---- rows ---- */

static int read_row(struct pl_stmt *stmt, struct pl_passkey *row_r, struct pl_error *err)
{
	memset(row_r, 0, sizeof(*row_r));
	row_r->id = pl_col_int(stmt, "id");
	row_r->member_id = pl_col_int(stmt, "member_id");
	row_r->credential_len =
		pl_col_blob(stmt, "credential", row_r->credential, sizeof(row_r->credential));
	row_r->algorithm = (int)pl_col_int(stmt, "algorithm");
	row_r->key_len = pl_col_blob(stmt, "public_key", row_r->key, sizeof(row_r->key));
	pl_col_blob(stmt, "user_handle", row_r->user_handle, sizeof(row_r->user_handle));
	row_r->counter = pl_col_int(stmt, "counter");
	row_r->backup_eligible = pl_col_int(stmt, "backup_eligible") != 0;
	row_r->backed_up = pl_col_int(stmt, "backed_up") != 0;
	pl_col_copy(stmt, "name", row_r->name, sizeof(row_r->name));
	pl_col_copy(stmt, "transports", row_r->transports, sizeof(row_r->transports));
	row_r->created_at = pl_col_int(stmt, "created_at");
	pl_col_copy(stmt, "created_ip", row_r->created_ip, sizeof(row_r->created_ip));
	row_r->last_used_at = pl_col_int(stmt, "last_used_at");
	pl_col_copy(stmt, "last_used_ip", row_r->last_used_ip, sizeof(row_r->last_used_ip));
	return pl_row_ok(stmt, err);
}

/* The one row of the bound statement. 1, 0 or -1. */
static int read_one(struct pl_stmt *stmt, struct pl_passkey *row_r, struct pl_error *err)
{
	int ret = pl_step(stmt, err);

	if (ret == 1 && read_row(stmt, row_r, err) < 0)
		ret = -1;
	pl_reset(stmt);
	return ret;
}

int pl_passkey_list(const struct pl_work *work, int64_t member_id,
		    int (*each)(const struct pl_passkey *passkey, void *context), void *context)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_PASSKEY_LIST,
					PL_PARAMS(PL_INT("member_id", member_id)));
	struct pl_passkey row;
	int ret;

	while ((ret = pl_step(stmt, work->err)) == 1) {
		if (read_row(stmt, &row, work->err) < 0 || each(&row, context) < 0) {
			pl_reset(stmt);
			return -1;
		}
	}
	return ret;
}

int pl_passkey_by_credential(const struct pl_work *work, const void *credential, size_t len,
			     struct pl_passkey *passkey_r)
{
	return read_one(pl_query(work->store, PL_SQL_PASSKEY_BY_CREDENTIAL,
				 PL_PARAMS(PL_BLOB("credential", credential, len))),
			passkey_r, work->err);
}

int pl_passkey_owner(const struct pl_work *work, const struct pl_passkey *passkey,
		     struct pl_address *address_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_PASSKEY_OWNER,
					PL_PARAMS(PL_INT("member_id", passkey->member_id)));
	int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	pl_col_copy(stmt, "local", address_r->local, sizeof(address_r->local));
	pl_col_copy(stmt, "domain", address_r->domain, sizeof(address_r->domain));
	return pl_row_end(stmt, work->err);
}

static int read_of_member(const struct pl_work *work, int64_t member_id, int64_t id,
			  struct pl_passkey *passkey_r)
{
	return read_one(pl_query(work->store, PL_SQL_PASSKEY_GET,
				 PL_PARAMS(PL_INT("member_id", member_id),
					   PL_INT("passkey_id", id))),
			passkey_r, work->err);
}

/* ---- challenges ---- */

static int keep_first_handle(const struct pl_passkey *passkey, void *context)
{
	unsigned char **handle = context;

	if (*handle != NULL)
		memcpy(*handle, passkey->user_handle, PL_PASSKEY_HANDLE_BYTES);
	*handle = NULL;
	return 0;
}

int pl_passkey_begin(const struct pl_work *work, int64_t member_id, int64_t session_id,
		     enum pl_passkey_purpose purpose,
		     unsigned char challenge_r[PL_PASSKEY_CHALLENGE_BYTES],
		     unsigned char handle_r[PL_PASSKEY_HANDLE_BYTES])
{
	unsigned char digest[SHA256_DIGEST_LENGTH], *handle = handle_r;

	if (RAND_priv_bytes(challenge_r, PL_PASSKEY_CHALLENGE_BYTES) != 1 ||
	    RAND_priv_bytes(handle_r, PL_PASSKEY_HANDLE_BYTES) != 1)
		return pl_error_set(work->err, PL_ERR_RETRY, "there are no random bits");
	if (pl_passkey_list(work, member_id, keep_first_handle, &handle) < 0)
		return -1;
	digest_of(challenge_r, digest);
	if (pl_exec(work->store, PL_SQL_PASSKEY_CHALLENGE_REPLACE,
		    PL_PARAMS(PL_INT("session_id", session_id),
			      PL_TEXT("purpose", purposes[purpose])),
		    work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_PASSKEY_CHALLENGE_INSERT,
		       PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
				 PL_INT("session_id", session_id),
				 PL_TEXT("purpose", purposes[purpose]),
				 PL_BLOB("user_handle", handle_r, PL_PASSKEY_HANDLE_BYTES),
				 PL_INT("expires_at", work->now + PL_PASSKEY_SECONDS)),
		       work->err);
}

/* 1 when the challenge was the session's, which it is no longer; 0; -1. */
static int redeem_challenge(const struct pl_work *work, int64_t session_id,
			    enum pl_passkey_purpose purpose,
			    const unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	int64_t gone;

	digest_of(challenge, digest);
	gone = pl_exec_count(work->store, PL_SQL_PASSKEY_CHALLENGE_REDEEM,
			     PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
				       PL_INT("session_id", session_id),
				       PL_TEXT("purpose", purposes[purpose]),
				       PL_INT("now", work->now)),
			     work->err);
	return gone < 0 ? -1 : gone == 1;
}

/* ---- registration ---- */

static int read_handle(const struct pl_work *work, const unsigned char *challenge,
		       unsigned char handle_r[PL_PASSKEY_HANDLE_BYTES])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	struct pl_stmt *stmt;
	int ret;

	digest_of(challenge, digest);
	stmt = pl_query(work->store, PL_SQL_PASSKEY_CHALLENGE_HANDLE,
			PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest))));
	ret = pl_step(stmt, work->err);
	if (ret == 1) {
		pl_col_blob(stmt, "user_handle", handle_r, PL_PASSKEY_HANDLE_BYTES);
		if (pl_row_ok(stmt, work->err) < 0)
			ret = -1;
		pl_reset(stmt);
	}
	return ret;
}

static int count(const struct pl_work *work, int64_t member_id, int64_t *count_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_PASSKEY_COUNT,
					PL_PARAMS(PL_INT("member_id", member_id)));
	int ret;

	if (pl_step(stmt, work->err) != 1)
		return -1;
	*count_r = pl_col_int(stmt, "count");
	ret = pl_row_ok(stmt, work->err);
	pl_reset(stmt);
	return ret;
}

/* Whether the member has as many as there may be, and whether anybody has this one. */
static int check_room(const struct pl_work *work, const struct pl_account *account,
		      const struct pl_passkey *passkey, enum pl_passkey_added *added_r)
{
	struct pl_passkey other;
	int64_t has = 0;
	int ret = pl_passkey_by_credential(work, passkey->credential, passkey->credential_len,
					   &other);

	if (ret != 0) {
		*added_r = PL_PASSKEY_KNOWN;
		return ret < 0 ? -1 : 0;
	}
	if (count(work, account->member.id, &has) < 0)
		return -1;
	if (has >= PL_PASSKEYS)
		*added_r = PL_PASSKEY_TOO_MANY;
	return 0;
}

static int insert(const struct pl_work *work, const struct pl_account *account,
		  const struct pl_passkey *passkey)
{
	return pl_exec(work->store, PL_SQL_PASSKEY_INSERT,
		       PL_PARAMS(PL_INT("member_id", account->member.id),
				 PL_BLOB("credential", passkey->credential,
					 passkey->credential_len),
				 PL_INT("algorithm", passkey->algorithm),
				 PL_BLOB("public_key", passkey->key, passkey->key_len),
				 PL_BLOB("user_handle", passkey->user_handle,
					 PL_PASSKEY_HANDLE_BYTES),
				 PL_INT("counter", passkey->counter),
				 PL_INT("backup_eligible", passkey->backup_eligible),
				 PL_INT("backed_up", passkey->backed_up),
				 PL_TEXT("name", passkey->name),
				 PL_TEXT("transports", passkey->transports),
				 PL_INT("now", work->now), PL_TEXT("ip", work->actor.from)),
		       work->err);
}

static int record(const struct pl_work *work, const char *action, const struct pl_account *account,
		  const char *before, const char *after)
{
	char text[PL_ADDRESS_MAX + 1];

	return pl_audit_add(work, action, pl_address_format(&account->member.address, text), before,
			    after);
}

static int add(const struct pl_work *work, struct pl_account *account, int64_t session_id,
	       const unsigned char *challenge, struct pl_passkey *passkey,
	       enum pl_passkey_added *added_r)
{
	int ret = read_handle(work, challenge, passkey->user_handle);

	if (ret == 1)
		ret = redeem_challenge(work, session_id, PL_PASSKEY_REGISTER, challenge);
	if (ret != 1) {
		*added_r = PL_PASSKEY_EXPIRED;
		return ret;
	}
	*added_r = PL_PASSKEY_ADDED;
	ret = check_room(work, account, passkey, added_r);
	if (ret < 0 || *added_r != PL_PASSKEY_ADDED)
		return ret;
	if (insert(work, account, passkey) < 0 ||
	    pl_factor_registered(work, account, PL_FACTOR_PASSKEY) < 0)
		return -1;
	return record(work, "passkey.register", account, "", passkey->name);
}

int pl_passkey_register(const struct pl_work *work, struct pl_account *account, int64_t session_id,
			const unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES],
			struct pl_passkey *passkey, enum pl_passkey_added *added_r)
{
	char text[PL_ADDRESS_MAX + 1];

	return add(work, account, session_id, challenge, passkey, added_r) < 0
		       ? pl_error_prefix(work->err, "passkey of %s",
					 pl_address_format(&account->member.address, text))
		       : 0;
}

/* ---- use ---- */

int pl_passkey_use(const struct pl_work *work, const struct pl_account *account,
		   const struct pl_passkey_use *use, const struct pl_notice_origin *origin,
		   struct pl_code_answer *answer_r)
{
	int64_t used =
		pl_exec_count(work->store, PL_SQL_PASSKEY_USE,
			      PL_PARAMS(PL_INT("passkey_id", use->passkey->id),
					PL_INT("member_id", account->member.id),
					PL_INT("counter", use->counter),
					PL_INT("backed_up", use->backed_up),
					PL_INT("now", work->now), PL_TEXT("ip", work->actor.from)),
			      work->err);

	if (used < 0)
		return -1;
	if (used == 1) {
		answer_r->result = PL_CODE_RIGHT;
		return pl_factor_clear(work->store, account->member.id, work->err);
	}
	answer_r->result = PL_CODE_CLONED;
	return record(work, "passkey.cloned", account, "", use->passkey->name) < 0 ||
			       pl_notice_add(work, account->member.id, "passkey-cloned", origin) < 0
		       ? -1
		       : 0;
}

static int redeem(const struct pl_work *work, const struct pl_account *account, int64_t session_id,
		  const struct pl_passkey_use *use, const struct pl_notice_origin *origin,
		  struct pl_code_answer *answer_r)
{
	int ret;

	if ((account->member.factor_kinds & PL_FACTOR_BIT(PL_FACTOR_PASSKEY)) == 0)
		return 0; /* PL_CODE_NONE */
	ret = pl_factor_enter(work, account->member.id, answer_r);
	if (ret != 1)
		return ret;
	ret = redeem_challenge(work, session_id, PL_PASSKEY_PROVE, use->challenge);
	if (ret != 1) {
		answer_r->result = PL_CODE_USED;
		return ret;
	}
	answer_r->result = PL_CODE_WRONG;
	if (!use->is_right || use->passkey == NULL || use->passkey->member_id != account->member.id)
		return 0;
	return pl_passkey_use(work, account, use, origin, answer_r);
}

int pl_passkey_redeem_commit(const struct pl_work *work, const struct pl_account *account,
			     int64_t session_id, const struct pl_passkey_use *use,
			     const struct pl_notice_origin *origin, struct pl_code_answer *answer_r)
{
	int ret = pl_store_begin_write(work->store, work->err);

	*answer_r = (struct pl_code_answer){ .result = PL_CODE_NONE };
	if (ret == 0)
		ret = redeem(work, account, session_id, use, origin, answer_r);
	return pl_factor_finish_commit(work, ret, answer_r);
}

/* ---- names and removal ---- */

int pl_passkey_rename(const struct pl_work *work, const struct pl_account *account, int64_t id,
		      const char *name)
{
	struct pl_passkey passkey;
	int ret = read_of_member(work, account->member.id, id, &passkey);

	if (ret != 1)
		return ret;
	if (pl_exec(work->store, PL_SQL_PASSKEY_RENAME,
		    PL_PARAMS(PL_INT("passkey_id", id), PL_TEXT("name", name)), work->err) < 0 ||
	    record(work, "passkey.rename", account, passkey.name, name) < 0)
		return -1;
	return 1;
}

int pl_passkey_remove(const struct pl_work *work, struct pl_account *account, int64_t id)
{
	const int64_t member_id = account->member.id;
	struct pl_passkey passkey;
	int64_t left;
	int ret = read_of_member(work, member_id, id, &passkey);

	if (ret != 1)
		return ret;
	if (pl_exec(work->store, PL_SQL_PASSKEY_DELETE, PL_PARAMS(PL_INT("passkey_id", id)),
		    work->err) < 0 ||
	    record(work, "passkey.remove", account, passkey.name, "") < 0)
		return -1;
	if (count(work, member_id, &left) < 0)
		return -1;
	return left > 0 ? 1 : pl_factor_remove(work, account, PL_FACTOR_PASSKEY);
}
