/* s3.c - see s3.h. */
#include "policy/attachment/s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/attachment/s3_request.h"

#define OBJECT_ADDRESS 640
#define READ_SIZE (64 * 1024)

static int digest_file(int fd, int64_t size, char text_r[S3_DIGEST_TEXT], struct pl_error *err)
{
	unsigned char buffer[READ_SIZE];
	EVP_MD_CTX *ctx = s3_new_digest();
	int64_t offset = 0;
	ssize_t got = 0;
	int ok = ctx != NULL;

	while (ok && (got = pread(fd, buffer, sizeof(buffer), offset)) > 0) {
		offset += got;
		ok = EVP_DigestUpdate(ctx, buffer, (size_t)got) == 1;
	}
	ok = ok && got == 0 && offset == size && s3_end_digest(ctx, text_r) == 0;
	EVP_MD_CTX_free(ctx);
	return ok ? 0
		  : pl_error_set(err, PL_ERR_RETRY,
				 "a file that is to be stored cannot be read again");
}

/* -- objects -- */

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

static const char *object_address(const struct pl_s3 *s3, const char *name,
				  char address_r[OBJECT_ADDRESS])
{
	snprintf(address_r, OBJECT_ADDRESS, "%s/%s/%s%.2s/%s", s3->url.origin, s3->url.bucket,
		 s3->url.prefix, name, name);
	return address_r;
}

