/* oauth_client.h - programs that sign members in through the portal (RFC 6749 2).
 *
 * An operator has added them, or they have registered themselves (RFC 7591): then they are mail
 * programs without a secret, nobody has verified their name, and they go when no member has
 * connected them.
 */
#ifndef POSTLATCH_OAUTH_CLIENT_H
#define POSTLATCH_OAUTH_CLIENT_H

#include "policy/account/audit.h"
#include "policy/base/network.h"
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
	char registered_from[PL_IP_ORIGIN]; /* the origin that registered it; "": an operator */
};

#define PL_CLIENT_NAME_CHARACTERS 64 /* of one that registers itself */
/* How many may register in an hour from one address (IPv6: its /64), and from all. */
#define PL_CLIENT_REGISTRATIONS_OF_ADDRESS 20
#define PL_CLIENT_REGISTRATIONS 500
/* How long one stays that no member has connected. */
#define PL_CLIENT_UNAUTHORIZED_SECONDS PL_DAY_SECONDS

/* Registers a program with the name and redirect URIs of client; fills the other fields. from is
 * its address. 1; 0 when too many have registered in the last hour; -1, PL_ERR_INVALID for a name
 * or a redirect URI that it may not have. */
int pl_oauth_client_register(const struct pl_work *work, struct pl_oauth_client *client,
			     const struct pl_ip *from);
/* Whether a program that registers itself may have the name: UTF-8, up to
 * PL_CLIENT_NAME_CHARACTERS, none of them a control or format character or a line end, which could
 * make it look like something else. */
int pl_oauth_client_name_ok(const char *name);
/* Whether members are asked before it gets a code: it is a mail program without a secret, so
 * anybody can say that he is it (RFC 8252 8.6). */
int pl_oauth_client_needs_consent(const struct pl_oauth_client *client);
/* A member has consented to it now. */
int pl_oauth_client_authorized(const struct pl_work *work, const char *id);

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
