/* oauth_client.h - programs that sign members in through the portal (RFC 6749 2). */
#ifndef POSTLATCH_OAUTH_CLIENT_H
#define POSTLATCH_OAUTH_CLIENT_H

#include "policy/account/audit.h"
#include "policy/settings/decide.h"
#include "policy/base/random.h"
#include "policy/session/signing_key.h"

#define PL_CLIENT_ID_MAX 64
#define PL_CLIENT_URIS_MAX 2048

struct pl_oauth_client {
	char id[PL_CLIENT_ID_MAX + 1]; /* letters, digits, '-', '_', '.' */
	char name[128];                /* shown to members */
	int confidential;              /* has a secret; else PKCE alone protects it */
	enum pl_channel channel;       /* of the sessions that it opens */
	/* Lists divided by spaces, as redirect_uri.h says. Without a redirect URI it signs
	 * nobody in, and only asks about tokens. */
	char redirect_uris[PL_CLIENT_URIS_MAX + 1];
	char logout_uris[PL_CLIENT_URIS_MAX + 1]; /* where end-session may lead */
	enum pl_signing_alg id_token_alg;
	/* Its tokens have the scope "mail" without being asked for: it was added before there was
	 * such a scope. */
	int mail_implied;
	int64_t created_at;
};

/* secret_r is filled for a confidential client and shown once. */
int pl_oauth_client_add(const struct pl_work *work, struct pl_oauth_client *client,
			struct pl_secret *secret_r);
/* 1, 0, -1 */
int pl_oauth_client_get(struct pl_store *store, const char *id, struct pl_oauth_client *client_r,
			struct pl_error *err);
/* 1 when the client is confidential and this is its secret; 0; -1. Same work for unknown ids. */
int pl_oauth_client_check(struct pl_store *store, const char *id, const struct pl_secret *secret,
			  struct pl_error *err);
/* Whether it was added for introspection: it has no redirect URI. */
int pl_oauth_client_only_introspects(const struct pl_oauth_client *client);
int pl_oauth_client_list(struct pl_store *store,
			 int (*each)(const struct pl_oauth_client *client, void *context),
			 void *context, struct pl_error *err);
/* Removes it with its tokens. 1, 0 when there is none, or -1. */
int pl_oauth_client_remove(const struct pl_work *work, const char *id);

#endif
