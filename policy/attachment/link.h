/* link.h - links to files: rows, and what may be stored.
 *
 * This room owns the tables attachment_link and attachment_file. A link stands for the files of one
 * message, or of one upload, and leads to one page (attachment_url). It has a secret of 256 bits,
 * of which only the digest is stored, ends on a date, and can be withdrawn. A file names a blob
 * (blob.h) for as long as it can be fetched.
 *
 * The milter adds links on a connection in the role PL_ROLE_USE, as its own one only reads.
 * Functions that write take part in the caller's write transaction. The order is: keep the blobs,
 * add the link, commit, tell its address; whoever is killed in between leaves blobs without a row,
 * which are swept, and never a row without a blob.
 */
#ifndef POSTLATCH_LINK_H
#define POSTLATCH_LINK_H

#include "policy/account/member.h"
#include "policy/attachment/blob.h"

#define PL_LINK_FILES_MOST 100
#define PL_LINK_FILE_NAME_MAX 255 /* bytes; longer names are cut between two characters */
#define PL_LINK_TYPE_MAX 127
#define PL_LINK_SUBJECT_MAX 255
#define PL_LINK_URL 512

/* Where the files came from. */
enum pl_link_origin { PL_LINK_OF_MAIL, PL_LINK_OF_UPLOAD };

/* A file to which a new link leads. Borrowed. */
struct pl_new_file_link {
	char blob[PL_BLOB_NAME]; /* of pl_blob_keep() */
	int64_t size;
	const char *name; /* UTF-8; what a file name must not have is replaced */
	const char *type; /* "image/png"; "" is application/octet-stream */
	int is_scanned;   /* for viruses, and nothing was found */
};

struct pl_new_link {
	enum pl_link_origin origin;
	const char *subject; /* for the list of the member; NULL or "": none */
	const struct pl_new_file_link *files;
	size_t count;                  /* 1 to PL_LINK_FILES_MOST */
	const struct pl_secret *token; /* of 256 bits; NULL: a new one is drawn */
};

/* Whether the member's large files become links (the service large_attachments): 1 or 0. */
int pl_link_is_on(const struct pl_account *account, const struct pl_policy *policy, int64_t now);

/* Adds the link of a member whom the database knows. days and downloads are those of the policy. 1
 * added, and the token that its address ends in, which is not stored and is the caller's to wipe; 0
 * it would be more than the quota of the member or of the domain, and err says which; -1. */
int pl_link_add(const struct pl_work *work, const struct pl_policy *policy,
		const struct pl_account *account, const struct pl_new_link *link,
		struct pl_secret *token_r);
/* Writes "https://files.example.com/l/TOKEN". Returns url_r, which is "" without attachment_url. */
char *pl_link_url(const struct pl_policy *policy, const struct pl_secret *token,
		  char url_r[PL_LINK_URL]);

/* What is stored, and how much may be; in bytes, a quota of -1: any number. */
struct pl_link_room {
	int64_t member_bytes, member_quota;
	int64_t domain_bytes, domain_quota;
};
int pl_link_room(const struct pl_work *work, const struct pl_policy *policy,
		 const struct pl_account *account, struct pl_link_room *room_r);
/* How many bytes may still be stored: 0 or more. */
int64_t pl_link_left(const struct pl_link_room *room);

struct pl_link {
	int64_t id, member_id;
	struct pl_address owner;
	enum pl_link_origin origin;
	char subject[PL_LINK_SUBJECT_MAX + 1];
	int64_t made_at, expires_at, withdrawn_at; /* withdrawn_at 0: it is not */
	int64_t downloads_most;                    /* of each file */
	int is_extended, has_password;
};

struct pl_link_file {
	int64_t id;
	char blob[PL_BLOB_NAME]; /* "": it is stored no longer */
	char name[PL_LINK_FILE_NAME_MAX + 1];
	char type[PL_LINK_TYPE_MAX + 1];
	int64_t size, downloads; /* completed ones */
	int is_scanned;
};

/* By the token of its address, or by id: 1, 0 none, -1. */
int pl_link_find(const struct pl_work *work, const struct pl_secret *token, struct pl_link *link_r);
int pl_link_get(const struct pl_work *work, int64_t id, struct pl_link *link_r);
/* Calls each for the files of a link, in their order, until it returns non-zero. 0, or -1. */
int pl_link_files(const struct pl_work *work, int64_t link_id,
		  int (*each)(const struct pl_link_file *file, void *context), void *context);
/* Calls each for the links of a domain (NULL: of all), by domain and member, until it returns
 * non-zero. 0, or -1. */
int pl_link_list(const struct pl_work *work, const char *domain,
		 int (*each)(const struct pl_link *link, void *context), void *context);
/* The same for the links of a member that are older than the one with this id (0: for all), the
 * newest first, of which there are no more than most. */
int pl_link_list_member(const struct pl_work *work, int64_t member_id, int64_t before, int64_t most,
			int (*each)(const struct pl_link *link, void *context), void *context);
/* Lets a link be used for attachment_days longer. 1, 0 it was extended before, or can be used no
 * longer, -1. */
int pl_link_extend(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_link *link);
/* Withdraws a link: its files can be fetched no longer from the commit on, and their blobs are
 * swept. 1, 0 it could be used no longer anyway, -1. */
int pl_link_withdraw(const struct pl_work *work, const struct pl_link *link);
/* Removes blobs that no row names. removed_r: how many. Nothing is done where there is no folder
 * and no attachment_url. In no transaction: the row goes before the blob. */
int pl_link_sweep(const struct pl_work *work, const struct pl_policy *policy, int64_t *removed_r);
/* pl_blob_is_used; context is a struct pl_store of the portal or the command. */
int pl_link_uses_blob(void *context, const char *name, struct pl_error *err);

#endif
