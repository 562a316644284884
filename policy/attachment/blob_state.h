/* blob_state.h - what the files of the store of blobs share; blob.h is for everybody else. */
#ifndef POSTLATCH_BLOB_STATE_H
#define POSTLATCH_BLOB_STATE_H

#include <openssl/evp.h>

#include "policy/attachment/blob.h"

#define INCOMING "incoming"

struct pl_blobs {
	const char *path;
	const struct pl_policy *policy;
	pl_blobs_progress *progress;
	void *context;
	int folder, incoming; /* descriptors */
	int has_key;
	unsigned char key[PL_KEY_BYTES];
};

struct pl_blob {
	struct pl_blobs *blobs;
	char name[72]; /* in incoming */
	int fd;
	int64_t size;
	EVP_MAC_CTX *mac; /* NULL: it is read again when it is whole */
};

/* Sets the error of errno for a name below the folder, or "". -1. */
int blobs_failed(const struct pl_blobs *blobs, const char *name, struct pl_error *err);
/* Makes a folder below that of the blobs, with this mode whatever the umask is. 0 as well when it
 * is there. */
int blobs_make_folder(const struct pl_blobs *blobs, const char *name, mode_t mode);
/* FOLDER/ab, a descriptor. It stays when its last blob is removed. */
int blobs_open_shelf(const struct pl_blobs *blobs, const char *name, int make);
/* Held while a blob gets its name, or (alone) between looking at one and removing it. A
 * descriptor to be closed, or -1. */
int blobs_take_lock(const struct pl_blobs *blobs, int operation, struct pl_error *err);
/* Puts a whole file on the disk, readable for the web server. */
int blobs_finish(const struct pl_blobs *blobs, int fd, struct pl_error *err);
/* Makes such a file of incoming, a descriptor, the blob of that name, which is new. */
int blobs_give_name(const struct pl_blobs *blobs, int incoming, const char *from, int fd,
		    const char *name, struct pl_error *err);
int blob_is_name(const char *name);

#endif
