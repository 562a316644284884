/* blob.c - see blob.h. */
#include "policy/attachment/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/attachment/blob_s3.h"
#include "policy/attachment/blob_state.h"
#include "policy/base/random.h"
#include "policy/base/secret.h"

#define LOCK "lock"
#define UPLOAD "up-"
#define READ_SIZE (64 * 1024)

int blobs_failed(const struct pl_blobs *blobs, const char *name, struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_RETRY, "%s%s%s: %s", blobs->path,
			    name[0] == '\0' ? "" : "/", name, strerror(errno));
}

int blobs_make_folder(const struct pl_blobs *blobs, const char *name, mode_t mode)
{
	if (mkdirat(blobs->folder, name, mode) < 0)
		return errno == EEXIST ? 0 : -1;
	return fchmodat(blobs->folder, name, mode, 0) < 0 ? -1 : fsync(blobs->folder);
}

/* The folder itself is made by the operator (tmpfiles.d), because its owner and mode matter. */
static int open_folders(struct pl_blobs *blobs, struct pl_error *err)
{
	blobs->folder = open(blobs->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (blobs->folder < 0)
		return blobs_failed(blobs, "", err);
	if (blobs->has_key && blobs_make_folder(blobs, INCOMING, 0770) < 0)
		return blobs_failed(blobs, INCOMING, err);
	blobs->incoming =
		openat(blobs->folder, INCOMING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return blobs->incoming < 0 && (blobs->has_key || errno != ENOENT)
		       ? blobs_failed(blobs, INCOMING, err)
		       : 0;
}

int pl_blobs_open(const struct pl_policy *policy, const struct pl_keys *keys,
		  struct pl_blobs **blobs_r, struct pl_error *err)
{
	struct pl_blobs *blobs = calloc(1, sizeof(*blobs));

	*blobs_r = NULL;
	if (blobs == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	blobs->folder = blobs->incoming = -1;
	blobs->path = policy->attachment_folder;
	blobs->policy = policy;
	blobs->has_key = keys != NULL;
	if ((keys == NULL ||
	     pl_keys_derive(keys, 0, "names of attachments", blobs->key, err) == 0) &&
	    open_folders(blobs, err) == 0) {
		*blobs_r = blobs;
		return 0;
	}
	pl_blobs_close(&blobs);
	return -1;
}

void pl_blobs_on_progress(struct pl_blobs *blobs, pl_blobs_progress *progress, void *context)
{
	blobs->progress = progress;
	blobs->context = context;
}

void pl_blobs_close(struct pl_blobs **blobs)
{
	if (*blobs == NULL)
		return;
	if ((*blobs)->folder >= 0)
		close((*blobs)->folder);
	if ((*blobs)->incoming >= 0)
		close((*blobs)->incoming);
	OPENSSL_cleanse((*blobs)->key, sizeof((*blobs)->key));
	free(*blobs);
	*blobs = NULL;
}

/* -- writing -- */

static EVP_MAC_CTX *new_mac(const struct pl_blobs *blobs)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	EVP_MAC_free(hmac);
	if (mac != NULL && EVP_MAC_init(mac, blobs->key, sizeof(blobs->key), params) != 1) {
		EVP_MAC_CTX_free(mac);
		mac = NULL;
	}
	return mac;
}

static struct pl_blob *new_blob(struct pl_blobs *blobs, struct pl_error *err)
{
	struct pl_blob *blob;

	if (!blobs->has_key) {
		pl_error_set(err, PL_ERR_INTERNAL, "%s: nothing is written without a key",
			     blobs->path);
		return NULL;
	}
	blob = calloc(1, sizeof(*blob));
	if (blob == NULL) {
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
		return NULL;
	}
	blob->blobs = blobs;
	blob->fd = -1;
	return blob;
}

static void free_blob(struct pl_blob **blob)
{
	if ((*blob)->fd >= 0)
		close((*blob)->fd);
	EVP_MAC_CTX_free((*blob)->mac);
	free(*blob);
	*blob = NULL;
}

int pl_blob_begin(struct pl_blobs *blobs, struct pl_blob **blob_r, struct pl_error *err)
{
	struct pl_blob *blob = new_blob(blobs, err);
	struct pl_secret name;

	*blob_r = NULL;
	if (blob == NULL)
		return -1;
	if (pl_random_base32(20, &name, err) < 0) {
		free_blob(&blob);
		return -1;
	}
	snprintf(blob->name, sizeof(blob->name), "new-%.40s", (const char *)name.data);
	blob->fd = openat(blobs->incoming, blob->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (blob->fd < 0) {
		blobs_failed(blobs, INCOMING, err);
		free_blob(&blob);
		return -1;
	}
	blob->mac = new_mac(blobs);
	if (blob->mac == NULL) {
		pl_error_set(err, PL_ERR_INTERNAL, "HMAC-SHA256 is not available");
		pl_blob_drop(&blob);
		return -1;
	}
	*blob_r = blob;
	return 0;
}

static int is_upload_name(const char *name)
{
	const size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789-_");

	return name[len] == '\0' && len >= 8 && len <= 64;
}

int pl_blob_resume(struct pl_blobs *blobs, const char *name, struct pl_blob **blob_r,
		   int64_t *size_r, struct pl_error *err)
{
	struct pl_blob *blob;
	struct stat st;

	*blob_r = NULL;
	if (!is_upload_name(name))
		return pl_error_set(err, PL_ERR_INVALID, "no name of an upload");
	blob = new_blob(blobs, err);
	if (blob == NULL)
		return -1;
	snprintf(blob->name, sizeof(blob->name), UPLOAD "%s", name);
	blob->fd = openat(blobs->incoming, blob->name,
			  O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0660);
	if (blob->fd < 0 || fstat(blob->fd, &st) < 0) {
		blobs_failed(blobs, INCOMING, err);
	} else if (flock(blob->fd, LOCK_EX | LOCK_NB) < 0) {
		pl_error_set(err, PL_ERR_CONFLICT, "the upload is being written to");
	} else {
		*size_r = blob->size = st.st_size;
		*blob_r = blob;
		return 0;
	}
	free_blob(&blob);
	return -1;
}

int64_t pl_blob_read_again(const struct pl_blob *blob, int64_t offset, void *bytes, size_t size,
			   struct pl_error *err)
{
	ssize_t got;

	do
		got = pread(blob->fd, bytes, size, offset);
	while (got < 0 && errno == EINTR);
	return got < 0 ? blobs_failed(blob->blobs, INCOMING, err) : got;
}

int pl_blob_arrived(const struct pl_blobs *blobs, const char *name, int64_t *size_r,
		    struct pl_error *err)
{
	char path[72];
	struct stat st;

	*size_r = 0;
	if (!is_upload_name(name))
		return pl_error_set(err, PL_ERR_INVALID, "no name of an upload");
	snprintf(path, sizeof(path), UPLOAD "%s", name);
	if (blobs->incoming < 0 || fstatat(blobs->incoming, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return blobs->incoming < 0 || errno == ENOENT ? 0
							      : blobs_failed(blobs, INCOMING, err);
	*size_r = st.st_size;
	return 0;
}

int pl_blob_suspend(struct pl_blob **blob, struct pl_error *err)
{
	const int ret = fsync((*blob)->fd) < 0 ? blobs_failed((*blob)->blobs, INCOMING, err) : 0;

	free_blob(blob);
	return ret;
}

int pl_blob_write(struct pl_blob *blob, const void *bytes, size_t len, struct pl_error *err)
{
	const char *at = bytes;

	if (blob->mac != NULL && EVP_MAC_update(blob->mac, bytes, len) != 1)
		return pl_error_set(err, PL_ERR_INTERNAL, "HMAC-SHA256 has failed");
	while (len > 0) {
		const ssize_t written = write(blob->fd, at, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return blobs_failed(blob->blobs, INCOMING, err);
		at += written;
		len -= (size_t)written;
		blob->size += written;
	}
	return 0;
}

static int read_again(struct pl_blob *blob, struct pl_error *err)
{
	unsigned char buffer[READ_SIZE];
	int64_t offset = 0;
	ssize_t got;

	blob->mac = new_mac(blob->blobs);
	if (blob->mac == NULL)
		return pl_error_set(err, PL_ERR_INTERNAL, "HMAC-SHA256 is not available");
	while ((got = pread(blob->fd, buffer, sizeof(buffer), offset)) > 0) {
		offset += got;
		if (EVP_MAC_update(blob->mac, buffer, (size_t)got) != 1)
			return pl_error_set(err, PL_ERR_INTERNAL, "HMAC-SHA256 has failed");
	}
	return got < 0 ? blobs_failed(blob->blobs, INCOMING, err) : 0;
}

/* Machines that share a store have no lock in common: with a name that no other blob will ever
 * have, none can be stored while another machine removes its equal. */
static int add_chance(struct pl_blob *blob, struct pl_error *err)
{
	unsigned char chance[PL_MAC_BYTES];

	if (RAND_bytes(chance, sizeof(chance)) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL has no random bytes");
	return EVP_MAC_update(blob->mac, chance, sizeof(chance)) == 1
		       ? 0
		       : pl_error_set(err, PL_ERR_INTERNAL, "HMAC-SHA256 has failed");
}

static int name_of(struct pl_blob *blob, char name_r[PL_BLOB_NAME], struct pl_error *err)
{
	unsigned char mac[PL_MAC_BYTES];
	size_t len = sizeof(mac);

	if (blob->mac == NULL && read_again(blob, err) < 0)
		return -1;
	if (blobs_have_s3(blob->blobs) && add_chance(blob, err) < 0)
		return -1;
	if (EVP_MAC_final(blob->mac, mac, &len, sizeof(mac)) != 1 || len != sizeof(mac))
		return pl_error_set(err, PL_ERR_INTERNAL, "HMAC-SHA256 has failed");
	pl_hex(mac, len, name_r);
	return 0;
}

int blobs_open_shelf(const struct pl_blobs *blobs, const char *name, int make)
{
	const char shelf[] = { name[0], name[1], '\0' };

	/* Others walk through it, and do not see what is there. */
	if (make && blobs_make_folder(blobs, shelf, 0771) < 0)
		return -1;
	return openat(blobs->folder, shelf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int blobs_take_lock(const struct pl_blobs *blobs, int operation, struct pl_error *err)
{
	const int fd = openat(blobs->folder, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0660);
	int ret;

	if (fd < 0)
		return blobs_failed(blobs, LOCK, err);
	(void)!fchmod(fd, 0660); /* whoever has made it can; others need not */
	do
		ret = flock(fd, operation);
	while (ret < 0 && errno == EINTR);
	if (ret == 0)
		return fd;
	blobs_failed(blobs, LOCK, err);
	close(fd);
	return -1;
}

int blobs_give_name(const struct pl_blobs *blobs, int incoming, const char *from, int fd,
		    const char *name, struct pl_error *err)
{
	const int shelf = blobs_open_shelf(blobs, name, 1);
	int ret = -1, lock;

	if (shelf < 0)
		return blobs_failed(blobs, "", err);
	lock = blobs_take_lock(blobs, LOCK_SH, err);
	if (lock >= 0) {
		/* Its time from now on, however long it was being written. */
		if (futimens(fd, NULL) < 0 || renameat(incoming, from, shelf, name) < 0 ||
		    fsync(shelf) < 0)
			blobs_failed(blobs, name, err);
		else
			ret = 0;
		close(lock);
	}
	close(shelf);
	return ret;
}

int blobs_finish(const struct pl_blobs *blobs, int fd, struct pl_error *err)
{
	return fchmod(fd, 0644) < 0 || fsync(fd) < 0 ? blobs_failed(blobs, INCOMING, err) : 0;
}

static int is_upload(const struct pl_blob *blob)
{
	return strncmp(blob->name, UPLOAD, strlen(UPLOAD)) == 0;
}

int pl_blob_keep(struct pl_blob **blob, char name_r[PL_BLOB_NAME], int64_t *size_r,
		 struct pl_error *err)
{
	struct pl_blob *whole = *blob;
	const struct pl_blobs *blobs = whole->blobs;

	*size_r = whole->size;
	if (name_of(whole, name_r, err) < 0 || blobs_finish(blobs, whole->fd, err) < 0 ||
	    (blobs_have_s3(blobs) && blob_s3_put(whole, name_r, err) < 0) ||
	    blobs_give_name(blobs, blobs->incoming, whole->name, whole->fd, name_r, err) < 0) {
		if (is_upload(whole))
			free_blob(blob);
		else
			pl_blob_drop(blob);
		return -1;
	}
	free_blob(blob);
	return 0;
}

void pl_blob_drop(struct pl_blob **blob)
{
	if (*blob == NULL)
		return;
	unlinkat((*blob)->blobs->incoming, (*blob)->name, 0);
	free_blob(blob);
}

/* -- reading -- */

int blob_is_name(const char *name)
{
	return strlen(name) == PL_BLOB_NAME - 1 &&
	       strspn(name, "0123456789abcdef") == PL_BLOB_NAME - 1;
}

static int open_in_folder(const struct pl_blobs *blobs, const char *name, int *fd_r,
			  int64_t *size_r, struct pl_error *err)
{
	char path[PL_BLOB_NAME + 3];
	struct stat st;

	snprintf(path, sizeof(path), "%.2s/%s", name, name);
	*fd_r = openat(blobs->folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd_r < 0)
		return errno == ENOENT ? 0 : blobs_failed(blobs, path, err);
	if (fstat(*fd_r, &st) < 0) {
		blobs_failed(blobs, path, err);
		close(*fd_r);
		return -1;
	}
	*size_r = st.st_size;
	return 1;
}

int pl_blob_open(struct pl_blobs *blobs, const char *name, int *fd_r, int64_t *size_r,
		 struct pl_error *err)
{
	int ret;

	if (!blob_is_name(name))
		return pl_error_set(err, PL_ERR_DATA, "no name of a blob");
	ret = open_in_folder(blobs, name, fd_r, size_r, err);
	if (ret != 0 || !blobs_have_s3(blobs))
		return ret;
	ret = blobs_s3_fetch(blobs, name, err);
	return ret == 1 ? open_in_folder(blobs, name, fd_r, size_r, err) : ret;
}
