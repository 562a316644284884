/* enrolment.c - see enrolment.h. */
#include "policy/approval/enrolment.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "policy/account/member.h"

#define MAC_PREFIX "approval:" /* in front of what is MACed */

/* A number of so many decimal digits, all of them equally likely. 0, or -1. */
static int random_digits(int digits, char *text_r, struct pl_error *err)
{
	uint64_t most = 1, random;

	for (int i = 0; i < digits; i++)
		most *= 10;
	do {
		if (RAND_priv_bytes((unsigned char *)&random, sizeof(random)) != 1)
			return pl_error_set(err, PL_ERR_RETRY, "there are no random bits");
	} while (random >= UINT64_MAX - UINT64_MAX % most);
	snprintf(text_r, (size_t)digits + 1, "%0*llu", digits, (unsigned long long)(random % most));
	return 0;
}

static int mac_of(const struct pl_keys *verify, size_t index, int64_t member_id, const char *code,
		  unsigned char mac_r[PL_MAC_BYTES], struct pl_error *err)
{
	char text[sizeof(MAC_PREFIX) + PL_ENROLMENT_CODE];
	struct pl_secret secret;
	int ret;

	snprintf(text, sizeof(text), MAC_PREFIX "%.*s", PL_ENROLMENT_CODE, code);
	pl_secret_set(&secret, text, strlen(text));
	ret = pl_keys_mac(verify, index, member_id, &secret, mac_r, err);
	pl_secret_wipe(&secret);
	OPENSSL_cleanse(text, sizeof(text));
	return ret;
}

