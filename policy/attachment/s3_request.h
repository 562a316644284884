/* s3_request.h - one request to an S3-compatible store, for s3.c alone. */
#ifndef POSTLATCH_S3_REQUEST_H
#define POSTLATCH_S3_REQUEST_H

#include <curl/curl.h>
#include <openssl/evp.h>

#include "policy/attachment/s3.h"
#include "policy/attachment/s3_key.h"
#include "policy/attachment/s3_xml.h"
#include "policy/settings/s3_url.h"

#define S3_DIGEST_BYTES 32
#define S3_DIGEST_TEXT (2 * S3_DIGEST_BYTES + 1)
#define S3_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

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
	int is_versioned;
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
	char digest_text[S3_DIGEST_TEXT]; /* that the store has kept; "": none */
	char *text;
	size_t len;
};

void s3_begin(struct pl_s3 *s3, struct exchange *exchange_r);
/* Adds a field, which is signed. 0, or -1: out of memory. */
int s3_add_field(struct exchange *exchange, const char *name, const char *value);
/* What all requests have. body is the digest of what is sent. 0, or -1: out of memory. */
int s3_prepare(struct exchange *exchange, const char *address, const char *body);
/* Makes the request. 0: there was an answer, whose status and code are in s3; or -1. */
int s3_perform(struct exchange *exchange, struct pl_error *err);
void s3_end(struct exchange *exchange);

/* Both set the error and return -1: what is wrong with the store; its answer is not what was asked
 * for. */
int s3_failed(const struct pl_s3 *s3, struct pl_error *err, const char *why);
int s3_refused(const struct pl_s3 *s3, struct pl_error *err);

/* NULL: there is none. */
EVP_MD_CTX *s3_new_digest(void);
/* 0 or -1. */
int s3_end_digest(EVP_MD_CTX *ctx, char text_r[S3_DIGEST_TEXT]);

#endif
