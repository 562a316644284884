/* upload.h - uploads of files that mail will link to: who may, how much, and the link at the end.
 *
 * This room owns the table attachment_upload. An upload is begun by a member who is signed in to
 * webmail, belongs to that session, and has a token of its own, of which the digest is stored:
 * whoever has it may send the bytes of this file, and nothing else. The bytes are in the
 * store of blobs (pl_blob_resume) under pl_upload.store_name; how many there are is asked there.
 *
 * An upload ends PL_UPLOAD_SECONDS after the last bytes of it came. Until then its whole size
 * counts as stored, so that several at a time do not exceed a quota together.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_UPLOAD_H
#define POSTLATCH_UPLOAD_H

#include "policy/attachment/link.h"

#define PL_UPLOADS_MOST 20 /* of a member, that are not finished */
#define PL_UPLOAD_SECONDS 86400
#define PL_UPLOAD_STORE_NAME (2 * PL_MAC_BYTES + 1)

struct pl_upload {
	int64_t id, member_id, session_id;
	struct pl_address owner;
	char name[PL_LINK_FILE_NAME_MAX + 1];
	char type[PL_LINK_TYPE_MAX + 1];
	int64_t size, touched_at;
	int64_t link_id; /* 0: it is not finished */
	char store_name[PL_UPLOAD_STORE_NAME];
};

/* A file that is to be uploaded. Borrowed. */
struct pl_new_upload {
	const char *name, *type; /* as of struct pl_new_file_link */
	int64_t size;            /* at least 1 */
	int64_t session_id;
};

enum pl_upload_begun {
	PL_UPLOAD_BEGUN,
	PL_UPLOAD_TOO_LARGE, /* see pl_upload_largest */
	PL_UPLOAD_TOO_MANY,
	PL_UPLOAD_QUOTA, /* of the member or of the domain */
};

/* The size of the largest upload, in bytes. */
int64_t pl_upload_largest(const struct pl_policy *policy);
/* What is stored, with the uploads that are under way, and how much may be. 0 or -1. */
int pl_upload_room(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_account *account, struct pl_link_room *room_r);
/* Begins one. With PL_UPLOAD_BEGUN: its id, and its token, which is the caller's to wipe.
 * 0 or -1. */
int pl_upload_begin(const struct pl_work *work, const struct pl_policy *policy,
		    const struct pl_account *account, const struct pl_new_upload *upload,
		    enum pl_upload_begun *begun_r, int64_t *id_r, struct pl_secret *token_r);
/* By its id and token, while it and its session last: 1, 0 there is none, -1. */
int pl_upload_find(const struct pl_work *work, int64_t id, const struct pl_secret *token,
		   struct pl_upload *upload_r);
/* Bytes came. 0 or -1. */
int pl_upload_touch(const struct pl_work *work, const struct pl_upload *upload);
/* Adds the link to its bytes, which are kept as that blob. As pl_link_add(). The token of the link
 * is made of that of the upload: whoever asks again because the answer was lost gets the same. */
int pl_upload_finish(const struct pl_work *work, const struct pl_policy *policy,
		     const struct pl_account *account, const struct pl_upload *upload,
		     const struct pl_new_file_link *file, const struct pl_secret *token,
		     struct pl_secret *link_token_r);
/* The token of the link of an upload that is finished. 0 or -1. */
int pl_upload_link_token(const struct pl_secret *token, struct pl_secret *link_token_r,
			 struct pl_error *err);
/* Forgets it; its bytes are the caller's to remove. 0 or -1. */
int pl_upload_remove(const struct pl_work *work, const struct pl_upload *upload);

#endif
