/* oauth_id_token.c - says to a client who has signed in, and to us which session it was. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portal/oauth/jws.h"
#include "portal/oauth/oauth.h"

static int need_seal(const struct request *request, struct pl_error *err)
{
	return request->seal != NULL
		       ? 0
		       : pl_error_set(err, PL_ERR_CONFIG,
				      "id tokens cannot be signed without the sealing key "
				      "(seal_key)");
}

static int no_key(struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_CONFIG,
			    "there is no signing key; `postlatch client add` makes it");
}

int id_token_key(const struct request *request, enum pl_signing_alg alg,
		 struct pl_signing_key *key_r, struct pl_error *err)
{
	int ret;

	if (need_seal(request, err) < 0)
		return -1;
	ret = pl_signing_key_get(request->work.store, request->seal, alg, key_r, err);
	return ret == 0 ? no_key(err) : ret < 0 ? -1 : 0;
}

struct listing {
	json_t *keys;
	struct pl_error *err;
};

static int add_key(const struct pl_signing_key *key, void *context)
{
	struct listing *listing = context;
	json_t *public_key = jws_public_key(key, listing->err);

	return public_key == NULL ? -1 : json_array_append_new(listing->keys, public_key);
}

json_t *id_token_key_set(const struct request *request, struct pl_error *err)
{
	struct listing listing = { json_array(), err };
	int ret = need_seal(request, err);

	if (ret == 0)
		ret = pl_signing_key_list(&request->work, request->seal, add_key, &listing);
	if (ret == 0 && json_array_size(listing.keys) == 0)
		ret = no_key(err);
	if (ret == 0)
		return json_pack("{s:o}", "keys", listing.keys);
	json_decref(listing.keys);
	return NULL;
}

/* The left half of the digest (OpenID Connect Core 3.1.3.6). */
static json_t *half_digest(const struct pl_secret *access)
{
	unsigned char digest[32];
	char text[PL_BASE64URL_TEXT(sizeof(digest) / 2)];

	if (EVP_Q_digest(NULL, "SHA256", NULL, access->data, access->len, digest, NULL) != 1)
		return NULL;
	return json_string(pl_base64url(digest, sizeof(digest) / 2, text));
}

static json_t *make_claims(const struct request *request, const struct id_token *about,
			   const struct pl_secret *access)
{
	const struct pl_session *session = &about->session;
	json_t *claims = oauth_claims(session->member_id, &session->address, about->scopes);

	json_object_set_new(claims, "iss", json_string(request->policy->portal_url));
	json_object_set_new(claims, "aud", json_string(about->client_id));
	json_object_set_new(claims, "iat", json_integer(request->work.now));
	json_object_set_new(claims, "exp", json_integer(request->work.now + PL_ID_TOKEN_SECONDS));
	json_object_set_new(claims, "sid", json_sprintf("%lld", (long long)session->id));
	json_object_set_new(claims, "at_hash", half_digest(access));
	if (about->nonce[0] != '\0')
		json_object_set_new(claims, "nonce", json_string(about->nonce));
	if (about->auth_time != 0)
		json_object_set_new(claims, "auth_time", json_integer(about->auth_time));
	return claims;
}

char *id_token_make(const struct request *request, const struct pl_signing_key *key,
		    const struct id_token *about, const struct pl_secret *access,
		    struct pl_error *err)
{
	json_t *claims = make_claims(request, about, access);
	char *token = jws_sign(key, claims, err);

	json_decref(claims);
	return token;
}

static int64_t number_of(const json_t *claims, const char *name)
{
	const char *text = json_string_value(json_object_get(claims, name));

	return text == NULL ? 0 : strtoll(text, NULL, 10);
}

/* 1 and the claims of a token that a published key of ours has signed; 0; -1. */
static int verify(const struct request *request, const char *token, json_t **claims_r,
		  struct pl_error *err)
{
	struct pl_signing_key key;
	char id[sizeof(key.id)];
	int ret = need_seal(request, err);

	*claims_r = NULL;
	if (ret < 0 || !jws_key_id(token, id))
		return ret;
	ret = pl_signing_key_find(&request->work, request->seal, id, &key);
	if (ret == 1)
		ret = jws_verify(&key, token, claims_r, err);
	pl_secret_wipe(&key.secret);
	return ret;
}

int id_token_read(const struct request *request, const char *token, int64_t *session_id_r,
		  int64_t *member_id_r, char *client_id_r, struct pl_error *err)
{
	const char *issuer, *client_id;
	json_t *claims;
	int ret = verify(request, token, &claims, err);

	issuer = json_string_value(json_object_get(claims, "iss"));
	client_id = json_string_value(json_object_get(claims, "aud"));
	if (ret == 1 && (issuer == NULL || strcmp(issuer, request->policy->portal_url) != 0 ||
			 client_id == NULL))
		ret = 0;
	if (ret == 1) {
		*session_id_r = number_of(claims, "sid");
		*member_id_r = number_of(claims, "sub");
		snprintf(client_id_r, PL_CLIENT_ID_MAX + 1, "%s", client_id);
	}
	json_decref(claims);
	return ret;
}
