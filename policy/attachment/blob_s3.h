/* blob_s3.h - blobs as objects of an S3-compatible store, of which the folder has copies.
 *
 * For the files of the store of blobs alone.
 */
#ifndef POSTLATCH_BLOB_S3_H
#define POSTLATCH_BLOB_S3_H

#include "policy/attachment/blob_state.h"

/* Whether there is such a store. */
int blobs_have_s3(const struct pl_blobs *blobs);
/* Stores a whole blob. 0 or -1. */
int blob_s3_put(const struct pl_blob *blob, const char *name, struct pl_error *err);
/* Brings a blob into the folder: 1; 0 there is none; -1. Of several that want the same one, one
 * fetches it, and the others wait. */
int blobs_s3_fetch(const struct pl_blobs *blobs, const char *name, struct pl_error *err);
/* Removes objects that are old and that no row names, and adds their number to *removed. */
int blobs_s3_sweep(const struct pl_blobs *blobs, int64_t now, pl_blob_is_used *is_used,
		   void *context, int64_t *removed, struct pl_error *err);

/* The copies in the folder, to find those that were not used for the longest time. */
struct copy {
	char name[PL_BLOB_NAME];
	int64_t size, used_at;
};

struct copies {
	struct copy *copy; /* the caller's to free */
	size_t count, room;
	int64_t bytes;
};

/* 0 or -1. */
int blobs_s3_add_copy(struct copies *copies, const char *name, int64_t size, int64_t used_at,
		      struct pl_error *err);
/* Removes copies until no more bytes are left than the policy says; none of which the store does
 * not have the blob. 0 or -1. */
int blobs_s3_evict(const struct pl_blobs *blobs, struct copies *copies, struct pl_error *err);

#endif
