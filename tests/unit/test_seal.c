/* test_seal.c - sealed records: read again, and by nobody else. */
#include "tests/unit/fixture.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sys/stat.h>

#include "policy/base/seal.h"

#define SECRET "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
#define OVERHEAD (1 + 4 + 12 + 16)

static struct pl_sealed seal(struct fixture *fixture, const struct pl_keys *keys, const char *what,
			     int64_t owner, const char *text)
{
	struct pl_secret secret;
	struct pl_sealed sealed;

	pl_secret_set(&secret, text, strlen(text));
	assert_ok(fixture, pl_seal(keys, what, owner, &secret, &sealed, &fixture->err));
	return sealed;
}

static void assert_unsealed(struct fixture *fixture, const struct pl_keys *keys, const char *what,
			    int64_t owner, const struct pl_sealed *sealed, const char *text)
{
	struct pl_secret secret;

	assert_ok(fixture, pl_unseal(keys, what, owner, sealed, &secret, &fixture->err));
	assert_int_equal(secret.len, strlen(text));
	assert_string_equal((const char *)secret.data, text);
}

static void assert_not_unsealed(struct fixture *fixture, const struct pl_keys *keys,
				const char *what, int64_t owner, const struct pl_sealed *sealed)
{
	static const struct pl_secret nothing;
	struct pl_secret secret;

	assert_refused(fixture, pl_unseal(keys, what, owner, sealed, &secret, &fixture->err),
		       PL_ERR_CONFIG, "");
	assert_memory_equal(&secret, &nothing, sizeof(secret));
}

static void sealed_is_read_again(void **state)
{
	struct fixture *fixture = *state;
	static char longest[PL_SECRET_MAX + 1];
	struct pl_sealed sealed = seal(fixture, fixture->keys, "totp", 7, SECRET);

	assert_unsealed(fixture, fixture->keys, "totp", 7, &sealed, SECRET);
	sealed = seal(fixture, fixture->keys, "totp", INT64_MAX, "");
	assert_unsealed(fixture, fixture->keys, "totp", INT64_MAX, &sealed, "");
	memset(longest, 'x', PL_SECRET_MAX);
	sealed = seal(fixture, fixture->keys, "key", 1, longest);
	assert_unsealed(fixture, fixture->keys, "key", 1, &sealed, longest);
}

static void record_shows_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct pl_sealed one = seal(fixture, fixture->keys, "totp", 7, SECRET);
	struct pl_sealed two = seal(fixture, fixture->keys, "totp", 7, SECRET);

	assert_int_equal(one.len, OVERHEAD + strlen(SECRET));
	assert_null(memmem(one.data, one.len, SECRET, 4));
	assert_memory_not_equal(one.data + 5, two.data + 5, 12); /* a nonce is used once */
	assert_memory_not_equal(one.data + 17, two.data + 17, 32);
}

static void moved_to_another_owner_or_kind_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct pl_sealed sealed = seal(fixture, fixture->keys, "totp", 7, SECRET);

	assert_not_unsealed(fixture, fixture->keys, "totp", 8, &sealed);
	assert_not_unsealed(fixture, fixture->keys, "totp-pending", 7, &sealed);
	assert_unsealed(fixture, fixture->keys, "totp", 7, &sealed, SECRET);
}

static void any_changed_bit_is_refused(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_sealed sealed = seal(fixture, fixture->keys, "totp", 7, SECRET);

	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		struct pl_sealed changed = sealed;

		changed.data[bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_not_unsealed(fixture, fixture->keys, "totp", 7, &changed);
	}
}

static void any_other_length_is_refused(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_sealed sealed = seal(fixture, fixture->keys, "totp", 7, SECRET);

	for (size_t len = 0; len <= PL_SEALED_MAX; len++) {
		struct pl_sealed changed = sealed;

		changed.len = len;
		if (len != sealed.len)
			assert_not_unsealed(fixture, fixture->keys, "totp", 7, &changed);
	}
}