static int insert(const struct pl_work *work, const struct pl_keys *verify, int64_t member_id,
		  int64_t session_id, const struct pl_enrolment_offer *offer)
{
	unsigned char digest[SHA256_DIGEST_LENGTH], mac[PL_MAC_BYTES];

	SHA256(offer->secret, sizeof(offer->secret), digest);
	if (mac_of(verify, 0, member_id, offer->code, mac, work->err) < 0 ||
	    pl_exec(work->store, PL_SQL_APPROVAL_ENROLMENT_DELETE,
		    PL_PARAMS(PL_INT("member_id", member_id)), work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_APPROVAL_ENROLMENT_INSERT,
		       PL_PARAMS(PL_INT("member_id", member_id), PL_INT("session_id", session_id),
				 PL_BLOB("secret", digest, sizeof(digest)),
				 PL_BLOB("code", mac, sizeof(mac)),
				 PL_INT("expires_at", offer->expires_at)),
		       work->err);
}

int pl_enrolment_begin(const struct pl_work *work, const struct pl_keys *verify,
		       const struct pl_account *account, int64_t session_id,
		       struct pl_enrolment_offer *offer_r)
{
	offer_r->expires_at = work->now + PL_ENROLMENT_SECONDS;
	if (RAND_priv_bytes(offer_r->secret, sizeof(offer_r->secret)) != 1)
		return pl_error_set(work->err, PL_ERR_RETRY, "there are no random bits");
	if (random_digits(PL_ENROLMENT_CODE, offer_r->code, work->err) < 0)
		return -1;
	return insert(work, verify, account->member.id, session_id, offer_r);
}

/* ---- rows ---- */

static int read_one(struct pl_stmt *stmt, struct pl_enrolment *row_r, struct pl_error *err)
{
	int ret = pl_step(stmt, err);

	memset(row_r, 0, sizeof(*row_r));
	if (ret != 1)
		return ret;
	row_r->member_id = pl_col_int(stmt, "member_id");
	row_r->expires_at = pl_col_int(stmt, "expires_at");
	pl_col_copy(stmt, "local", row_r->address.local, sizeof(row_r->address.local));
	pl_col_copy(stmt, "domain", row_r->address.domain, sizeof(row_r->address.domain));
	row_r->is_claimed = pl_col_blob(stmt, "public_key", row_r->device.key,
					sizeof(row_r->device.key)) == PL_DEVICE_KEY_BYTES;
	pl_col_lock(stmt, &row_r->device.lock);
	pl_col_copy(stmt, "device_name", row_r->device.name, sizeof(row_r->device.name));
	pl_col_copy(stmt, "device_ip", row_r->device.created_ip, sizeof(row_r->device.created_ip));
	pl_col_copy(stmt, "number", row_r->number, sizeof(row_r->number));
	if (pl_row_ok(stmt, err) < 0)
		ret = -1;
	pl_reset(stmt);
	return ret;
}

int pl_enrolment_of_session(const struct pl_work *work, int64_t session_id,
			    struct pl_enrolment *enrolment_r)
{
	return read_one(pl_query(work->store, PL_SQL_APPROVAL_ENROLMENT_OF_SESSION,
				 PL_PARAMS(PL_INT("session_id", session_id),
					   PL_INT("now", work->now))),
			enrolment_r, work->err);
}

int pl_enrolment_of_key(const struct pl_work *work, const unsigned char key[PL_DEVICE_KEY_BYTES],
			struct pl_enrolment *enrolment_r)
{
	return read_one(pl_query(work->store, PL_SQL_APPROVAL_ENROLMENT_OF_KEY,
				 PL_PARAMS(PL_BLOB("public_key", key, PL_DEVICE_KEY_BYTES),
					   PL_INT("now", work->now))),
			enrolment_r, work->err);
}

/* ---- claims ---- */

/* Whether a device, or another claim, has the key. 1, 0 or -1. */
static int is_known(const struct pl_work *work, const struct pl_approval_device *device)
{
	struct pl_approval_device other;
	struct pl_enrolment enrolment;
	int ret = pl_approval_device_by_key(work, device->key, &other);

	return ret != 0 ? ret : pl_enrolment_of_key(work, device->key, &enrolment);
}

/* Claims the open one that the digest names. */
static int claim(const struct pl_work *work, const unsigned char digest[SHA256_DIGEST_LENGTH],
		 const struct pl_approval_device *device, enum pl_enrolment_claimed *claimed_r)
{
	char number[PL_ENROLMENT_NUMBER + 1];
	int64_t changed;
	int known = is_known(work, device);

	if (known != 0) {
		*claimed_r = PL_ENROLMENT_KNOWN;
		return known < 0 ? -1 : 0;
	}
	if (random_digits(PL_ENROLMENT_NUMBER, number, work->err) < 0)
		return -1;
	changed = pl_exec_count(work->store, PL_SQL_APPROVAL_ENROLMENT_CLAIM,
				PL_PARAMS(PL_BLOB("secret", digest, SHA256_DIGEST_LENGTH),
					  PL_BLOB("public_key", device->key, PL_DEVICE_KEY_BYTES),
					  PL_APPROVAL_LOCK(&device->lock),
					  PL_TEXT("name", device->name),
					  PL_TEXT("ip", device->created_ip),
					  PL_TEXT("number", number), PL_INT("now", work->now)),
				work->err);
	*claimed_r = changed == 1 ? PL_ENROLMENT_CLAIMED : PL_ENROLMENT_WRONG;
	return changed < 0 ? -1 : 0;
}

int pl_enrolment_claim_commit(const struct pl_work *work,
			      const unsigned char secret[PL_ENROLMENT_SECRET_BYTES],
			      const struct pl_approval_device *device,
			      enum pl_enrolment_claimed *claimed_r)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256(secret, PL_ENROLMENT_SECRET_BYTES, digest);
	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	return pl_store_finish(work->store, claim(work, digest, device, claimed_r), work->err);
}

/* What is compared with a code: of nobody, where none is open. */
struct open_code {
	int64_t member_id;
	unsigned char digest[SHA256_DIGEST_LENGTH], mac[PL_MAC_BYTES];
};

static int read_open(const struct pl_work *work, const struct pl_address *address,
		     struct open_code *open_r)
{
	struct pl_account account;
	struct pl_stmt *stmt;
	int ret;

	memset(open_r, 0, sizeof(*open_r));
	if (pl_account_get(work->store, address, &account, work->err) < 0)
		return -1;
	stmt = pl_query(work->store, PL_SQL_APPROVAL_ENROLMENT_OPEN,
			PL_PARAMS(PL_INT("member_id", account.member.id),
				  PL_INT("now", work->now)));
	ret = pl_step(stmt, work->err);
	if (ret == 1) {
		open_r->member_id = account.member.id;
		pl_col_blob(stmt, "secret", open_r->digest, sizeof(open_r->digest));
		pl_col_blob(stmt, "code", open_r->mac, sizeof(open_r->mac));
		if (pl_row_ok(stmt, work->err) < 0)
			ret = -1;
	}
	pl_reset(stmt);
	return ret;
}

