/* s3_key.h - the access key of an S3-compatible store, attachment_s3_key.
 *
 * The file has one line "ID SECRET"; '#' starts a comment. A file that is a link, or accessible to
 * other users, is refused, as key files are (policy/base/keys.h).
 */
#ifndef POSTLATCH_S3_KEY_H
#define POSTLATCH_S3_KEY_H

#include "policy/base/error.h"
#include "policy/base/secret.h"

#define PL_S3_KEY_ID 129

struct pl_s3_key {
	char id[PL_S3_KEY_ID];
	struct pl_secret secret;
};

/* 0, and the caller wipes it; or -1: the error names the file. */
int pl_s3_key_load(const char *path, struct pl_s3_key *key_r, struct pl_error *err);
/* The same of the text of such a file. Pure. 0 or -1. */
int pl_s3_key_parse(const char *text, struct pl_s3_key *key_r);

#endif
