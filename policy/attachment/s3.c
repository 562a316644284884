/* s3.c - see s3.h. */
#include "policy/attachment/s3.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/attachment/s3_key.h"
#include "policy/attachment/s3_xml.h"
#include "policy/settings/s3_url.h"

#define CONNECT_SECONDS 5L
#define SHORT_SECONDS 20L /* for a request without a blob */
/* A blob that comes or goes more slowly than this for so long does not come. */
#define SLOW_BYTES 1024L
#define SLOW_SECONDS 30L
#define TEXT_LIMIT (4 * 1024 * 1024)
#define DIGEST_BYTES 32
#define DIGEST_TEXT (2 * DIGEST_BYTES + 1)
#define DIGEST_FIELD "x-amz-meta-sha256:"
#define OBJECT_ADDRESS 640
#define READ_SIZE (64 * 1024)

struct pl_s3 {
	CURL *curl;
	struct pl_s3_url url;
	struct pl_s3_key key;
	char provider[96];
	pl_s3_progress *progress;
	void *context;
	/* Of the last request. */
	long status;
	char code[PL_S3_CODE];
};

/* What is sent and what comes back. */
struct exchange {
	struct pl_s3 *s3;
	struct curl_slist *fields;
	/* What is sent, from the beginning of a file on. */
	int from;
	int64_t sent;
	/* Where the bytes of a good answer go; -1: into the text, as those of all others do. */
	int to;
	int64_t written;
	EVP_MD_CTX *digest;
	int write_errno;
	char digest_text[DIGEST_TEXT]; /* that the store has kept; "": none */
	char *text;
	size_t len;
};

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

/* -- digests -- */

static void digest_text(const unsigned char digest[DIGEST_BYTES], char text_r[DIGEST_TEXT])
{
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		snprintf(text_r + 2 * i, 3, "%02x", digest[i]);
}

static EVP_MD_CTX *new_digest(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

static int end_digest(EVP_MD_CTX *ctx, char text_r[DIGEST_TEXT])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (EVP_DigestFinal_ex(ctx, digest, &len) != 1 || len != DIGEST_BYTES)
		return -1;
	digest_text(digest, text_r);
	return 0;
}

static int digest_file(int fd, int64_t size, char text_r[DIGEST_TEXT], struct pl_error *err)
{
	unsigned char buffer[READ_SIZE];
	EVP_MD_CTX *ctx = new_digest();
	int64_t offset = 0;
	ssize_t got = 0;
	int ok = ctx != NULL;

	while (ok && (got = pread(fd, buffer, sizeof(buffer), offset)) > 0) {
		offset += got;
		ok = EVP_DigestUpdate(ctx, buffer, (size_t)got) == 1;
	}
	ok = ok && got == 0 && offset == size && end_digest(ctx, text_r) == 0;
	EVP_MD_CTX_free(ctx);
	return ok ? 0
		  : pl_error_set(err, PL_ERR_RETRY,
				 "a file that is to be stored cannot be read again");
}

/* -- a request -- */

static size_t give_bytes(char *buffer, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	const ssize_t got = pread(exchange->from, buffer, size * count, exchange->sent);

	if (got < 0)
		return CURL_READFUNC_ABORT;
	exchange->sent += got;
	return (size_t)got;
}

static int go_to(void *context, curl_off_t offset, int origin)
{
	struct exchange *exchange = context;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	exchange->sent = offset;
	return CURL_SEEKFUNC_OK;
}

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

