/* oauth_client.c - see oauth_client.h. */
#include "policy/session/oauth_client.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "policy/base/keys.h"
#include "policy/base/utf8.h"
#include "policy/session/redirect_uri.h"

#define SECRET_PREFIX "pl_cs_"
#define REGISTERED_PREFIX "app_"

static int name_ok(const char *name)
{
	for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
		if (*c < ' ' || *c == 0x7f)
			return 0;
	}
	return pl_is_utf8(name);
}

int pl_oauth_client_only_introspects(const struct pl_oauth_client *client)
{
	return client->redirect_uris[strspn(client->redirect_uris, " ")] == '\0';
}

static int check_client(const struct pl_oauth_client *client, struct pl_error *err)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	if (client->id[0] == '\0' || client->id[strspn(client->id, allowed)] != '\0')
		return pl_error_set(err, PL_ERR_INVALID,
				    "an ID has letters, digits, '-', '_' and '.', at most %d of "
				    "them",
				    PL_CLIENT_ID_MAX);
	if (!name_ok(client->name))
		return pl_error_set(err, PL_ERR_INVALID,
				    "the name has control characters or is not UTF-8");
	if (pl_oauth_client_only_introspects(client) && !client->confidential)
		return pl_error_set(err, PL_ERR_INVALID,
				    "a client without a secret needs a redirect URI");
	return pl_redirect_uris_check(client->redirect_uris, !client->confidential, err) < 0
		       ? -1
		       : pl_logout_uris_check(client->logout_uris, err);
}

static int insert(struct pl_store *store, const struct pl_oauth_client *client,
		  const unsigned char *digest, struct pl_error *err)
{
	return pl_exec(store, PL_SQL_OAUTH_CLIENT_INSERT,
		       PL_PARAMS(PL_TEXT("client_id", client->id), PL_TEXT("name", client->name),
				 PL_BLOB("secret", client->confidential ? digest : NULL,
					 PL_MAC_BYTES),
				 PL_TEXT("channel", pl_channel_name(client->channel)),
				 PL_TEXT("redirect_uris", client->redirect_uris),
				 PL_TEXT("logout_uris", client->logout_uris),
				 PL_TEXT("id_token_alg", pl_signing_alg_name(client->id_token_alg)),
				 PL_INT("mail_implied", client->mail_implied),
				 PL_INT("created_at", client->created_at),
				 PL_TEXT("registered_from", client->registered_from[0] != '\0'
								    ? client->registered_from
								    : NULL)),
		       err);
}

static int record(const struct pl_work *work, const char *action,
		  const struct pl_oauth_client *client, int gone)
{
	char object[PL_CLIENT_ID_MAX + 16], what[PL_AUDIT_TEXT];

	snprintf(object, sizeof(object), "client %s", client->id);
	snprintf(what, sizeof(what), "%s channel=%s redirect_uris=%.400s",
		 client->confidential ? "confidential" : "public", pl_channel_name(client->channel),
		 client->redirect_uris);
	return pl_audit_add(work, action, object, gone ? what : "", gone ? "" : what);
}

int pl_oauth_client_add(const struct pl_work *work, struct pl_oauth_client *client,
			struct pl_secret *secret_r)
{
	unsigned char digest[PL_MAC_BYTES];
	int ret = check_client(client, work->err);

	pl_secret_wipe(secret_r);
	client->created_at = work->now;
	if (ret == 0 && client->confidential &&
	    (pl_random_token(SECRET_PREFIX, secret_r, work->err) < 0 ||
	     pl_token_digest(secret_r, digest, work->err) < 0))
		ret = -1;
	if (ret == 0 && insert(work->store, client, digest, work->err) < 0)
		ret = -1;
	if (ret == 0)
		ret = record(work, "client.add", client, 0);
	if (ret == 0)
		return 0;
	pl_secret_wipe(secret_r);
	return pl_error_prefix(work->err, "client %s", client->id);
}

