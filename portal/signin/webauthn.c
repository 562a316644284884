/* webauthn.c - see webauthn.h. */
#include "portal/signin/webauthn.h"

#include <arpa/inet.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "policy/base/random.h"
#include "portal/signin/cbor.h"

/* Authenticator data (WebAuthn 6.1): hash of the RP id, flags, counter, and more. */
#define AUTH_DATA_FLAGS 32
#define AUTH_DATA_COUNTER 33
#define AUTH_DATA_LEAST 37
#define AUTH_DATA_ID_LENGTH 53 /* of a new credential, behind the id of the device's model */
#define FLAG_PRESENT 0x01
#define FLAG_VERIFIED 0x04
#define FLAG_BACKUP_ELIGIBLE 0x08
#define FLAG_BACKED_UP 0x10
#define FLAG_CREDENTIAL 0x40

/* ---- the site ---- */

/* A host for which browsers have passkeys: a name, and over plain HTTP only the machine itself. */
static int is_host(const char *host, int is_https)
{
	unsigned char ip[16];

	if (host[0] == '\0' || host[0] == '[' || inet_pton(AF_INET, host, ip) == 1)
		return 0;
	return is_https || strcmp(host, "localhost") == 0;
}

int webauthn_site(const char *portal_url, struct webauthn_site *site_r)
{
	const int is_https = strncmp(portal_url, "https://", 8) == 0;
	const char *host, *port;
	size_t len;

	memset(site_r, 0, sizeof(*site_r));
	if (!is_https && strncmp(portal_url, "http://", 7) != 0)
		return 0;
	host = portal_url + (is_https ? 8 : 7);
	port = strrchr(host, ':');
	len = port != NULL ? (size_t)(port - host) : strlen(host);
	if (len >= sizeof(site_r->rp_id) || strlen(portal_url) >= sizeof(site_r->origin))
		return 0;
	memcpy(site_r->rp_id, host, len);
	/* Browsers leave the usual port out of an origin. */
	if (port != NULL && strcmp(port, is_https ? ":443" : ":80") == 0)
		snprintf(site_r->origin, sizeof(site_r->origin), "%.*s", (int)(port - portal_url),
			 portal_url);
	else
		snprintf(site_r->origin, sizeof(site_r->origin), "%s", portal_url);
	return is_host(site_r->rp_id, is_https);
}

/* ---- client data ---- */

static int refuse(const char **why_r, const char *why)
{
	*why_r = why;
	return 0;
}

static int is_text(const json_t *object, const char *name, const char *text)
{
	const json_t *value = json_object_get(object, name);

	return json_is_string(value) && json_string_length(value) == strlen(text) &&
	       strcmp(json_string_value(value), text) == 0;
}

/* WebAuthn 7.1 and 7.2. A page of another site that has ours in a frame is not expected. */
static int check_client_data(const struct webauthn_site *site, const char *type, const json_t *data,
			     const char **why_r)
{
	const json_t *cross = json_object_get(data, "crossOrigin");

	if (!json_is_object(data))
		return refuse(why_r, "client-data");
	if (!is_text(data, "type", type))
		return refuse(why_r, "type");
	if (!is_text(data, "origin", site->origin))
		return refuse(why_r, "origin");
	if ((cross != NULL && !json_is_false(cross)) || json_object_get(data, "topOrigin") != NULL)
		return refuse(why_r, "cross-origin");
	return 1;
}

int webauthn_challenge(const struct webauthn_site *site, const char *type,
		       const struct webauthn_answer *answer,
		       unsigned char challenge_r[PL_PASSKEY_CHALLENGE_BYTES], const char **why_r)
{
	json_t *data = json_loadb((const char *)answer->client_data.data, answer->client_data.len,
				  JSON_REJECT_DUPLICATES, NULL);
	const char *text = json_string_value(json_object_get(data, "challenge"));
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES];
	int ret = check_client_data(site, type, data, why_r);

	if (ret == 1 && !pl_base64url_read(text, challenge, sizeof(challenge)))
		ret = refuse(why_r, "challenge");
	if (ret == 1)
		memcpy(challenge_r, challenge, sizeof(challenge));
	json_decref(data);
	return ret;
}