/* With one of the keys; as much work where none is open. 1, 0 or -1. */
static int is_right(const struct pl_work *work, const struct pl_keys *verify,
		    const struct open_code *open, const char *code)
{
	unsigned char mac[PL_MAC_BYTES];
	int right = 0;

	for (size_t i = 0; i < pl_keys_count(verify); i++) {
		if (mac_of(verify, i, open->member_id, code, mac, work->err) < 0)
			return -1;
		right |= CRYPTO_memcmp(mac, open->mac, sizeof(mac)) == 0;
	}
	return right && open->member_id != 0;
}

static int count_wrong(const struct pl_work *work, const struct open_code *open)
{
	if (pl_exec(work->store, PL_SQL_APPROVAL_TRY_INSERT, PL_PARAMS(PL_INT("now", work->now)),
		    work->err) < 0 ||
	    pl_exec(work->store, PL_SQL_APPROVAL_ENROLMENT_WRONG,
		    PL_PARAMS(PL_INT("member_id", open->member_id)), work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_APPROVAL_ENROLMENT_SPENT,
		       PL_PARAMS(PL_INT("member_id", open->member_id),
				 PL_INT("most", PL_ENROLMENT_TRIES)),
		       work->err);
}

static int count_tries(const struct pl_work *work, int64_t *count_r)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_APPROVAL_TRY_COUNT,
			 PL_PARAMS(PL_INT("since", work->now - PL_ENROLMENT_SECONDS)));

	if (pl_step(stmt, work->err) != 1)
		return -1;
	*count_r = pl_col_int(stmt, "count");
	pl_reset(stmt);
	return 0;
}

static int claim_code(const struct pl_work *work, const struct pl_keys *verify,
		      const struct pl_address *address, const char *code,
		      const struct pl_approval_device *device, enum pl_enrolment_claimed *claimed_r)
{
	struct open_code open;
	int64_t tries;
	int right;

	if (count_tries(work, &tries) < 0 || read_open(work, address, &open) < 0)
		return -1;
	if (tries >= PL_ENROLMENT_ALL_TRIES) {
		*claimed_r = PL_ENROLMENT_TOO_MANY;
		return 0;
	}
	right = is_right(work, verify, &open, code);
	if (right == 1)
		return claim(work, open.digest, device, claimed_r);
	*claimed_r = PL_ENROLMENT_WRONG;
	return right < 0 ? -1 : count_wrong(work, &open);
}

int pl_enrolment_claim_code_commit(const struct pl_work *work, const struct pl_keys *verify,
				   const struct pl_address *address, const char *code,
				   const struct pl_approval_device *device,
				   enum pl_enrolment_claimed *claimed_r)
{
	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	return pl_store_finish(work->store,
			       claim_code(work, verify, address, code, device, claimed_r),
			       work->err);
}

/* ---- the end ---- */

int pl_enrolment_confirm(const struct pl_work *work, struct pl_account *account, int64_t session_id,
			 const char *number, enum pl_enrolment_confirmed *confirmed_r)
{
	struct pl_enrolment enrolment;
	int ret = pl_enrolment_of_session(work, session_id, &enrolment);

	*confirmed_r = PL_ENROLMENT_GONE;
	if (ret != 1 || !enrolment.is_claimed || enrolment.member_id != account->member.id ||
	    strcmp(enrolment.number, number) != 0)
		return ret < 0 ? -1 : 0;
	if (pl_exec(work->store, PL_SQL_APPROVAL_ENROLMENT_DELETE,
		    PL_PARAMS(PL_INT("member_id", account->member.id)), work->err) < 0)
		return -1;
	ret = pl_approval_device_add(work, account, &enrolment.device);
	*confirmed_r = ret == 1 ? PL_ENROLMENT_CONFIRMED : PL_ENROLMENT_TOO_MANY_DEVICES;
	return ret < 0 ? -1 : 0;
}
