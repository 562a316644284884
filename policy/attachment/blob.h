/* blob.h - the store of files that mail links to: bytes, under a name that is made of them.
 *
 * A blob is written in pieces, and has its name once it is whole: HMAC-SHA256 of its bytes with a
 * key of the server, so that equal files are one blob, and nobody who has a file can tell whether
 * it is stored. What a blob is called, whose it is and how long it is kept stand in rows (link.h),
 * which are written after the blob is on the disk, and removed before it is.
 *
 * The store is a folder, FOLDER/ab/ab34..., which several machines may share. What is being
 * written is in FOLDER/incoming. With attachment_s3_url the blobs are objects of an S3-compatible
 * store (s3.h), and the folder has copies of some of them: a blob is an object before it has its
 * name, and one that is not in the folder is fetched when it is opened. Equal files are then
 * several blobs. The web server reads blobs by their names, which nobody can guess;
 * only the group postlatch writes to the folder and can list it. A blob is replaced by an equal one
 * rather than kept, so its time says when it was last stored: pl_blobs_sweep() leaves young ones,
 * whose row may not be there yet.
 *
 * Memory is bounded whatever the size. Errors are PL_ERR_RETRY for what may pass (a full disk, a
 * folder that is away), and PL_ERR_CONFIG for a folder that is not as it must be.
 * Opening costs little and is done for each message or request, so that a folder that was mounted
 * anew is found. Several threads may use one struct pl_blobs, each its own struct pl_blob.
 */
#ifndef POSTLATCH_BLOB_H
#define POSTLATCH_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "policy/base/keys.h"
#include "policy/settings/policy.h"

#define PL_BLOB_NAME (2 * PL_MAC_BYTES + 1) /* hexadecimal digits, with the zero */
/* A blob without a row is removed when it is older than this, in seconds. */
#define PL_BLOB_ORPHAN_AGE 3600
/* So is what was begun and not written to since. */
#define PL_BLOB_INCOMING_AGE 86400

struct pl_blobs;
struct pl_blob; /* being written */

/* keys may be NULL for those who only read or remove: nothing is made in the folder then, but
 * what is fetched. They are only used in this call; policy must stay as long as blobs. */
int pl_blobs_open(const struct pl_policy *policy, const struct pl_keys *keys,
		  struct pl_blobs **blobs_r, struct pl_error *err);
/* Is called several times a second while bytes go to another machine or come from it. */
typedef void pl_blobs_progress(void *context);
void pl_blobs_on_progress(struct pl_blobs *blobs, pl_blobs_progress *progress, void *context);
void pl_blobs_close(struct pl_blobs **blobs);

int pl_blob_begin(struct pl_blobs *blobs, struct pl_blob **blob_r, struct pl_error *err);
int pl_blob_write(struct pl_blob *blob, const void *bytes, size_t len, struct pl_error *err);
/* Keeps it: when this returns 0 it is on the disk, or in the store, and a row may name it. Frees
 * the blob in any case; after -1 nothing is kept, but an upload (below) stays for another attempt.
 */
int pl_blob_keep(struct pl_blob **blob, char name_r[PL_BLOB_NAME], int64_t *size_r,
		 struct pl_error *err);
/* Forgets it. Accepts NULL. */
void pl_blob_drop(struct pl_blob **blob);

/* An upload that arrives in several requests, perhaps at several programs: FOLDER/incoming/NAME,
 * where name is 8 to 64 letters, digits, '-' or '_' that the caller has drawn. Begins it, or goes
 * on at its end, *size_r. pl_blob_suspend() writes what there is to the disk and leaves it for a
 * later call. PL_ERR_CONFLICT while another one has it open. */
int pl_blob_resume(struct pl_blobs *blobs, const char *name, struct pl_blob **blob_r,
		   int64_t *size_r, struct pl_error *err);
int pl_blob_suspend(struct pl_blob **blob, struct pl_error *err);
/* Up to size of the bytes that were written, from there on: how many, 0 at the end, or -1. */
int64_t pl_blob_read_again(const struct pl_blob *blob, int64_t offset, void *bytes, size_t size,
			   struct pl_error *err);
/* How many bytes there are, also while one has it open; 0 when it is not begun. 0 or -1. */
int pl_blob_arrived(const struct pl_blobs *blobs, const char *name, int64_t *size_r,
		    struct pl_error *err);

/* The size of the largest that can be kept; INT64_MAX: any. */
int64_t pl_blobs_largest(const struct pl_policy *policy);

/* A descriptor for its bytes, which is the caller's to close, and how many there are. 1; 0 there is
 * no such blob; -1. Where it has to be fetched, this takes as long as that does. */
int pl_blob_open(struct pl_blobs *blobs, const char *name, int *fd_r, int64_t *size_r,
		 struct pl_error *err);

/* Whether a row names the blob: 1, 0 or -1. */
typedef int pl_blob_is_used(void *context, const char *name, struct pl_error *err);
/* Removes the blobs that are neither used nor younger than PL_BLOB_ORPHAN_AGE, and what was begun
 * long ago. Counts what it has removed. With a store, objects are removed as well, and copies of
 * objects beyond attachment_s3_cache. */
int pl_blobs_sweep(struct pl_blobs *blobs, int64_t now, pl_blob_is_used *is_used, void *context,
		   int64_t *removed_r, struct pl_error *err);

struct pl_blobs_state {
	int64_t count, bytes; /* of blobs */
	int64_t incoming;     /* that are being written, or were begun */
	int64_t orphans;      /* that would be removed now */
	int64_t free_bytes;   /* on the file system */
};
/* What there is, without changing anything. */
int pl_blobs_look(struct pl_blobs *blobs, int64_t now, pl_blob_is_used *is_used, void *context,
		  struct pl_blobs_state *state_r, struct pl_error *err);

#endif
