/* key_file.h - writes the files that keys.h reads.
 *
 * A file is replaced as a whole, with its owner, group and mode, so whoever reads it sees all of
 * the old keys or all of the new ones. Its comments stay. In front of a key that was added stands
 * "# ID since DAY".
 */
#ifndef POSTLATCH_KEY_FILE_H
#define POSTLATCH_KEY_FILE_H

#include <sys/types.h>

#include "policy/base/day.h"
#include "policy/base/keys.h"

/* Writes a new file with one new key, since that day; PL_ERR_CONFLICT when path exists. */
int pl_key_file_create(const char *path, int32_t day, mode_t mode, uid_t uid, gid_t gid,
		       struct pl_error *err);

/* All of these read the file first. PL_ERR_RETRY also while another program changes it. */

/* Adds a new key behind all others; its number is one more than the highest that there is.
 * PL_ERR_CONFLICT when the file is full. */
int pl_key_file_add(const char *path, int32_t day, int *id_r, struct pl_error *err);
/* Makes the key of that number the first one. PL_ERR_CONFLICT when there is none. */
int pl_key_file_put_first(const char *path, int id, struct pl_error *err);
/* Removes all keys but the first one. */
int pl_key_file_keep_first(const char *path, struct pl_error *err);

/* The text of the file with these keys (numbers, in this order), of which added, if it is not 0, is
 * a new one, since that day. The comments of the others come with them, and all others first. Pure.
 * The length of what is written to text_r, or -1: it does not fit, or a key is not there. */
int pl_key_text(const char *text, const int *ids, size_t count, int added,
		const unsigned char key[PL_KEY_BYTES], int32_t day, char *text_r, size_t size);

#endif
