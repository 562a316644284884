/* s3.h - the objects of one bucket, in a store that speaks the protocol of Amazon S3.
 *
 * libcurl signs the requests (AWS Signature Version 4). The digest of what is sent is signed, too,
 * so a store refuses what has not arrived whole; it is kept with the object, and compared with
 * what is fetched. Certificates are verified, redirections are not followed, every request ends
 * after a limited time, and what the store answers is read up to a limit.
 *
 * Names of objects are those of blobs; s3.c adds the prefix of the policy. A struct pl_s3 is used
 * by one thread, and keeps its connection. Errors are PL_ERR_RETRY, whatever the store says: the
 * mail or the request fails for now. Only a key file that is wrong is PL_ERR_CONFIG.
 */
#ifndef POSTLATCH_S3_H
#define POSTLATCH_S3_H

#include <stdint.h>

#include "policy/base/error.h"
#include "policy/settings/policy.h"

#define PL_S3_LARGEST (INT64_C(5) * 1024 * 1024 * 1024) /* bytes that one request may store */
/* No request that carries a blob takes longer than this, in seconds. */
#define PL_S3_LONGEST 1800

struct pl_s3;

/* Reads the key file; connects to nothing yet. policy must stay as long as s3. */
int pl_s3_open(const struct pl_policy *policy, struct pl_s3 **s3_r, struct pl_error *err);
void pl_s3_close(struct pl_s3 **s3);

/* Is called several times a second while bytes are sent or awaited. */
typedef void pl_s3_progress(void *context);
void pl_s3_on_progress(struct pl_s3 *s3, pl_s3_progress *progress, void *context);

/* Stores the bytes of a file, from its beginning on. 0 or -1. */
int pl_s3_put(struct pl_s3 *s3, const char *name, int fd, int64_t size, struct pl_error *err);
/* Writes an object to a file that is empty, and says how large it is. 1; 0 there is no such
 * object; -1, also when not all of it has come: what is in the file then is worth nothing. */
int pl_s3_get(struct pl_s3 *s3, const char *name, int fd, int64_t *size_r, struct pl_error *err);
/* Whether there is such an object: 1, and how large it is; 0; -1. */
int pl_s3_has(struct pl_s3 *s3, const char *name, int64_t *size_r, struct pl_error *err);
/* 0, also when there was none; or -1. */
int pl_s3_delete(struct pl_s3 *s3, const char *name, struct pl_error *err);

/* 0 go on; other values end the list. */
typedef int pl_s3_visit(void *context, const char *name, int64_t size, int64_t modified_at);
/* Calls visit for all objects whose names are those of blobs, in their order, page by page; it may
 * make other requests. after: "", or digits at which names begin, before which all are left out. 0,
 * what visit has returned, or -1. */
int pl_s3_list(struct pl_s3 *s3, const char *after, pl_s3_visit *visit, void *context,
	       struct pl_error *err);

/* Whether objects can be listed, stored, fetched and deleted: 0, or -1. An object of its own is
 * stored, under the name of a blob that no row names, so that it would be removed like one. */
int pl_s3_probe(struct pl_s3 *s3, struct pl_error *err);
/* Whether the store has kept what was stored last as a version, and will after it was deleted. */
int pl_s3_is_versioned(const struct pl_s3 *s3);

/* What the store has said about the last request: its status, 0 when there was no answer, and the
 * word of its error, for example "NoSuchBucket", or "". */
int pl_s3_status(const struct pl_s3 *s3);
const char *pl_s3_code(const struct pl_s3 *s3);

#endif