/* ---- authenticator data ---- */

static uint32_t counter_of(const struct webauthn_bytes *data)
{
	const unsigned char *at = data->data + AUTH_DATA_COUNTER;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int check_auth_data(const struct webauthn_site *site, const struct webauthn_bytes *data,
			   const char **why_r)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	unsigned char flags;

	if (data->len < AUTH_DATA_LEAST)
		return refuse(why_r, "authenticator-data");
	SHA256((const unsigned char *)site->rp_id, strlen(site->rp_id), hash);
	if (CRYPTO_memcmp(data->data, hash, sizeof(hash)) != 0)
		return refuse(why_r, "rp-id");
	flags = data->data[AUTH_DATA_FLAGS];
	if ((flags & FLAG_PRESENT) == 0)
		return refuse(why_r, "user-presence");
	if ((flags & FLAG_VERIFIED) == 0)
		return refuse(why_r, "user-verification");
	if ((flags & FLAG_BACKED_UP) != 0 && (flags & FLAG_BACKUP_ELIGIBLE) == 0)
		return refuse(why_r, "backup-flags");
	return 1;
}

/* Whether what is CBOR behind the offset may be decoded. 1, or 0 and why_r. */
static int check_cbor(const struct webauthn_bytes *data, size_t offset, const char **why_r)
{
	return offset <= data->len && cbor_is_bounded(data->data + offset, data->len - offset)
		       ? 1
		       : refuse(why_r, "cbor");
}

/* ---- registration ---- */

/* Where the public key is. */
static size_t key_offset(const struct webauthn_bytes *data)
{
	const unsigned char *at = data->data + AUTH_DATA_ID_LENGTH;

	return data->len < AUTH_DATA_ID_LENGTH + 2
		       ? data->len
		       : AUTH_DATA_ID_LENGTH + 2 + ((size_t)at[0] << 8 | at[1]);
}

static const int algorithms[] = { COSE_ES256, COSE_EDDSA, COSE_RS256 };

static int copy_credential(const fido_cred_t *credential, int algorithm,
			   struct pl_passkey *passkey_r)
{
	const size_t id = fido_cred_id_len(credential), key = fido_cred_pubkey_len(credential);

	if (id == 0 || id > sizeof(passkey_r->credential) || key == 0 ||
	    key > sizeof(passkey_r->key))
		return 0;
	memcpy(passkey_r->credential, fido_cred_id_ptr(credential), id);
	memcpy(passkey_r->key, fido_cred_pubkey_ptr(credential), key);
	passkey_r->credential_len = id;
	passkey_r->key_len = key;
	passkey_r->algorithm = algorithm;
	return 1;
}

/* libfido2 takes only keys of the algorithm that it was told. */
static int read_credential(const struct webauthn_bytes *data, int algorithm,
			   struct pl_passkey *passkey_r)
{
	fido_cred_t *credential = fido_cred_new();
	int ret = 0;

	if (credential == NULL)
		return -1;
	if (fido_cred_set_type(credential, algorithm) == FIDO_OK &&
	    fido_cred_set_authdata_raw(credential, data->data, data->len) == FIDO_OK)
		ret = copy_credential(credential, algorithm, passkey_r);
	fido_cred_free(&credential);
	return ret;
}

int webauthn_register(const struct webauthn_site *site, const struct webauthn_answer *answer,
		      struct pl_passkey *passkey_r, const char **why_r)
{
	const struct webauthn_bytes *data = &answer->auth_data;
	int ret = check_auth_data(site, data, why_r);
	unsigned char flags;

