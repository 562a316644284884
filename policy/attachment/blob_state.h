/* blob_state.h - what the files of the store of blobs share; blob.h is for everybody else. */
#ifndef POSTLATCH_BLOB_STATE_H
#define POSTLATCH_BLOB_STATE_H

#include "policy/attachment/blob.h"

#define INCOMING "incoming"

struct pl_blobs {
	char *path;
	int folder, incoming; /* descriptors */
	int has_key;
	unsigned char key[PL_KEY_BYTES];
};

/* Sets the error of errno for a name below the folder, or "". -1. */
int blobs_failed(const struct pl_blobs *blobs, const char *name, struct pl_error *err);
/* FOLDER/ab, a descriptor. It stays when its last blob is removed. */
int blobs_open_shelf(const struct pl_blobs *blobs, const char *name, int make);
/* Held while a blob gets its name, or (alone) between looking at one and removing it. A
 * descriptor to be closed, or -1. */
int blobs_take_lock(const struct pl_blobs *blobs, int operation, struct pl_error *err);
int blob_is_name(const char *name);

#endif