/* Of the fields of an answer only the digest that was stored with the object counts. */
static size_t take_field(char *data, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	const size_t len = size * count, name = strlen(DIGEST_FIELD);

	if (len > name && strncasecmp(data, DIGEST_FIELD, name) == 0) {
		const char *at = data + name, *end = data + len;
		size_t digits = 0;

		while (at < end && *at == ' ')
			at++;
		while (at + digits < end && strchr("0123456789abcdef", at[digits]) != NULL)
			digits++;
		if (digits == DIGEST_TEXT - 1)
			snprintf(exchange->digest_text, DIGEST_TEXT, "%.*s", (int)digits, at);
	}
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

static int add_field(struct exchange *exchange, const char *name, const char *value)
{
	char field[PL_S3_TOKEN];
	struct curl_slist *fields;

	snprintf(field, sizeof(field), "%s: %s", name, value);
	fields = curl_slist_append(exchange->fields, field);
	if (fields != NULL)
		exchange->fields = fields;
	return fields == NULL ? -1 : 0;
}

/* What all requests have. body is the digest of what is sent. */
static int prepare(struct exchange *exchange, const char *address, const char *body)
{
	struct pl_s3 *s3 = exchange->s3;

	curl_easy_reset(s3->curl);
	s3->status = 0;
	s3->code[0] = '\0';
	if (add_field(exchange, "x-amz-content-sha256", body) < 0)
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

static int failed(const struct pl_s3 *s3, struct pl_error *err, const char *why)
{
	return pl_error_set(err, PL_ERR_RETRY, "the store %s/%s: %s", s3->url.origin,
			    s3->url.bucket, why);
}

/* Makes the request. 0: there was an answer, whose status and code are in s3; or -1. */
static int perform(struct exchange *exchange, struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	CURLcode code;

	curl_easy_setopt(s3->curl, CURLOPT_HTTPHEADER, exchange->fields);
	code = curl_easy_perform(s3->curl);
	if (exchange->write_errno != 0)
		return failed(s3, err, strerror(exchange->write_errno));
	if (code != CURLE_OK)
		return failed(s3, err, curl_easy_strerror(code));
	curl_easy_getinfo(s3->curl, CURLINFO_RESPONSE_CODE, &s3->status);
	if (s3->status >= 300)
		pl_s3_error_code(exchange->text, exchange->len, s3->code);
	return 0;
}

/* What the store answers, and is not what was asked for. -1. */
static int refused(const struct pl_s3 *s3, struct pl_error *err)
{
	char said[PL_S3_CODE + 64];

	snprintf(said, sizeof(said), "it answered %ld%s%s", s3->status,
		 s3->code[0] == '\0' ? "" : " ", s3->code);
	return failed(s3, err, said);
}

static void begin(struct pl_s3 *s3, struct exchange *exchange_r)
{
	*exchange_r = (struct exchange){ .s3 = s3, .from = -1, .to = -1 };
}

static void end(struct exchange *exchange)
{
	curl_slist_free_all(exchange->fields);
	EVP_MD_CTX_free(exchange->digest);
	free(exchange->text);
	/* It has pointers to what is freed. */
	curl_easy_reset(exchange->s3->curl);
}

static const char *object_address(const struct pl_s3 *s3, const char *name,
				  char address_r[OBJECT_ADDRESS])
{
	snprintf(address_r, OBJECT_ADDRESS, "%s/%s/%s%.2s/%s", s3->url.origin, s3->url.bucket,
		 s3->url.prefix, name, name);
	return address_r;
}

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* -- objects -- */

static int put(struct exchange *exchange, const char *name, int64_t size, struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	char address[OBJECT_ADDRESS], digest[DIGEST_TEXT];

	if (digest_file(exchange->from, size, digest, err) < 0)
		return -1;
	if (prepare(exchange, object_address(s3, name, address), digest) < 0 ||
	    add_field(exchange, "x-amz-meta-sha256", digest) < 0 ||
	    add_field(exchange, "Content-Type", "application/octet-stream") < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	curl_easy_setopt(s3->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(s3->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
	curl_easy_setopt(s3->curl, CURLOPT_READFUNCTION, give_bytes);
	curl_easy_setopt(s3->curl, CURLOPT_READDATA, exchange);
	curl_easy_setopt(s3->curl, CURLOPT_SEEKFUNCTION, go_to);
	curl_easy_setopt(s3->curl, CURLOPT_SEEKDATA, exchange);
	curl_easy_setopt(s3->curl, CURLOPT_TIMEOUT, (long)PL_S3_LONGEST);
	if (perform(exchange, err) < 0)
		return -1;
	return s3->status == 200 ? 0 : refused(s3, err);
}

int pl_s3_put(struct pl_s3 *s3, const char *name, int fd, int64_t size, struct pl_error *err)
{
	struct exchange exchange;
	int ret;

	begin(s3, &exchange);
	exchange.from = fd;
	ret = put(&exchange, name, size, err);
	end(&exchange);
	return ret;
}

static int is_absent(const struct pl_s3 *s3)
{
	return s3->status == 404 && (s3->code[0] == '\0' || strcmp(s3->code, "NoSuchKey") == 0);
}

static int get(struct exchange *exchange, const char *name, struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	char address[OBJECT_ADDRESS], digest[DIGEST_TEXT];

	exchange->digest = new_digest();
	if (exchange->digest == NULL ||
	    prepare(exchange, object_address(s3, name, address), EMPTY) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	curl_easy_setopt(s3->curl, CURLOPT_TIMEOUT, (long)PL_S3_LONGEST);
	if (perform(exchange, err) < 0)
		return -1;
	if (is_absent(s3))
		return 0;
	if (s3->status != 200)
		return refused(s3, err);
	if (end_digest(exchange->digest, digest) < 0 || strcmp(digest, exchange->digest_text) != 0)
		return failed(s3, err,
			      "an object has not the bytes that were stored, or was not stored by "
			      "Postlatch");
	return 1;
}

int pl_s3_get(struct pl_s3 *s3, const char *name, int fd, int64_t *size_r, struct pl_error *err)
{
	struct exchange exchange;
	int ret;

	begin(s3, &exchange);
	exchange.to = fd;
	ret = get(&exchange, name, err);
	*size_r = exchange.written;
	end(&exchange);
	return ret;
}

static int has(struct exchange *exchange, const char *name, int64_t *size_r, struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	char address[OBJECT_ADDRESS];
	curl_off_t size = -1;

	if (prepare(exchange, object_address(s3, name, address), EMPTY) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	curl_easy_setopt(s3->curl, CURLOPT_NOBODY, 1L);
	if (perform(exchange, err) < 0)
		return -1;
	if (is_absent(s3))
		return 0;
	curl_easy_getinfo(s3->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	*size_r = size;
	return s3->status == 200 ? 1 : refused(s3, err);
}

int pl_s3_has(struct pl_s3 *s3, const char *name, int64_t *size_r, struct pl_error *err)
{
	struct exchange exchange;
	int ret;

	*size_r = 0;
	begin(s3, &exchange);
	ret = has(&exchange, name, size_r, err);
	end(&exchange);
	return ret;
}

static int delete_object(struct exchange *exchange, const char *name, struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	char address[OBJECT_ADDRESS];

	if (prepare(exchange, object_address(s3, name, address), EMPTY) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	curl_easy_setopt(s3->curl, CURLOPT_CUSTOMREQUEST, "DELETE");
	if (perform(exchange, err) < 0)
		return -1;
	return s3->status == 204 || s3->status == 200 || is_absent(s3) ? 0 : refused(s3, err);
}

int pl_s3_delete(struct pl_s3 *s3, const char *name, struct pl_error *err)
{
	struct exchange exchange;
	int ret;

	begin(s3, &exchange);
	ret = delete_object(&exchange, name, err);
	end(&exchange);
	return ret;
}

/* -- the list -- */

/* The parameters stand in the order of their names and in the form in which they are signed:
 * libcurl 7.88 signs them as they are. NULL: out of memory. */
static char *list_address(const struct pl_s3 *s3, const char *token)
{
	char *token_text = curl_easy_escape(s3->curl, token, 0);
	char *prefix = curl_easy_escape(s3->curl, s3->url.prefix, 0);
	char *address = NULL;

	if (token_text == NULL || prefix == NULL ||
	    asprintf(&address, "%s/%s?%s%s%slist-type=2&max-keys=%d&prefix=%s", s3->url.origin,
		     s3->url.bucket, token[0] == '\0' ? "" : "continuation-token=", token_text,
		     token[0] == '\0' ? "" : "&", PL_S3_PAGE, prefix) < 0)
		address = NULL;
	curl_free(token_text);
	curl_free(prefix);
	return address;
}

static int fetch_page(struct exchange *exchange, struct pl_s3_page *page, struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	char *address = list_address(s3, page->token);
	int ret;

	if (address == NULL || prepare(exchange, address, EMPTY) < 0)
		ret = pl_error_set(err, PL_ERR_RETRY, "out of memory");
	else
		ret = perform(exchange, err);
	free(address);
	if (ret < 0)
		return -1;
	if (s3->status != 200)
		return refused(s3, err);
	return pl_s3_page_read(exchange->text, exchange->len, page) == 0
		       ? 0
		       : failed(s3, err, "its list of objects cannot be understood");
}

/* "PREFIXab/ab34...": the name of a blob; NULL: it is not one of ours. */
static const char *blob_name(const struct pl_s3 *s3, const char *name)
{
	const size_t prefix = strlen(s3->url.prefix);
	const char *blob;

	if (strncmp(name, s3->url.prefix, prefix) != 0)
		return NULL;
	name += prefix;
	if (strspn(name, "0123456789abcdef") != 2 || name[2] != '/')
		return NULL;
	blob = name + 3;
	return strncmp(blob, name, 2) == 0 && strlen(blob) == 64 &&
			       strspn(blob, "0123456789abcdef") == 64
		       ? blob
		       : NULL;
}

/* A store that gives the same token again would be asked for ever. */
static int fetch_next_page(struct pl_s3 *s3, struct pl_s3_page *page, struct pl_error *err)
{
	char token[PL_S3_TOKEN];
	struct exchange exchange;
	int ret;

	snprintf(token, sizeof(token), "%s", page->token);
	begin(s3, &exchange);
	ret = fetch_page(&exchange, page, err);
	end(&exchange);
	if (ret == 0 && page->is_truncated && strcmp(token, page->token) == 0)
		ret = failed(s3, err, "its list of objects does not end");
	return ret;
}

static int list(struct pl_s3 *s3, struct pl_s3_page *page, pl_s3_visit *visit, void *context,
		struct pl_error *err)
{
	int ret;

	do {
		ret = fetch_next_page(s3, page, err);
		for (size_t i = 0; ret == 0 && i < page->count; i++) {
			const struct pl_s3_object *object = &page->object[i];
			const char *name = blob_name(s3, object->name);

			if (name != NULL)
				ret = visit(context, name, object->size, object->modified_at);
		}
	} while (ret == 0 && page->is_truncated);
	return ret;
}

int pl_s3_list(struct pl_s3 *s3, pl_s3_visit *visit, void *context, struct pl_error *err)
{
	struct pl_s3_page *page = calloc(1, sizeof(*page));
	int ret;

	if (page == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	ret = list(s3, page, visit, context, err);
	free(page);
	return ret;
}
