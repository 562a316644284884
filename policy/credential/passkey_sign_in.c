/* passkey_sign_in.c - see passkey_sign_in.h. */
#include "policy/credential/passkey_sign_in.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

#include "policy/base/random.h"
#include "policy/credential/factor_failure.h"

/* A challenge: the second of its end, with the highest byte first, random bits, half of a MAC. */
#define END_BYTES 8
#define RANDOM_BYTES 8
#define MAC_AT (END_BYTES + RANDOM_BYTES)
#define MAC_BYTES 16

#define TOKEN_PREFIX "pl_pk_"
#define TOKEN_LEN (sizeof(TOKEN_PREFIX) - 1 + 43) /* 256 bits in base64url */

_Static_assert(MAC_AT + MAC_BYTES == PL_PASSKEY_CHALLENGE_BYTES, "the parts of a challenge");

/* ---- challenges ---- */

static int compute_mac(const struct pl_keys *keys, size_t index, const unsigned char *challenge,
		       unsigned char mac_r[PL_MAC_BYTES], struct pl_error *err)
{
	unsigned char key[PL_KEY_BYTES];
	unsigned int len = 0;
	int ret = pl_keys_derive(keys, index, "challenges for sign-in by passkey", key, err);

	if (ret == 0 &&
	    (HMAC(EVP_sha256(), key, sizeof(key), challenge, MAC_AT, mac_r, &len) == NULL ||
	     len != PL_MAC_BYTES))
		ret = pl_error_set(err, PL_ERR_INTERNAL, "HMAC-SHA256 has failed");
	OPENSSL_cleanse(key, sizeof(key));
	return ret;
}

int pl_passkey_sign_in_challenge(const struct pl_keys *keys, int64_t now,
				 unsigned char challenge_r[PL_PASSKEY_CHALLENGE_BYTES],
				 struct pl_error *err)
{
	const uint64_t end = (uint64_t)(now + PL_PASSKEY_SECONDS);
	unsigned char mac[PL_MAC_BYTES];

	for (int i = 0; i < END_BYTES; i++)
		challenge_r[i] = (unsigned char)(end >> (56 - 8 * i));
	if (RAND_bytes(challenge_r + END_BYTES, RANDOM_BYTES) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "there are no random bits");
	if (compute_mac(keys, 0, challenge_r, mac, err) < 0)
		return -1;
	memcpy(challenge_r + MAC_AT, mac, MAC_BYTES);
	return 0;
}

int pl_passkey_sign_in_read(const struct pl_keys *keys, int64_t now,
			    const unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES],
			    int64_t *expires_at_r, struct pl_error *err)
{
	unsigned char mac[PL_MAC_BYTES];
	uint64_t end = 0;
	int is_ours = 0;

	for (size_t i = 0; i < pl_keys_count(keys); i++) {
		if (compute_mac(keys, i, challenge, mac, err) < 0)
			return -1;
		is_ours |= CRYPTO_memcmp(mac, challenge + MAC_AT, MAC_BYTES) == 0;
	}
	for (int i = 0; i < END_BYTES; i++)
		end = end << 8 | challenge[i];
	*expires_at_r = (int64_t)end;
	return is_ours && *expires_at_r > now;
}

/* ---- the sign-in ---- */

/* 1, 0 the challenge was used up before, -1. */
static int use_up(const struct pl_work *work, const struct pl_account *account,
		  const struct pl_passkey_use *use, int64_t expires_at,
		  const struct pl_secret *token)
{
	unsigned char challenge[SHA256_DIGEST_LENGTH], digest[PL_MAC_BYTES];
	int64_t added;

	SHA256(use->challenge, sizeof(use->challenge), challenge);
	if (pl_token_digest(token, digest, work->err) < 0)
		return -1;
	added = pl_exec_count(work->store, PL_SQL_PASSKEY_SIGN_IN_INSERT,
			      PL_PARAMS(PL_BLOB("digest", challenge, sizeof(challenge)),
					PL_BLOB("token", digest, sizeof(digest)),
					PL_INT("member_id", account->member.id),
					PL_INT("expires_at", expires_at)),
			      work->err);
	return added < 0 ? -1 : added == 1;
}

int pl_passkey_sign_in_end(const struct pl_work *work, const struct pl_secret *token)
{
	unsigned char digest[PL_MAC_BYTES];

	return pl_token_digest(token, digest, work->err) < 0
		       ? -1
		       : pl_exec(work->store, PL_SQL_PASSKEY_SIGN_IN_END,
				 PL_PARAMS(PL_BLOB("token", digest, sizeof(digest))), work->err);
}

/* In the transaction of pl_passkey_sign_in_commit. */
static int redeem(const struct pl_work *work, const struct pl_account *account,
		  const struct pl_passkey_use *use, int64_t expires_at,
		  const struct pl_notice_origin *origin, const struct pl_secret *token,
		  struct pl_code_answer *answer_r)
{
	int ret = pl_factor_enter(work, account->member.id, answer_r);

	if (ret == 1) {
		ret = use_up(work, account, use, expires_at, token);
		if (ret == 0)
			answer_r->result = PL_CODE_USED;
	}
	if (ret == 1)
		ret = pl_passkey_use(work, account, use, origin, answer_r);
	/* A challenge that was answered by a copy is used up, and gives no token. */
	return ret == 0 && answer_r->result == PL_CODE_CLONED ? pl_passkey_sign_in_end(work, token)
							      : ret;
}

int pl_passkey_sign_in_commit(const struct pl_work *work, const struct pl_account *account,
			      const struct pl_passkey_use *use, int64_t expires_at,
			      const struct pl_notice_origin *origin, struct pl_secret *token_r,
			      struct pl_code_answer *answer_r)
{
	int ret;

	*answer_r = (struct pl_code_answer){ .result = PL_CODE_NONE };
	if (pl_random_token(TOKEN_PREFIX, token_r, work->err) < 0)
		return -1;
	ret = pl_store_begin_write(work->store, work->err);
	if (ret == 0)
		ret = redeem(work, account, use, expires_at, origin, token_r, answer_r);
	ret = pl_factor_finish_commit(work, ret, answer_r);
	if (ret < 0 || answer_r->result != PL_CODE_RIGHT)
		pl_secret_wipe(token_r);
	return ret;
}

int pl_passkey_sign_in_is_token(const struct pl_secret *password)
{
	return password->len == TOKEN_LEN &&
	       memcmp(password->data, TOKEN_PREFIX, sizeof(TOKEN_PREFIX) - 1) == 0;
}