	if (ret != 1)
		return ret;
	flags = data->data[AUTH_DATA_FLAGS];
	if ((flags & FLAG_CREDENTIAL) == 0)
		return refuse(why_r, "no-credential");
	if (!check_cbor(data, key_offset(data), why_r))
		return 0;
	ret = 0;
	for (size_t i = 0; ret == 0 && i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		ret = read_credential(data, algorithms[i], passkey_r);
	if (ret != 1)
		return ret < 0 ? -1 : refuse(why_r, "public-key");
	passkey_r->counter = counter_of(data);
	passkey_r->backup_eligible = (flags & FLAG_BACKUP_ELIGIBLE) != 0;
	passkey_r->backed_up = (flags & FLAG_BACKED_UP) != 0;
	return 1;
}

/* ---- assertion ---- */

/* Verifies with the key of the passkey: FIDO_OK, or another code. */
static int verify(const fido_assert_t *assertion, const struct pl_passkey *passkey)
{
	int ret = FIDO_ERR_INTERNAL;

	if (passkey->algorithm == COSE_ES256) {
		es256_pk_t *key = es256_pk_new();

		if (key != NULL &&
		    es256_pk_from_ptr(key, passkey->key, passkey->key_len) == FIDO_OK)
			ret = fido_assert_verify(assertion, 0, COSE_ES256, key);
		es256_pk_free(&key);
	} else if (passkey->algorithm == COSE_EDDSA) {
		eddsa_pk_t *key = eddsa_pk_new();

		if (key != NULL &&
		    eddsa_pk_from_ptr(key, passkey->key, passkey->key_len) == FIDO_OK)
			ret = fido_assert_verify(assertion, 0, COSE_EDDSA, key);
		eddsa_pk_free(&key);
	} else if (passkey->algorithm == COSE_RS256) {
		rs256_pk_t *key = rs256_pk_new();

		if (key != NULL &&
		    rs256_pk_from_ptr(key, passkey->key, passkey->key_len) == FIDO_OK)
			ret = fido_assert_verify(assertion, 0, COSE_RS256, key);
		rs256_pk_free(&key);
	}
	return ret;
}

static int set_up(fido_assert_t *assertion, const struct webauthn_site *site,
		  const struct webauthn_answer *answer)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	SHA256(answer->client_data.data, answer->client_data.len, hash);
	return fido_assert_set_rp(assertion, site->rp_id) == FIDO_OK &&
	       fido_assert_set_clientdata_hash(assertion, hash, sizeof(hash)) == FIDO_OK &&
	       fido_assert_set_count(assertion, 1) == FIDO_OK &&
	       fido_assert_set_authdata_raw(assertion, 0, answer->auth_data.data,
					    answer->auth_data.len) == FIDO_OK &&
	       fido_assert_set_sig(assertion, 0, answer->signature.data, answer->signature.len) ==
		       FIDO_OK &&
	       fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
	       fido_assert_set_uv(assertion, FIDO_OPT_TRUE) == FIDO_OK;
}

static int check_signature(const struct webauthn_site *site, const struct webauthn_answer *answer,
			   const struct pl_passkey *passkey, const char **why_r)
{
	fido_assert_t *assertion = fido_assert_new();
	int ret = 0;

	if (assertion == NULL)
		return -1;
	if (!set_up(assertion, site, answer))
		*why_r = "assertion";
	else if (verify(assertion, passkey) != FIDO_OK)
		*why_r = "signature";
	else
		ret = 1;
	fido_assert_free(&assertion);
	return ret;
}

int webauthn_assert(const struct webauthn_site *site, const struct webauthn_answer *answer,
		    const struct pl_passkey *passkey, uint32_t *counter_r, int *backed_up_r,
		    const char **why_r)
{
	int ret = check_auth_data(site, &answer->auth_data, why_r);
	unsigned char flags;

	if (ret != 1)
		return ret;
	flags = answer->auth_data.data[AUTH_DATA_FLAGS];
	/* What a passkey is does not change (WebAuthn level 3, 7.2). */
	if (((flags & FLAG_BACKUP_ELIGIBLE) != 0) != passkey->backup_eligible)
		return refuse(why_r, "backup-flags");
	if (!check_cbor(&answer->auth_data, AUTH_DATA_LEAST, why_r))
		return 0;
	*counter_r = counter_of(&answer->auth_data);
	*backed_up_r = (flags & FLAG_BACKED_UP) != 0;
	return check_signature(site, answer, passkey, why_r);
}
