/* push.c - see push.h. */
#include "policy/approval/push.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/seal.h"
#include "policy/outbox/facts.h"
#include "policy/session/signing_alg.h"

#define SEALED_AS "web-push-key"
#define SCHEME "https://"
#define HOST_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-."
#define PATH_CHARS                                                                     \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&()*+,;=" \
	":@/?%"

/* ---- addresses ---- */

/* Whether a word of the list, "push.example" or "*.example", names the host. */
static int names(const char *word, size_t len, const char *host, size_t host_len)
{
	if (len == 0 || word[0] != '*')
		return len == host_len && memcmp(word, host, len) == 0;
	word++;
	len--;
	return host_len > len && memcmp(host + host_len - len, word, len) == 0;
}

static int is_listed(const char *services, const char *host, size_t host_len)
{
	for (const char *at = services + strspn(services, ", "); *at != '\0';
	     at += strspn(at, ", ")) {
		const size_t len = strcspn(at, ", ");

		if (names(at, len, host, host_len))
			return 1;
		at += len;
	}
	return 0;
}

int pl_push_is_allowed(const char *services, const char *endpoint, char host_r[PL_PUSH_HOST + 1])
{
	const char *host = endpoint + strlen(SCHEME);
	size_t len;

	if (strncmp(endpoint, SCHEME, strlen(SCHEME)) != 0 || strlen(endpoint) > PL_PUSH_ENDPOINT)
		return 0;
	len = strspn(host, HOST_CHARS);
	if (len == 0 || len > PL_PUSH_HOST || host[len] != '/' ||
	    strspn(host + len, PATH_CHARS) != strlen(host + len))
		return 0;
	if (host_r != NULL) {
		memcpy(host_r, host, len);
		host_r[len] = '\0';
	}
	return is_listed(services, host, len);
}

/* ---- the key ---- */

static int no_outbox_key(const struct pl_work *work)
{
	return pl_error_set(work->err, PL_ERR_RETRY,
			    "phones can be woken only with the outbox key (outbox_key)");
}

/* 1, 0 it was sealed with a key that is lost, -1. */
static int open_key(const struct pl_work *work, const struct pl_sealed *sealed,
		    struct pl_signing_key *key)
{
	struct pl_error err = { 0 };

	if (pl_unseal(work->outbox, SEALED_AS, 0, sealed, &key->secret, &err) == 0)
		return 1;
	return err.code == PL_ERR_CONFIG ? 0 : pl_error_set(work->err, err.code, "%s", err.msg);
}

int pl_push_key_get(const struct pl_work *work, struct pl_signing_key *key_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_WEB_PUSH_KEY_GET, NULL);
	struct pl_sealed sealed = { .len = 0 };
	int ret = pl_step(stmt, work->err);

	memset(key_r, 0, sizeof(*key_r));
	key_r->alg = PL_ES256;
	if (ret == 1) {
		sealed.len = pl_col_blob(stmt, "sealed", sealed.data, sizeof(sealed.data));
		key_r->created_at = pl_col_int(stmt, "created_at");
		ret = pl_row_ok(stmt, work->err) < 0 ? -1 : 1;
	}
	pl_reset(stmt);
	if (ret != 1)
		return ret;
	if (work->outbox == NULL)
		return no_outbox_key(work);
	return open_key(work, &sealed, key_r);
}

static int insert(const struct pl_work *work, const struct pl_signing_key *key)
{
	struct pl_sealed sealed;

	if (pl_seal(work->outbox, SEALED_AS, 0, &key->secret, &sealed, work->err) < 0)
		return -1;
	if (pl_exec(work->store, PL_SQL_WEB_PUSH_KEY_DELETE, NULL, work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_WEB_PUSH_KEY_INSERT,
		       PL_PARAMS(PL_BLOB("sealed", sealed.data, sealed.len),
				 PL_INT("now", work->now)),
		       work->err);
}

int pl_push_key_make(const struct pl_work *work, struct pl_signing_key *key_r)
{
	int ret = pl_push_key_get(work, key_r);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if (work->outbox == NULL)
		return no_outbox_key(work);
	key_r->created_at = work->now;
	if (pl_signing_alg_generate(key_r, work->err) == 0 && insert(work, key_r) == 0)
		return 0;
	pl_secret_wipe(&key_r->secret);
	return pl_error_prefix(work->err, "key for push services");
}

int pl_push_key_public(const EVP_PKEY *key, unsigned char point_r[PL_PUSH_KEY_BYTES])
{
	size_t len = 0;

	return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point_r,
					       PL_PUSH_KEY_BYTES, &len) == 1 &&
			       len == PL_PUSH_KEY_BYTES
		       ? 0
		       : -1;
}

