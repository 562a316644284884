/* signing_key.c - the key that id tokens are signed with; see grant.h. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "policy/session/grant.h"
#include "policy/base/seal.h"

#define SEALED_AS "signing-key"
#define COORDINATE 32 /* bytes of one, on P-256 */

static int coordinate(const EVP_PKEY *key, const char *name, char text_r[PL_POINT_TEXT])
{
	unsigned char bytes[COORDINATE];
	BIGNUM *number = NULL;
	int ok = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
		 BN_bn2binpad(number, bytes, sizeof(bytes)) == COORDINATE;

	BN_free(number);
	if (ok)
		pl_base64url(bytes, sizeof(bytes), text_r);
	return ok ? 0 : -1;
}

int pl_signing_key_point(const EVP_PKEY *key, char x_r[PL_POINT_TEXT], char y_r[PL_POINT_TEXT])
{
	return coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, x_r) < 0 ||
			       coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, y_r) < 0
		       ? -1
		       : 0;
}

/* RFC 7638: the digest of the public key's required members, in this very form. */
static int thumbprint(const EVP_PKEY *key, char id_r[64])
{
	char x[PL_POINT_TEXT], y[PL_POINT_TEXT], json[256];
	unsigned char digest[32];

	if (pl_signing_key_point(key, x, y) < 0)
		return -1;
	snprintf(json, sizeof(json), "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
		 x, y);
	if (EVP_Q_digest(NULL, "SHA256", NULL, json, strlen(json), digest, NULL) != 1)
		return -1;
	pl_base64url(digest, sizeof(digest), id_r);
	return 0;
}

/* PKCS#8, unencrypted: it is sealed as a whole. */
static int encode(const EVP_PKEY *key, struct pl_secret *der_r)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	int ret = len > 0 ? pl_secret_set(der_r, der, (size_t)len) : -1;

	if (len > 0)
		OPENSSL_clear_free(der, (size_t)len);
	PKCS8_PRIV_KEY_INFO_free(info);
	return ret;
}

static int generate(struct pl_signing_key *key_r, struct pl_error *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	int ok = key != NULL && thumbprint(key, key_r->id) == 0 &&
		 encode(key, &key_r->private_der) == 0;

	EVP_PKEY_free(key);
	return ok ? 0 : pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not make a key");
}

static int insert(const struct pl_work *work, const struct pl_keys *seal,
		  const struct pl_signing_key *key)
{
	struct pl_sealed sealed;

	if (pl_seal(seal, SEALED_AS, 0, &key->private_der, &sealed, work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_SIGNING_KEY_INSERT,
		       PL_PARAMS(PL_TEXT("key_id", key->id),
				 PL_BLOB("secret", sealed.data, sealed.len),
				 PL_INT("created_at", work->now)),
		       work->err);
}

int pl_signing_key_make(const struct pl_work *work, const struct pl_keys *seal)
{
	struct pl_signing_key key = { .id = "" };
	int made = 0, ret = pl_signing_key_get(work->store, seal, &key, work->err);

	if (ret == 0)
		made = generate(&key, work->err) < 0 || insert(work, seal, &key) < 0 ? -1 : 1;
	pl_secret_wipe(&key.private_der);
	return ret < 0 || made < 0 ? pl_error_prefix(work->err, "signing key") : made;
}

int pl_signing_key_get(struct pl_store *store, const struct pl_keys *seal,
		       struct pl_signing_key *key_r, struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_SIGNING_KEY_GET, NULL);
	struct pl_sealed sealed = { .len = 0 };
	int ret = pl_step(stmt, err);

	memset(key_r, 0, sizeof(*key_r));
	if (ret != 1)
		return ret;
	pl_col_copy(stmt, "id", key_r->id, sizeof(key_r->id));
	sealed.len = pl_col_blob(stmt, "secret", sealed.data, sizeof(sealed.data));
	ret = pl_row_ok(stmt, err);
	pl_reset(stmt);
	if (ret == 0)
		ret = pl_unseal(seal, SEALED_AS, 0, &sealed, &key_r->private_der, err);
	return ret < 0 ? -1 : 1;
}