static int put(struct exchange *exchange, const char *name, int64_t size, struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	char address[OBJECT_ADDRESS], digest[S3_DIGEST_TEXT];

	if (digest_file(exchange->from, size, digest, err) < 0)
		return -1;
	if (s3_prepare(exchange, object_address(s3, name, address), digest) < 0 ||
	    s3_add_field(exchange, "x-amz-meta-sha256", digest) < 0 ||
	    s3_add_field(exchange, "Content-Type", "application/octet-stream") < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	curl_easy_setopt(s3->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(s3->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
	curl_easy_setopt(s3->curl, CURLOPT_READFUNCTION, give_bytes);
	curl_easy_setopt(s3->curl, CURLOPT_READDATA, exchange);
	curl_easy_setopt(s3->curl, CURLOPT_SEEKFUNCTION, go_to);
	curl_easy_setopt(s3->curl, CURLOPT_SEEKDATA, exchange);
	curl_easy_setopt(s3->curl, CURLOPT_TIMEOUT, (long)PL_S3_LONGEST);
	if (s3_perform(exchange, err) < 0)
		return -1;
	return s3->status == 200 ? 0 : s3_refused(s3, err);
}

int pl_s3_put(struct pl_s3 *s3, const char *name, int fd, int64_t size, struct pl_error *err)
{
	struct exchange exchange;
	int ret;

	s3_begin(s3, &exchange);
	exchange.from = fd;
	ret = put(&exchange, name, size, err);
	s3_end(&exchange);
	return ret;
}

static int is_absent(const struct pl_s3 *s3)
{
	return s3->status == 404 && (s3->code[0] == '\0' || strcmp(s3->code, "NoSuchKey") == 0);
}

static int get(struct exchange *exchange, const char *name, struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	char address[OBJECT_ADDRESS], digest[S3_DIGEST_TEXT];

	exchange->digest = s3_new_digest();
	if (exchange->digest == NULL ||
	    s3_prepare(exchange, object_address(s3, name, address), S3_EMPTY) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	curl_easy_setopt(s3->curl, CURLOPT_TIMEOUT, (long)PL_S3_LONGEST);
	if (s3_perform(exchange, err) < 0)
		return -1;
	if (is_absent(s3))
		return 0;
	if (s3->status != 200)
		return s3_refused(s3, err);
	if (s3_end_digest(exchange->digest, digest) < 0 ||
	    strcmp(digest, exchange->digest_text) != 0)
		return s3_failed(s3, err,
				 "an object has not the bytes that were stored, or was not "
				 "stored by Postlatch");
	return 1;
}

int pl_s3_get(struct pl_s3 *s3, const char *name, int fd, int64_t *size_r, struct pl_error *err)
{
	struct exchange exchange;
	int ret;

	s3_begin(s3, &exchange);
	exchange.to = fd;
	ret = get(&exchange, name, err);
	*size_r = exchange.written;
	s3_end(&exchange);
	return ret;
}

static int has(struct exchange *exchange, const char *name, int64_t *size_r, struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	char address[OBJECT_ADDRESS];
	curl_off_t size = -1;

	if (s3_prepare(exchange, object_address(s3, name, address), S3_EMPTY) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	curl_easy_setopt(s3->curl, CURLOPT_NOBODY, 1L);
	if (s3_perform(exchange, err) < 0)
		return -1;
	if (is_absent(s3))
		return 0;
	curl_easy_getinfo(s3->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	*size_r = size;
	return s3->status == 200 ? 1 : s3_refused(s3, err);
}

int pl_s3_has(struct pl_s3 *s3, const char *name, int64_t *size_r, struct pl_error *err)
{
	struct exchange exchange;
	int ret;

	*size_r = 0;
	s3_begin(s3, &exchange);
	ret = has(&exchange, name, size_r, err);
	s3_end(&exchange);
	return ret;
}

static int delete_object(struct exchange *exchange, const char *name, struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	char address[OBJECT_ADDRESS];

	if (s3_prepare(exchange, object_address(s3, name, address), S3_EMPTY) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	curl_easy_setopt(s3->curl, CURLOPT_CUSTOMREQUEST, "DELETE");
	if (s3_perform(exchange, err) < 0)
		return -1;
	return s3->status == 204 || s3->status == 200 || is_absent(s3) ? 0 : s3_refused(s3, err);
}

int pl_s3_delete(struct pl_s3 *s3, const char *name, struct pl_error *err)
{
	struct exchange exchange;
	int ret;

	s3_begin(s3, &exchange);
	ret = delete_object(&exchange, name, err);
	s3_end(&exchange);
	return ret;
}

/* -- the list -- */

/* The parameters stand in the order of their names and in the form in which they are signed:
 * libcurl 7.88 signs them as they are. NULL: out of memory. */
static char *list_address(const struct pl_s3 *s3, const char *after)
{
	char *name = curl_easy_escape(s3->curl, after, 0);
	char *prefix = curl_easy_escape(s3->curl, s3->url.prefix, 0);
	char *address = NULL;

	if (name == NULL || prefix == NULL ||
	    asprintf(&address, "%s/%s?list-type=2&max-keys=%d&prefix=%s%s%s", s3->url.origin,
		     s3->url.bucket, PL_S3_PAGE, prefix, after[0] != '\0' ? "&start-after=" : "",
		     name) < 0)
		address = NULL;
	curl_free(name);
	curl_free(prefix);
	return address;
}

static int fetch_page(struct exchange *exchange, const char *after, struct pl_s3_page *page,
		      struct pl_error *err)
{
	struct pl_s3 *s3 = exchange->s3;
	char *address = list_address(s3, after);
	int ret;

	if (address == NULL || s3_prepare(exchange, address, S3_EMPTY) < 0)
		ret = pl_error_set(err, PL_ERR_RETRY, "out of memory");
	else
		ret = s3_perform(exchange, err);
	free(address);
	if (ret < 0)
		return -1;
	if (s3->status != 200)
		return s3_refused(s3, err);
	return pl_s3_page_read(exchange->text, exchange->len, page) == 0
		       ? 0
		       : s3_failed(s3, err, "its list of objects cannot be understood");
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

/* Where the next page begins: behind the last name of this one. The store's token would say the
 * same, but has a plus at times, and libcurl 8.13 to 8.18 sign a plus in a query as a space. Of
 * names with a plus, none of which is ours, all with the same beginning are passed over: a comma
 * comes next to it. */
static void end_of_page(const struct pl_s3_page *page, char after_r[PL_S3_NAME])
{
	char *plus;

	snprintf(after_r, PL_S3_NAME, "%s", page->object[page->count - 1].name);
	plus = strchr(after_r, '+');
	if (plus != NULL)
		snprintf(plus, 2, ",");
}

/* after_io: from where on, and then from where on the next page is. A store whose names do not
 * ascend would be asked for ever. */
static int fetch_next_page(struct pl_s3 *s3, char after_io[PL_S3_NAME], struct pl_s3_page *page,
			   struct pl_error *err)
{
	char next[PL_S3_NAME];
	struct exchange exchange;
	int ret;

	s3_begin(s3, &exchange);
	ret = fetch_page(&exchange, after_io, page, err);
	s3_end(&exchange);
	if (ret < 0 || !page->is_truncated)
		return ret;
	end_of_page(page, next);
	if (strcmp(next, after_io) <= 0)
		return s3_failed(s3, err, "its list of objects does not end");
	snprintf(after_io, PL_S3_NAME, "%s", next);
	return 0;
}

static int list(struct pl_s3 *s3, const char *begin, struct pl_s3_page *page, pl_s3_visit *visit,
		void *context, struct pl_error *err)
{
	char after[PL_S3_NAME];
	int ret;

	snprintf(after, sizeof(after), "%s%s", begin[0] != '\0' ? s3->url.prefix : "", begin);
	do {
		ret = fetch_next_page(s3, after, page, err);
		for (size_t i = 0; ret == 0 && i < page->count; i++) {
			const struct pl_s3_object *object = &page->object[i];
			const char *name = blob_name(s3, object->name);

			if (name != NULL)
				ret = visit(context, name, object->size, object->modified_at);
		}
	} while (ret == 0 && page->is_truncated);
	return ret;
}

int pl_s3_list(struct pl_s3 *s3, const char *after, pl_s3_visit *visit, void *context,
	       struct pl_error *err)
{
	struct pl_s3_page *page = calloc(1, sizeof(*page));
	int ret;

	if (page == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	ret = list(s3, after, page, visit, context, err);
	free(page);
	return ret;
}
