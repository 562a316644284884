/* range.h - the Range header of a request (RFC 9110 14.2), as far as one range of bytes. */
#ifndef POSTLATCH_PORTAL_DOWNLOAD_RANGE_H
#define POSTLATCH_PORTAL_DOWNLOAD_RANGE_H

#include <stdint.h>

/* What of a file of size bytes is asked for. 1, and where it begins and how long it is, at least
 * one byte; 0 all of it: there is no such header, or it is not well formed, of another unit, or
 * has several ranges; -1 the range is not in the file. */
int range_parse(const char *header, int64_t size, int64_t *offset_r, int64_t *len_r);

#endif
