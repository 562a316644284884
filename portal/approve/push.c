/* push.c - a phone tells where it can be woken when a sign-in waits. */
#include <openssl/evp.h>
#include <string.h>

#include "policy/approval/push.h"
#include "policy/base/random.h"
#include "portal/approve/handlers.h"
#include "portal/http/portal.h"

#define WORKER "approve/worker.js"

/* Browsers look for a newer one themselves, at the address at which they have found the first
 * (Service Workers, 2.2): it has no version. */
int get_approve_worker(struct request *request, struct response *response, struct pl_error *err)
{
	const struct page *page = pages_named(portal_pages(request->portal), WORKER);

	if (page == NULL)
		return respond_error(response, 404, "not-found");
	response->status = 200;
	response->type = page->type;
	response->body = strdup(page->body);
	response->body_len = response->body == NULL ? 0 : page->len;
	return response->body == NULL ? pl_error_set(err, PL_ERR_RETRY, "out of memory") : 0;
}

static json_t *public_key(const struct pl_work *work, const struct pl_signing_key *key)
{
	char text[PL_BASE64URL_TEXT(PL_PUSH_KEY_BYTES)];
	unsigned char point[PL_PUSH_KEY_BYTES];
	EVP_PKEY *pkey = pl_signing_key_open(key, work->err);
	json_t *json = NULL;

	if (pkey != NULL && pl_push_key_public(pkey, point) == 0)
		json = json_string(pl_base64url(point, sizeof(point), text));
	EVP_PKEY_free(pkey);
	return json;
}

/* Reads first: but for the first phone of all, the key is there. */
static int find_key(struct request *request, struct pl_signing_key *key_r, struct pl_error *err)
{
	int ret = pl_push_key_get(&request->work, key_r);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if (request_begin_write(request, err) < 0)
		return -1;
	return pl_push_key_make(&request->work, key_r) < 0 ||
			       pl_store_commit(request->work.store, err) < 0
		       ? -1
		       : 0;
}

int post_push_key(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_signing_key key;
	json_t *text;

	if (request->policy->web_push_services[0] == '\0' || request->work.outbox == NULL)
		return respond_json(response, 200, json_pack("{s:n}", "key"));
	if (find_key(request, &key, err) < 0)
		return -1;
	text = public_key(&request->work, &key);
	pl_secret_wipe(&key.secret);
	if (text == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the key for push services cannot be read");
	return respond_json(response, 200, json_pack("{s:o}", "key", text));
}

int post_push(struct request *request, struct response *response, struct pl_error *err)
{
	const char *endpoint = request_text(request, "endpoint");

	if (endpoint[0] != '\0' &&
	    !pl_push_is_allowed(request->policy->web_push_services, endpoint, NULL))
		return respond_error(response, 422, "push-service");
	if (request_begin_write(request, err) < 0 ||
	    pl_push_set(&request->work, &request->device, endpoint) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	return respond_json(response, 200, json_object());
}
