/* spool.h - keeps the body of a message while it comes: a small one in memory, others in a file
 * that has no name, so that it goes with the process.
 *
 * The file is in the folder that TMPDIR names, else in /var/tmp. Memory is bounded whatever the
 * size.
 */
#ifndef POSTLATCH_SPOOL_H
#define POSTLATCH_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "policy/base/error.h"

#define SPOOL_MEMORY 65536 /* bytes of a body that are kept in memory */

struct spool {
	unsigned char *memory; /* NULL: not begun, or in the file */
	int fd;                /* -1: there is no file yet */
	uint64_t size;
};

void spool_begin(struct spool *spool);
/* 0, or -1: the disk is full, for example. */
int spool_add(struct spool *spool, const unsigned char *bytes, size_t count, struct pl_error *err);
/* Bytes that were added. 0, or -1. */
int spool_read(const struct spool *spool, uint64_t offset, unsigned char *bytes_r, size_t count);
/* Forgets everything. */
void spool_end(struct spool *spool);

#endif
