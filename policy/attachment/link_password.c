/* link_password.c - see link_password.h. */
#include "policy/attachment/link_password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "policy/account/audit.h"
#include "policy/base/random.h"

#define MAC_TEXT (2 * PL_MAC_BYTES + 1)

/* Hexadecimal digits of what is stored, with one of the keys. */
static int compute(const struct pl_keys *keys, size_t index, int64_t link_id, const char *password,
		   char text_r[MAC_TEXT], struct pl_error *err)
{
	unsigned char key[PL_KEY_BYTES], mac[PL_MAC_BYTES], bytes[8 + PL_LINK_PASSWORD_MAX];
	const size_t length = strlen(password);
	unsigned int len = 0;
	int ret = pl_keys_derive(keys, index, "passwords of links", key, err);

	for (size_t i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)link_id >> (56 - 8 * i));
	memcpy(bytes + 8, password, length);
	if (ret == 0 &&
	    (HMAC(EVP_sha256(), key, sizeof(key), bytes, 8 + length, mac, &len) == NULL ||
	     len != PL_MAC_BYTES))
		ret = pl_error_set(err, PL_ERR_INTERNAL, "HMAC-SHA256 has failed");
	if (ret == 0)
		pl_hex(mac, sizeof(mac), text_r);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return ret;
}

static size_t characters_of(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

int pl_link_set_password(const struct pl_work *work, const struct pl_keys *keys,
			 const struct pl_link *link, const char *password)
{
	char object[PL_ADDRESS_MAX + 1], after[PL_AUDIT_TEXT], text[MAC_TEXT];
	const size_t length = strlen(password);
	int64_t changed;

	if (length > 0 &&
	    (characters_of(password) < PL_LINK_PASSWORD_MIN || length > PL_LINK_PASSWORD_MAX))
		return pl_error_set(work->err, PL_ERR_INVALID,
				    "a password of a link has %d characters or more, and up to %d "
				    "bytes",
				    PL_LINK_PASSWORD_MIN, PL_LINK_PASSWORD_MAX);
	if (length > 0 && compute(keys, 0, link->id, password, text, work->err) < 0)
		return -1;
	changed =
		pl_exec_count(work->store, PL_SQL_LINK_PASSWORD_SET,
			      length > 0
				      ? PL_PARAMS(PL_INT("id", link->id), PL_INT("now", work->now),
						  PL_TEXT("password", text),
						  PL_INT("key_id", pl_keys_id(keys, 0)))
				      : PL_PARAMS(PL_INT("id", link->id), PL_INT("now", work->now),
						  PL_NULL("password"), PL_NULL("key_id")),
			      work->err);
	if (changed <= 0)
		return (int)changed;
	snprintf(after, sizeof(after), "id=%lld password=%s", (long long)link->id,
		 length > 0 ? "on" : "off");
	return pl_audit_add(work, "link.password", pl_address_format(&link->owner, object), "",
			    after) < 0
		       ? -1
		       : 1;
}

/* In the same time whatever it is. 1, 0 or -1. first_r is what it is with the first key. */
static int is_right(const struct pl_keys *keys, int64_t link_id, const char *password,
		    const char *stored, char first_r[MAC_TEXT], struct pl_error *err)
{
	char text[MAC_TEXT];
	int right = 0;

	if (strlen(password) > PL_LINK_PASSWORD_MAX || strlen(stored) != MAC_TEXT - 1)
		return 0;
	for (size_t i = 0; i < pl_keys_count(keys); i++) {
		if (compute(keys, i, link_id, password, text, err) < 0)
			return -1;
		right |= CRYPTO_memcmp(text, stored, MAC_TEXT - 1) == 0;
		if (i == 0)
			memcpy(first_r, text, MAC_TEXT);
	}
	return right;
}

/* What is stored, and since when tries are counted. 1, 0 the link is gone, -1. */
static int read_stored(const struct pl_work *work, int64_t id, char stored_r[MAC_TEXT],
		       int64_t *tried_at_r)
{
	struct pl_stmt *row =
		pl_query(work->store, PL_SQL_LINK_PASSWORD_GET, PL_PARAMS(PL_INT("id", id)));
	const int ret = pl_step(row, work->err);

	if (ret != 1)
		return ret;
	stored_r[0] = '\0';
	pl_col_copy(row, "password", stored_r, MAC_TEXT);
	*tried_at_r = pl_col_int(row, "tried_at");
	return pl_row_end(row, work->err) < 0 ? -1 : 1;
}

static int try_password(const struct pl_work *work, const struct pl_keys *keys, int64_t id,
			const char *password, enum pl_link_try *try_r, int64_t *wait_r)
{
	const int64_t counted =
		pl_exec_count(work->store, PL_SQL_LINK_PASSWORD_TRY,
			      PL_PARAMS(PL_INT("id", id), PL_INT("now", work->now),
					PL_INT("since", work->now - PL_LINK_TRIES_SECONDS),
					PL_INT("most", PL_LINK_TRIES)),
			      work->err);
	char stored[MAC_TEXT], first[MAC_TEXT];
	int64_t tried_at = 0;
	int ret = counted < 0 ? -1 : read_stored(work, id, stored, &tried_at);

	*try_r = PL_LINK_TRY_WRONG;
	*wait_r = tried_at + PL_LINK_TRIES_SECONDS - work->now;
	if (ret != 1)
		return ret;
	if (counted == 0) {
		*try_r = PL_LINK_TRY_LATER;
		return 0;
	}
	ret = is_right(keys, id, password, stored, first, work->err);
	OPENSSL_cleanse(stored, sizeof(stored));
	if (ret != 1)
		return ret;
	*try_r = PL_LINK_TRY_RIGHT;
	return pl_exec(work->store, PL_SQL_LINK_PASSWORD_RIGHT,
		       PL_PARAMS(PL_INT("id", id), PL_TEXT("password", first),
				 PL_INT("key_id", pl_keys_id(keys, 0))),
		       work->err);
}

int pl_link_try_password_commit(const struct pl_work *work, const struct pl_keys *keys,
				const struct pl_link *link, const char *password,
				enum pl_link_try *try_r, int64_t *wait_r)
{
	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	return pl_store_finish(work->store,
			       try_password(work, keys, link->id, password, try_r, wait_r),
			       work->err);
}