static struct pl_keys *keys_of(struct fixture *fixture, const char *name, const char *text)
{
	const char *path = path_in(fixture, name);
	struct pl_keys *keys;

	write_file(path, text, strlen(text));
	chmod(path, 0600);
	assert_ok(fixture, pl_keys_load(path, &keys, &fixture->err));
	return keys;
}

#define KEY_1 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_2 "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f"

static void older_key_still_reads_and_first_one_writes(void **state)
{
	struct fixture *fixture = *state;
	struct pl_keys *both = keys_of(fixture, "both.key", "2 " KEY_2 "\n1 " KEY_1 "\n");
	struct pl_sealed old = seal(fixture, fixture->keys, "totp", 7, SECRET);
	struct pl_sealed new = seal(fixture, both, "totp", 7, SECRET);

	assert_int_equal(old.data[4], 1);
	assert_int_equal(new.data[4], 2);
	assert_unsealed(fixture, both, "totp", 7, &old, SECRET);
	assert_unsealed(fixture, both, "totp", 7, &new, SECRET);
	assert_not_unsealed(fixture, fixture->keys, "totp", 7, &new);
	pl_keys_free(&both);
}

static void another_key_of_that_number_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct pl_keys *other = keys_of(fixture, "other.key", "1 " KEY_2 "\n");
	struct pl_sealed sealed = seal(fixture, fixture->keys, "totp", 7, SECRET);

	assert_not_unsealed(fixture, other, "totp", 7, &sealed);
	pl_keys_free(&other);
}

/* HKDF-Expand by OpenSSL itself. */
static void expand(const unsigned char key[32], const char *info, unsigned char out[32])
{
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	char digest[] = "SHA256";
	unsigned char key_copy[32];
	char info_copy[64];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key_copy, 32),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info_copy, strlen(info)),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);

	memcpy(key_copy, key, 32);
	snprintf(info_copy, sizeof(info_copy), "%s", info);
	assert_int_equal(EVP_KDF_derive(ctx, out, 32, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

/* Another reader, written from the words of seal.h and seal.c, finds the secret. */
static void record_is_what_is_documented(void **state)
{
	static const char aad[] = "postlatch:totp:v1|1|7";
	struct fixture *fixture = *state;
	struct pl_sealed sealed = seal(fixture, fixture->keys, "totp", 7, SECRET);
	unsigned char master[32], key[32], text[64];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0, rest = 0;

	for (unsigned char i = 0; i < 32; i++)
		master[i] = i;
	expand(master, "postlatch:seal:v1", key);
	assert_memory_equal(sealed.data, "\1\0\0\0\1", 5);
	assert_int_equal(EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed.data + 5), 1);
	assert_int_equal(EVP_DecryptUpdate(ctx, NULL, &len, (const unsigned char *)aad,
					   sizeof(aad) - 1),
			 1);
	assert_int_equal(EVP_DecryptUpdate(ctx, text, &len, sealed.data + 17,
					   (int)sealed.len - OVERHEAD),
			 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16,
					     sealed.data + sealed.len - 16),
			 1);
	assert_int_equal(EVP_DecryptFinal_ex(ctx, text + len, &rest), 1);
	assert_int_equal(len, strlen(SECRET));
	assert_memory_equal(text, SECRET, strlen(SECRET));
	EVP_CIPHER_CTX_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_FOLDER(sealed_is_read_again),
		TEST_IN_FOLDER(record_shows_nothing),
		TEST_IN_FOLDER(moved_to_another_owner_or_kind_is_refused),
		TEST_IN_FOLDER(any_changed_bit_is_refused),
		TEST_IN_FOLDER(any_other_length_is_refused),
		TEST_IN_FOLDER(older_key_still_reads_and_first_one_writes),
		TEST_IN_FOLDER(another_key_of_that_number_is_refused),
		TEST_IN_FOLDER(record_is_what_is_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
