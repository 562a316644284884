/* oauth.h - what the OAuth 2.0 and OpenID Connect handlers share. */
#ifndef POSTLATCH_PORTAL_OAUTH_H
#define POSTLATCH_PORTAL_OAUTH_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* The parameters: of the form, or of the query where the route has no form. */
const struct request_field *oauth_parameters(const struct request *request, size_t *count_r);
/* One of them. NULL also when it has no value: that counts as left out (RFC 6749 3.1). */
const char *oauth_parameter(const struct request *request, const char *name);
/* {"error": code, "error_description": text}, both static (RFC 6749 5.2). Returns 0. */
int oauth_error(struct response *response, int status, const char *code, const char *text);
/* "https://portal/PATH" for a document; a new reference. */
json_t *oauth_endpoint(const struct request *request, const char *path);

/* Finds the client of a form and checks what it proves (RFC 6749 2.3); with public_too
 * it may be one that has nothing to prove. 1 and request->client; 0 response is
 * filled; -1 error. (client.c) */
int client_admit(struct request *request, struct response *response, int public_too,
		 struct pl_error *err);

/* Scopes: what a token may tell and do. (oauth_scope.c) */
#define SCOPE_OPENID 1u
#define SCOPE_EMAIL 2u
#define SCOPE_PROFILE 4u
#define SCOPE_OFFLINE 8u
#define SCOPE_MAIL 16u
#define SCOPE_MAIL_STANDARD 32u /* the same, by the name that mail programs know */
#define SCOPE_TEXT 256
/* Those of ours that text names, and none that nobody knows (RFC 6749 3.3). -1: not
 * well formed. NULL is an empty list. */
int oauth_scope_read(const char *text, unsigned *scopes_r);
char *oauth_scope_format(unsigned scopes, char buf[SCOPE_TEXT]);
json_t *oauth_scope_list(void);

/* Claims about the member that the scopes allow (OpenID Connect Core 5.1, 5.4). (oauth_claims.c) */
json_t *oauth_claims(int64_t member_id, const struct pl_address *address, unsigned scopes);

/* What an id token is about (OpenID Connect Core 2). (oauth_id_token.c) */
struct id_token {
	struct pl_session session;
	const char *client_id, *nonce; /* nonce: "" for none */
	unsigned scopes;
	int64_t auth_time; /* 0: not told */
};
/* A new string, or NULL and the error. access is the token that it comes with. */
char *id_token_make(const struct request *request, const struct pl_signing_key *key,
		    const struct id_token *about, const struct pl_secret *access,
		    struct pl_error *err);
/* Reads an id token of ours, however old: 1 and which session and client it was for;
 * 0 when it is not ours; -1. client_id_r holds PL_CLIENT_ID_MAX + 1. */
int id_token_read(const struct request *request, const char *token, int64_t *session_id_r,
		  int64_t *member_id_r, char *client_id_r, struct pl_error *err);
/* The key that signs the ID tokens of a client; -1 also when there is none. The caller wipes its
 * secret. */
int id_token_key(const struct request *request, enum pl_signing_alg alg,
		 struct pl_signing_key *key_r, struct pl_error *err);
/* The published keys as a JWK set (RFC 7517 5), or NULL and the error. */
json_t *id_token_key_set(const struct request *request, struct pl_error *err);

#endif