int pl_oauth_client_name_ok(const char *name)
{
	const uint8_t *at = (const uint8_t *)name;
	size_t characters = 0;
	ucs4_t character;

	if (!pl_is_utf8(name))
		return 0;
	while ((at = u8_next(&character, at)) != NULL) {
		/* Controls, bidi and other format characters, unassigned ones, line ends. */
		if (uc_is_general_category_withtable(character, UC_CATEGORY_MASK_C |
									UC_CATEGORY_MASK_Zl |
									UC_CATEGORY_MASK_Zp) ||
		    ++characters > PL_CLIENT_NAME_CHARACTERS)
			return 0;
	}
	return strlen(name) < sizeof(((struct pl_oauth_client *)NULL)->name);
}

int pl_oauth_client_needs_consent(const struct pl_oauth_client *client)
{
	return client->channel == PL_CHANNEL_CLIENT && !client->confidential;
}

int pl_oauth_client_authorized(const struct pl_work *work, const char *id)
{
	return pl_exec(work->store, PL_SQL_OAUTH_CLIENT_AUTHORIZED,
		       PL_PARAMS(PL_INT("now", work->now), PL_TEXT("client_id", id)), work->err);
}

/* Each of the list is one that a program may register. */
static int check_native(const struct pl_oauth_client *client, struct pl_error *err)
{
	const char *uri = client->redirect_uris;
	size_t len;

	if (!pl_oauth_client_name_ok(client->name))
		return pl_error_set(err, PL_ERR_INVALID,
				    "the name is longer than %d characters, or has some that are "
				    "not shown",
				    PL_CLIENT_NAME_CHARACTERS);
	for (; (len = strcspn(uri, " ")) > 0; uri += len + (uri[len] == ' ')) {
		char one[PL_CLIENT_URIS_MAX + 1];

		snprintf(one, sizeof(one), "%.*s", (int)len, uri);
		if (!pl_redirect_uri_is_native(one))
			return pl_error_set(err, PL_ERR_INVALID, "redirect URI %.200s", one);
	}
	return 0;
}

/* Whether one more may register now: 1, 0 or -1. */
static int has_room(const struct pl_work *work, const char *from)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_OAUTH_CLIENT_REGISTERED,
					PL_PARAMS(PL_TEXT("registered_from", from),
						  PL_INT("since", work->now - 3600)));
	int64_t all, same;

	if (pl_step(stmt, work->err) != 1)
		return -1;
	all = pl_col_int(stmt, "all_of_them");
	same = pl_col_int(stmt, "same");
	if (pl_row_end(stmt, work->err) < 0)
		return -1;
	return all < PL_CLIENT_REGISTRATIONS && same < PL_CLIENT_REGISTRATIONS_OF_ADDRESS;
}

static int make_id(struct pl_oauth_client *client, struct pl_error *err)
{
	struct pl_secret id;

	if (pl_random_token(REGISTERED_PREFIX, &id, err) < 0)
		return -1;
	snprintf(client->id, sizeof(client->id), "%.*s", PL_CLIENT_ID_MAX, (const char *)id.data);
	pl_secret_wipe(&id);
	return 0;
}

int pl_oauth_client_register(const struct pl_work *work, struct pl_oauth_client *client,
			     const struct pl_ip *from)
{
	int ret = check_native(client, work->err);

	client->confidential = 0;
	client->channel = PL_CHANNEL_CLIENT;
	client->created_at = work->now;
	pl_ip_format_origin(from, client->registered_from);
	if (ret == 0)
		ret = has_room(work, client->registered_from);
	if (ret == 1 && (make_id(client, work->err) < 0 || check_client(client, work->err) < 0 ||
			 insert(work->store, client, NULL, work->err) < 0 ||
			 record(work, "client.register", client, 0) < 0))
		ret = -1;
	return ret < 0 ? pl_error_prefix(work->err, "registration of a client") : ret;
}

