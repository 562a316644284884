/* push.c - see push.h.
 *
 * The process connects to public addresses alone, whatever the name of the service stands for, and
 * follows no redirection. What the service answers is not read but for its status.
 */
#include "sender/push.h"

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "policy/approval/push.h"
#include "policy/approval/request.h"
#include "policy/base/network.h"
#include "policy/base/random.h"
#include "policy/session/signature.h"

#define PUSH_SECONDS 10
#define TOKEN_SECONDS 3600 /* RFC 8292 2: not more than 24 hours */
#define TOKEN_HEADER "{\"typ\":\"JWT\",\"alg\":\"ES256\"}"
#define TOKEN_BYTES 2048

struct push {
	char endpoint[PL_PUSH_ENDPOINT + 1];
	char authorization[TOKEN_BYTES + 256]; /* the field of the request, RFC 8292 3 */
};

int push_is(const struct pl_message *message)
{
	return strcmp(message->kind, PL_PUSH_KIND) == 0;
}

/* ---- the request ---- */

/* The claims of RFC 8292 2: for whom the token is, until when, and who sends. NULL: out of
 * memory. */
static char *write_claims(const struct pl_policy *policy, const char *host, int64_t now)
{
	json_t *claims =
		json_pack("{s:o?, s:I, s:s}", "aud", json_sprintf("https://%s", host), "exp",
			  (json_int_t)now + TOKEN_SECONDS, "sub", policy->portal_url);
	char *text = json_dumps(claims, JSON_COMPACT);

	json_decref(claims);
	return text;
}

/* "HEADER.CLAIMS", which is signed. 0, or -1: it does not fit. */
static int write_input(const char *claims, char input_r[TOKEN_BYTES])
{
	char header[PL_BASE64URL_TEXT(sizeof(TOKEN_HEADER))];
	char text[PL_BASE64URL_TEXT(TOKEN_BYTES / 2)];

	if (strlen(claims) >= TOKEN_BYTES / 2)
		return -1;
	snprintf(input_r, TOKEN_BYTES, "%s.%s",
		 pl_base64url(TOKEN_HEADER, strlen(TOKEN_HEADER), header),
		 pl_base64url(claims, strlen(claims), text));
	return 0;
}

/* 0, or -1. */
static int write_authorization(const char *claims, EVP_PKEY *key, struct push *push)
{
	char input[TOKEN_BYTES], signature_text[PL_BASE64URL_TEXT(PL_SIGNATURE_MAX)];
	char key_text[PL_BASE64URL_TEXT(PL_PUSH_KEY_BYTES)];
	unsigned char point[PL_PUSH_KEY_BYTES];
	struct pl_signature signature;

	if (write_input(claims, input) < 0 || pl_push_key_public(key, point) < 0 ||
	    pl_signature_make(PL_ES256, key, input, strlen(input), &signature) < 0)
		return -1;
	snprintf(push->authorization, sizeof(push->authorization),
		 "Authorization: vapid t=%s.%s, k=%s", input,
		 pl_base64url(signature.bytes, signature.len, signature_text),
		 pl_base64url(point, sizeof(point), key_text));
	return 0;
}

/* 0, or -1. */
static int authorize(const struct pl_policy *policy, const struct pl_work *work, const char *host,
		     struct push *push)
{
	struct pl_signing_key signing;
	EVP_PKEY *key = NULL;
	char *claims = write_claims(policy, host, work->now);
	int ret = pl_push_key_get(work, &signing);

	if (ret == 1)
		key = pl_signing_key_open(&signing, work->err);
	pl_secret_wipe(&signing.secret);
	if (ret == 0)
		pl_error_set(work->err, PL_ERR_DATA, "there is no key for push services any more");
	ret = key == NULL ? -1 : 0;
	if (ret == 0 && (claims == NULL || write_authorization(claims, key, push) < 0))
		ret = pl_error_set(work->err, PL_ERR_RETRY, "a message to %s cannot be signed",
				   host);
	EVP_PKEY_free(key);
	free(claims);
	return ret;
}

/* ---- the process ---- */

/* Instead of the connection that libcurl would make: none to an address that is not public. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct pl_ip ip;

	(void)context;
	(void)purpose;
	pl_ip_from_sockaddr(&address->addr, &ip);
	return pl_ip_is_public(&ip) ? socket(address->family, address->socktype | SOCK_CLOEXEC,
					     address->protocol)
				    : CURL_SOCKET_BAD;
}

static size_t pass_over(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count;
}

/* The answer of the service as an exit status: RFC 8030 5 and 7.3. */
static int status_of(long answer)
{
	if (answer >= 200 && answer < 300)
		return EX_OK;
	return answer < 300 || answer >= 500 || answer == 408 || answer == 429 ? EX_TEMPFAIL
									       : EX_UNAVAILABLE;
}

static int ask(CURL *curl, struct curl_slist *fields, const struct push *push)
{
	long answer = 0;

	curl_easy_setopt(curl, CURLOPT_URL, push->endpoint);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)PUSH_SECONDS - 1);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, pass_over);
	if (curl_easy_perform(curl) != CURLE_OK)
		return EX_TEMPFAIL;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
	return status_of(answer);
}

/* A newer message takes the place of one that the service still has (Topic, RFC 8030 5.4). */
static int run(void *context)
{
	const struct push *push = context;
	const char *const texts[] = { push->authorization, "Urgency: high", "Topic: approval",
				      "Content-Type:" };
	struct curl_slist *fields = NULL;
	CURL *curl = curl_easy_init();
	char life[32];

	snprintf(life, sizeof(life), "TTL: %d", PL_APPROVAL_SECONDS);
	fields = curl_slist_append(fields, life);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		fields = curl_slist_append(fields, texts[i]);
	return curl == NULL || fields == NULL ? EX_TEMPFAIL : ask(curl, fields, push);
}

int push_start(const struct pl_policy *policy, const struct pl_work *work,
	       const struct pl_message *message, struct process *process_r)
{
	char host[PL_PUSH_HOST + 1];
	struct push push;
	int ret = pl_push_endpoint(work, message, push.endpoint);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return pl_error_set(work->err, PL_ERR_DATA, "the phone cannot be woken any more");
	if (!pl_push_is_allowed(policy->web_push_services, push.endpoint, host))
		return pl_error_set(work->err, PL_ERR_DATA,
				    "its push service is not one of web_push_services");
	if (authorize(policy, work, host, &push) < 0)
		return -1;
	*process_r = (struct process){ .name = "push service",
				       .seconds = PUSH_SECONDS,
				       .may_refuse = 1 };
	return process_start(process_r, run, &push, work->err);
}