/* ---- phones ---- */

int pl_push_set(const struct pl_work *work, const struct pl_approval_device *device,
		const char *endpoint)
{
	return pl_exec(work->store, PL_SQL_APPROVAL_DEVICE_SET_PUSH,
		       PL_PARAMS(PL_INT("device_id", device->id), PL_TEXT("endpoint", endpoint)),
		       work->err);
}

/* What the payload of a message tells: which phone. */
struct push {
	char device[24]; /* its id */
};

static const struct pl_fact facts[] = { PL_FACT(push, device) };

static int add_message(const struct pl_work *work, int64_t member_id, int64_t device_id,
		       int64_t life)
{
	struct pl_secret payload = { .len = 0 };
	const struct pl_new_message message = { .member_id = member_id,
						.kind = PL_PUSH_KIND,
						.what = "approval-waits",
						.life = life,
						.payload = &payload };
	struct push push;

	snprintf(push.device, sizeof(push.device), "%lld", (long long)device_id);
	return pl_facts_put(facts, 1, &push, &payload, work->err) < 0 ||
			       pl_outbox_add(work, &message) < 0
		       ? -1
		       : 0;
}

/* Reading ends before anything is written: a member has few of them. */
int pl_push_wake(const struct pl_work *work, int64_t member_id, int64_t life)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_APPROVAL_DEVICE_WITH_PUSH,
					PL_PARAMS(PL_INT("member_id", member_id)));
	int64_t ids[PL_APPROVAL_DEVICES];
	size_t count = 0;
	int ret;

	while ((ret = pl_step(stmt, work->err)) == 1 && count < PL_APPROVAL_DEVICES)
		ids[count++] = pl_col_int(stmt, "id");
	pl_reset(stmt);
	for (size_t i = 0; ret >= 0 && i < count; i++)
		ret = add_message(work, member_id, ids[i], life);
	return ret < 0 ? -1 : 0;
}

/* ---- messages ---- */

/* 0, or -1. */
static int read_device(const struct pl_work *work, const struct pl_message *message, int64_t *id_r)
{
	struct push push = { .device = "" };
	struct pl_secret payload;
	int ret = pl_message_open(message, work->outbox, &payload, work->err);

	if (ret == 0)
		pl_facts_parse(facts, 1, (const char *)payload.data, &push);
	pl_secret_wipe(&payload);
	*id_r = strtoll(push.device, NULL, 10);
	return ret;
}

int pl_push_endpoint(const struct pl_work *work, const struct pl_message *message,
		     char endpoint_r[PL_PUSH_ENDPOINT + 1])
{
	struct pl_stmt *stmt;
	int64_t id;
	int ret;

	if (read_device(work, message, &id) < 0)
		return -1;
	stmt = pl_query(work->store, PL_SQL_APPROVAL_DEVICE_PUSH,
			PL_PARAMS(PL_INT("device_id", id),
				  PL_INT("member_id", message->member_id)));
	ret = pl_step(stmt, work->err);
	if (ret == 1) {
		pl_col_copy(stmt, "push_endpoint", endpoint_r, PL_PUSH_ENDPOINT + 1);
		ret = pl_row_ok(stmt, work->err) < 0 ? -1 : 1;
	}
	pl_reset(stmt);
	return ret;
}

int pl_push_forget(const struct pl_work *work, const struct pl_message *message)
{
	int64_t id;

	if (read_device(work, message, &id) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_APPROVAL_DEVICE_FORGET_PUSH,
		       PL_PARAMS(PL_INT("device_id", id), PL_INT("member_id", message->member_id)),
		       work->err);
}
