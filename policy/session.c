/* session.c - see session.h. */
#include "session.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "member_row.h"

#define TOKEN_PREFIX "pl_at_" /* lets secret scanners find a leaked one */
#define TOKEN_BYTES 32

/* base64url without padding (RFC 4648 5). */
static int new_token(struct pl_secret *token_r, struct pl_error *err)
{
	unsigned char random[TOKEN_BYTES];
	unsigned char text[4 * ((TOKEN_BYTES + 2) / 3) + 1];
	size_t prefix = sizeof(TOKEN_PREFIX) - 1;
	int len;

	if (RAND_priv_bytes(random, sizeof(random)) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL has no random numbers");
	len = EVP_EncodeBlock(text, random, sizeof(random));
	pl_secret_set(token_r, TOKEN_PREFIX, prefix);
	for (int i = 0; i < len && text[i] != '='; i++) {
		unsigned char c = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];

		token_r->data[token_r->len++] = c;
	}
	token_r->data[token_r->len] = '\0';
	OPENSSL_cleanse(random, sizeof(random));
	OPENSSL_cleanse(text, sizeof(text));
	return 0;
}

static int insert_session(struct pl_store *store, struct pl_session *wish, int64_t generation,
			  struct pl_error *err)
{
	struct pl_stmt *stmt = pl_stmt(store, PL_SQL_SESSION_INSERT);

	wish->created_at = time(NULL);
	pl_bind_int(stmt, wish->member_id);
	pl_bind_text(stmt, pl_channel_name(wish->channel));
	pl_bind_int(stmt, generation);
	pl_bind_int(stmt, wish->created_at);
	pl_bind_int(stmt, wish->expires_at);
	pl_bind_text(stmt, wish->ip);
	pl_bind_text(stmt, wish->device);
	if (pl_step(stmt, err) < 0)
		return -1;
	wish->id = pl_col_int(stmt, "id");
	pl_reset(stmt);
	return 0;
}

static int insert_token(struct pl_store *store, int64_t session_id, int64_t expires_at,
			const struct pl_secret *token, struct pl_error *err)
{
	struct pl_stmt *stmt = pl_stmt(store, PL_SQL_TOKEN_INSERT);
	unsigned char digest[PL_MAC_BYTES];

	if (pl_token_digest(token, digest, err) < 0)
		return -1;
	pl_bind_blob(stmt, digest, sizeof(digest));
	pl_bind_int(stmt, session_id);
	pl_bind_int(stmt, expires_at);
	return pl_run(stmt, err) < 0 ? -1 : 0;
}

int pl_session_issue(struct pl_store *store, const struct pl_actor *actor,
		     const struct pl_address *address, struct pl_session *wish,
		     int64_t token_expires_at, struct pl_secret *token_r, struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 1], after[PL_AUDIT_TEXT];
	struct pl_account account;

	pl_address_format(address, text);
	if (new_token(token_r, err) < 0 ||
	    pl_member_ensure(store, actor, address, &wish->member_id, err) < 0 ||
	    pl_account_get(store, address, &account, err) < 0 ||
	    insert_session(store, wish, account.member.generation, err) < 0 ||
	    insert_token(store, wish->id, token_expires_at, token_r, err) < 0)
		goto fail;
	snprintf(after, sizeof(after), "id=%lld channel=%s ip=%s", (long long)wish->id,
		 pl_channel_name(wish->channel), wish->ip);
	if (pl_audit_add(store, actor, "session.open", text, "", after, err) == 0)
		return 0;
fail:
	pl_secret_wipe(token_r);
	return pl_error_prefix(err, "session of %s", text);
}

int pl_session_by_token(struct pl_store *store, const struct pl_secret *token, int64_t now,
			struct pl_session *session_r, struct pl_error *err)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_stmt *stmt;
	const char *channel;
	int ret;

	memset(session_r, 0, sizeof(*session_r));
	if (pl_token_digest(token, digest, err) < 0)
		return -1;
	stmt = pl_stmt(store, PL_SQL_SESSION_BY_TOKEN);
	pl_bind_blob(stmt, digest, sizeof(digest));
	pl_bind_int(stmt, now);
	pl_bind_int(stmt, now);
	ret = pl_step(stmt, err);
	if (ret != 1)
		return ret;
	session_r->id = pl_col_int(stmt, "id");
	session_r->member_id = pl_col_int(stmt, "member_id");
	channel = pl_col_text(stmt, "channel");
	session_r->channel = channel != NULL && strcmp(channel, "webmail") == 0 ? PL_CHANNEL_WEBMAIL
										: PL_CHANNEL_CLIENT;
	session_r->created_at = pl_col_int(stmt, "created_at");
	session_r->expires_at = pl_col_int(stmt, "expires_at");
	pl_col_copy(stmt, "ip", session_r->ip, sizeof(session_r->ip));
	pl_col_copy(stmt, "device", session_r->device, sizeof(session_r->device));
	ret = pl_row_ok(stmt, err);
	pl_reset(stmt);
	return ret < 0 ? -1 : 1;
}

int pl_session_revoke(struct pl_store *store, const struct pl_actor *actor, int64_t id,
		      struct pl_error *err)
{
	struct pl_stmt *stmt = pl_stmt(store, PL_SQL_SESSION_DELETE);
	char object[32];
	int64_t gone;

	pl_bind_int(stmt, id);
	gone = pl_run(stmt, err);
	if (gone <= 0)
		return (int)gone;
	snprintf(object, sizeof(object), "session %lld", (long long)id);
	return pl_audit_add(store, actor, "session.revoke", object, "", "", err) < 0 ? -1 : 1;
}

int pl_session_revoke_all(struct pl_store *store, const struct pl_actor *actor,
			  const struct pl_address *address, struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_account account;
	struct pl_stmt *stmt;

	if (pl_account_get(store, address, &account, err) < 0)
		return -1;
	stmt = pl_stmt(store, PL_SQL_MEMBER_RAISE_GENERATION);
	pl_bind_int(stmt, account.member.id);
	if (pl_run(stmt, err) < 0)
		return -1;
	return pl_audit_add(store, actor, "session.revoke-all", pl_address_format(address, text), "",
			    "", err);
}