static int read_row(struct pl_stmt *stmt, struct pl_oauth_client *client_r, struct pl_error *err)
{
	const char *channel;

	memset(client_r, 0, sizeof(*client_r));
	pl_col_copy(stmt, "id", client_r->id, sizeof(client_r->id));
	pl_col_copy(stmt, "name", client_r->name, sizeof(client_r->name));
	client_r->confidential = !pl_col_is_null(stmt, "secret");
	channel = pl_col_text(stmt, "channel");
	client_r->channel =
		channel != NULL && strcmp(channel, pl_channel_name(PL_CHANNEL_WEBMAIL)) == 0
			? PL_CHANNEL_WEBMAIL
			: PL_CHANNEL_CLIENT;
	pl_col_copy(stmt, "redirect_uris", client_r->redirect_uris,
		    sizeof(client_r->redirect_uris));
	pl_col_copy(stmt, "logout_uris", client_r->logout_uris, sizeof(client_r->logout_uris));
	client_r->mail_implied = pl_col_int(stmt, "mail_implied") != 0;
	client_r->created_at = pl_col_int(stmt, "created_at");
	pl_col_copy(stmt, "registered_from", client_r->registered_from,
		    sizeof(client_r->registered_from));
	if (pl_signing_alg_find(pl_col_text(stmt, "id_token_alg"), &client_r->id_token_alg) == 0)
		return 0;
	return pl_error_set(err, PL_ERR_DATA, "client %s: its id_token_alg is unknown",
			    client_r->id);
}

/* 1, 0, -1. digest_r (may be NULL) is left alone when there is none. */
static int get(struct pl_store *store, const char *id, struct pl_oauth_client *client_r,
	       unsigned char *digest_r, struct pl_error *err)
{
	struct pl_stmt *stmt;
	int ret;

	stmt = pl_query(store, PL_SQL_OAUTH_CLIENT_GET, PL_PARAMS(PL_TEXT("client_id", id)));
	ret = pl_step(stmt, err);
	if (ret != 1)
		return ret;
	if (read_row(stmt, client_r, err) < 0) {
		pl_reset(stmt);
		return -1;
	}
	if (digest_r != NULL)
		pl_col_blob(stmt, "secret", digest_r, PL_MAC_BYTES);
	return pl_row_end(stmt, err);
}

int pl_oauth_client_get(struct pl_store *store, const char *id, struct pl_oauth_client *client_r,
			struct pl_error *err)
{
	return get(store, id, client_r, NULL, err);
}

int pl_oauth_client_check(struct pl_store *store, const char *id, const struct pl_secret *secret,
			  struct pl_error *err)
{
	unsigned char stored[PL_MAC_BYTES] = { 0 }, offered[PL_MAC_BYTES];
	struct pl_oauth_client client = { .confidential = 0 };
	int same;

	if (pl_token_digest(secret, offered, err) < 0 || get(store, id, &client, stored, err) < 0)
		return -1;
	same = CRYPTO_memcmp(stored, offered, sizeof(stored)) == 0;
	return same && client.confidential;
}

int pl_oauth_client_list(struct pl_store *store,
			 int (*each)(const struct pl_oauth_client *client, void *context),
			 void *context, struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_OAUTH_CLIENT_LIST, NULL);
	struct pl_oauth_client client;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		ret = read_row(stmt, &client, err);
		if (ret < 0 || each(&client, context) != 0) {
			pl_reset(stmt);
			return ret;
		}
	}
	return ret;
}

int pl_oauth_client_remove(const struct pl_work *work, const char *id)
{
	struct pl_oauth_client client;
	int ret = pl_oauth_client_get(work->store, id, &client, work->err);

	if (ret != 1)
		return ret;
	if (pl_exec(work->store, PL_SQL_OAUTH_CLIENT_END_SESSIONS,
		    PL_PARAMS(PL_TEXT("client_id", id)), work->err) < 0 ||
	    pl_exec(work->store, PL_SQL_OAUTH_CLIENT_DELETE, PL_PARAMS(PL_TEXT("client_id", id)),
		    work->err) < 0 ||
	    record(work, "client.remove", &client, 1) < 0)
		return pl_error_prefix(work->err, "client %s", id);
	return 1;
}
