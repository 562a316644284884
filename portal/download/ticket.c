/* ticket.c - see ticket.h.
 *
 * In base64url: the id of the file or link and the second of its end, 64 bits each with the highest
 * first, 64 random bits, and HMAC-SHA256 of all that.
 */
#include "portal/download/ticket.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#define END_AT 8
#define RANDOM_AT 16
#define RANDOM_BYTES 8
#define MAC_AT (8 + PL_DOWNLOAD_TICKET)

/* What the key of its HMAC is derived for. */
static const char *const purpose[] = {
	[TICKET_OF_FILE] = "tickets of downloads",
	[TICKET_OF_LINK] = "tickets of downloads of all files",
};

_Static_assert(RANDOM_AT + RANDOM_BYTES == MAC_AT, "the parts of a ticket");

static void put_int(unsigned char *at, int64_t value)
{
	for (int i = 0; i < 8; i++)
		at[i] = (unsigned char)((uint64_t)value >> (56 - 8 * i));
}

static int64_t get_int(const unsigned char *at)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | at[i];
	return (int64_t)value;
}

static int compute(const struct pl_keys *keys, size_t index, enum ticket_kind kind,
		   const unsigned char *bytes, unsigned char mac_r[PL_MAC_BYTES],
		   struct pl_error *err)
{
	unsigned char key[PL_KEY_BYTES];
	unsigned int len = 0;
	int ret = pl_keys_derive(keys, index, purpose[kind], key, err);

	if (ret == 0 && (HMAC(EVP_sha256(), key, sizeof(key), bytes, MAC_AT, mac_r, &len) == NULL ||
			 len != PL_MAC_BYTES))
		ret = pl_error_set(err, PL_ERR_INTERNAL, "HMAC-SHA256 has failed");
	OPENSSL_cleanse(key, sizeof(key));
	return ret;
}

int ticket_make(const struct pl_keys *keys, enum ticket_kind kind, int64_t of, int64_t now,
		char text_r[TICKET_TEXT], struct pl_error *err)
{
	unsigned char bytes[TICKET_BYTES];

	put_int(bytes, of);
	put_int(bytes + END_AT, now + TICKET_SECONDS);
	if (RAND_bytes(bytes + RANDOM_AT, RANDOM_BYTES) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL cannot generate random numbers");
	if (compute(keys, 0, kind, bytes, bytes + MAC_AT, err) < 0)
		return -1;
	pl_base64url(bytes, sizeof(bytes), text_r);
	return 0;
}

int ticket_read(const struct pl_keys *keys, enum ticket_kind kind, const char *text,
		struct ticket *ticket_r, struct pl_error *err)
{
	unsigned char bytes[TICKET_BYTES], mac[PL_MAC_BYTES];
	int is_ours = 0;

	if (!pl_base64url_read(text, bytes, sizeof(bytes)))
		return 0;
	for (size_t i = 0; i < pl_keys_count(keys); i++) {
		if (compute(keys, i, kind, bytes, mac, err) < 0)
			return -1;
		is_ours |= CRYPTO_memcmp(mac, bytes + MAC_AT, PL_MAC_BYTES) == 0;
	}
	ticket_r->of = get_int(bytes);
	ticket_r->expires_at = get_int(bytes + END_AT);
	memcpy(ticket_r->id, bytes + END_AT, PL_DOWNLOAD_TICKET);
	return is_ours;
}
