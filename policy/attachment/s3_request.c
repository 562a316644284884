/* s3_request.c - see s3_request.h. */
#include "policy/attachment/s3_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "policy/base/random.h"

#define CONNECT_SECONDS 5L
#define SHORT_SECONDS 20L /* for a request without a blob */
/* A blob that comes or goes more slowly than this for so long does not come. */
#define SLOW_BYTES 1024L
#define SLOW_SECONDS 30L
#define TEXT_LIMIT (4 * 1024 * 1024)
#define DIGEST_FIELD "x-amz-meta-sha256:"
#define VERSION_FIELD "x-amz-version-id:"

int pl_s3_open(const struct pl_policy *policy, struct pl_s3 **s3_r, struct pl_error *err)
{
	struct pl_s3 *s3 = calloc(1, sizeof(*s3));

	*s3_r = NULL;
	if (s3 == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	if (pl_s3_url_parse(policy->attachment_s3_url, &s3->url, err) < 0 ||
	    pl_s3_key_load(policy->attachment_s3_key, &s3->key, err) < 0) {
		pl_s3_close(&s3);
		return -1;
	}
	snprintf(s3->provider, sizeof(s3->provider), "aws:amz:%.64s:s3",
		 policy->attachment_s3_region);
	s3->curl = curl_easy_init();
	if (s3->curl == NULL) {
		pl_s3_close(&s3);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	*s3_r = s3;
	return 0;
}

void pl_s3_close(struct pl_s3 **s3)
{
	if (*s3 == NULL)
		return;
	curl_easy_cleanup((*s3)->curl);
	pl_secret_wipe(&(*s3)->key.secret);
	free(*s3);
	*s3 = NULL;
}

void pl_s3_on_progress(struct pl_s3 *s3, pl_s3_progress *progress, void *context)
{
	s3->progress = progress;
	s3->context = context;
}

int pl_s3_status(const struct pl_s3 *s3)
{
	return (int)s3->status;
}

const char *pl_s3_code(const struct pl_s3 *s3)
{
	return s3->code;
}

int pl_s3_is_versioned(const struct pl_s3 *s3)
{
	return s3->is_versioned;
}

/* -- digests -- */

EVP_MD_CTX *s3_new_digest(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

int s3_end_digest(EVP_MD_CTX *ctx, char text_r[S3_DIGEST_TEXT])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (EVP_DigestFinal_ex(ctx, digest, &len) != 1 || len != S3_DIGEST_BYTES)
		return -1;
	pl_hex(digest, len, text_r);
	return 0;
}

/* -- a request -- */

static size_t keep_text(struct exchange *exchange, const char *data, size_t len)
{
	char *text;

	if (len > TEXT_LIMIT - exchange->len)
		return 0;
	text = realloc(exchange->text, exchange->len + len);
	if (text == NULL)
		return 0;
	exchange->text = text;
	memcpy(text + exchange->len, data, len);
	exchange->len += len;
	return len;
}

static size_t write_file(struct exchange *exchange, const char *data, size_t len)
{
	size_t left = len;

	if (EVP_DigestUpdate(exchange->digest, data, len) != 1)
		return 0;
	while (left > 0) {
		const ssize_t written = write(exchange->to, data + (len - left), left);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			exchange->write_errno = errno;
			return 0;
		}
		left -= (size_t)written;
	}
	exchange->written += (int64_t)len;
	return len;
}

static size_t take_bytes(char *data, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	long status = 0;

	curl_easy_getinfo(exchange->s3->curl, CURLINFO_RESPONSE_CODE, &status);
	return exchange->to >= 0 && status == 200 ? write_file(exchange, data, size * count)
						  : keep_text(exchange, data, size * count);
}

/* The digest that was stored with the object. */
static void take_digest(struct exchange *exchange, const char *at, const char *end)
{
	size_t digits = 0;

	while (at < end && *at == ' ')
		at++;
	while (at + digits < end && at[digits] != '\0' &&
	       strchr("0123456789abcdef", at[digits]) != NULL)
		digits++;
	if (digits == S3_DIGEST_TEXT - 1)
		snprintf(exchange->digest_text, S3_DIGEST_TEXT, "%.*s", (int)digits, at);
}

static int is_field(const char *line, size_t len, const char *name)
{
	return len > strlen(name) && strncasecmp(line, name, strlen(name)) == 0;
}

static size_t take_field(char *data, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	const size_t len = size * count;

	if (is_field(data, len, DIGEST_FIELD))
		take_digest(exchange, data + strlen(DIGEST_FIELD), data + len);
	else if (exchange->from >= 0 && is_field(data, len, VERSION_FIELD))
		exchange->s3->is_versioned = 1;
	return len;
}

static int on_progress(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
		       curl_off_t up)
{
	const struct exchange *exchange = context;

	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	if (exchange->s3->progress != NULL)
		exchange->s3->progress(exchange->s3->context);
	return 0;
}

int s3_add_field(struct exchange *exchange, const char *name, const char *value)
{
	char field[256];
	struct curl_slist *fields;

	snprintf(field, sizeof(field), "%s: %s", name, value);
	fields = curl_slist_append(exchange->fields, field);
	if (fields != NULL)
		exchange->fields = fields;
	return fields == NULL ? -1 : 0;
}

int s3_prepare(struct exchange *exchange, const char *address, const char *body)
{
	struct pl_s3 *s3 = exchange->s3;

	curl_easy_reset(s3->curl);
	s3->status = 0;
	s3->code[0] = '\0';
	if (s3_add_field(exchange, "x-amz-content-sha256", body) < 0)
		return -1;
	curl_easy_setopt(s3->curl, CURLOPT_URL, address);
	curl_easy_setopt(s3->curl, CURLOPT_PROTOCOLS_STR,
			 strncmp(s3->url.origin, "https:", 6) == 0 ? "https" : "http");
	curl_easy_setopt(s3->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(s3->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(s3->curl, CURLOPT_AWS_SIGV4, s3->provider);
	curl_easy_setopt(s3->curl, CURLOPT_USERNAME, s3->key.id);
	curl_easy_setopt(s3->curl, CURLOPT_PASSWORD, (const char *)s3->key.secret.data);
	curl_easy_setopt(s3->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(s3->curl, CURLOPT_TIMEOUT, SHORT_SECONDS);
	curl_easy_setopt(s3->curl, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	curl_easy_setopt(s3->curl, CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
	curl_easy_setopt(s3->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(s3->curl, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(s3->curl, CURLOPT_WRITEDATA, exchange);
	curl_easy_setopt(s3->curl, CURLOPT_HEADERFUNCTION, take_field);
	curl_easy_setopt(s3->curl, CURLOPT_HEADERDATA, exchange);
	curl_easy_setopt(s3->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(s3->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(s3->curl, CURLOPT_XFERINFODATA, exchange);
	return 0;
}

int s3_failed(const struct pl_s3 *s3, struct pl_error *err, const char *why)
{
	return pl_error_set(err, PL_ERR_RETRY, "the store %s/%s: %s", s3->url.origin,
			    s3->url.bucket, why);
}

int s3_perform(struct exchange *exchange, struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	CURLcode code;

	curl_easy_setopt(s3->curl, CURLOPT_HTTPHEADER, exchange->fields);
	code = curl_easy_perform(s3->curl);
	if (exchange->write_errno != 0)
		return pl_error_set(err, PL_ERR_RETRY, "a copy of a file of %s/%s: %s",
				    s3->url.origin, s3->url.bucket,
				    strerror(exchange->write_errno));
	if (code != CURLE_OK)
		return s3_failed(s3, err, curl_easy_strerror(code));
	curl_easy_getinfo(s3->curl, CURLINFO_RESPONSE_CODE, &s3->status);
	if (s3->status >= 300)
		pl_s3_error_code(exchange->text, exchange->len, s3->code);
	return 0;
}

int s3_refused(const struct pl_s3 *s3, struct pl_error *err)
{
	char said[PL_S3_CODE + 64];

	snprintf(said, sizeof(said), "it answered %ld%s%s", s3->status,
		 s3->code[0] == '\0' ? "" : " ", s3->code);
	return s3_failed(s3, err, said);
}

void s3_begin(struct pl_s3 *s3, struct exchange *exchange_r)
{
	*exchange_r = (struct exchange){ .s3 = s3, .from = -1, .to = -1 };
}

void s3_end(struct exchange *exchange)
{
	curl_slist_free_all(exchange->fields);
	EVP_MD_CTX_free(exchange->digest);
	free(exchange->text);
	/* It has pointers to what is freed. */
	curl_easy_reset(exchange->s3->curl);
}
