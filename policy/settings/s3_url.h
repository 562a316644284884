/* s3_url.h - the address of a bucket, attachment_s3_url: https://HOST[:PORT]/BUCKET[/PREFIX].
 *
 * The bucket stands in the path ("path style"), which every server of the protocol knows. Only
 * letters are accepted that are the same in an address and in what is signed. Pure.
 */
#ifndef POSTLATCH_S3_URL_H
#define POSTLATCH_S3_URL_H

#include "policy/base/error.h"

#define PL_S3_ORIGIN 270
#define PL_S3_BUCKET 64
#define PL_S3_PREFIX 130

struct pl_s3_url {
	char origin[PL_S3_ORIGIN]; /* "https://s3.example.com:9000" */
	char bucket[PL_S3_BUCKET];
	char prefix[PL_S3_PREFIX]; /* "" or "mail/files/", in front of all names */
};

/* 0, or -1 with a sentence that says what it must be. */
int pl_s3_url_parse(const char *url, struct pl_s3_url *url_r, struct pl_error *err);

#endif
