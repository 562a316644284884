/* s3_xml.h - what an S3-compatible store answers in XML: a page of a list, or an error.
 *
 * Strict and bounded: a page that is not well-formed, has a document type, more than
 * PL_S3_PAGE objects, or an object without name, size or time is refused as a whole. Pure. A token
 * for the next page is not read, as the name of the last object says as much.
 */
#ifndef POSTLATCH_S3_XML_H
#define POSTLATCH_S3_XML_H

#include <stddef.h>
#include <stdint.h>

#define PL_S3_PAGE 1000 /* objects; the protocol has no larger pages */
#define PL_S3_NAME 1025 /* a name has 1,024 bytes at most; a longer one is cut */
#define PL_S3_CODE 64   /* bytes of the word of an error */
#define PL_S3_DEEPEST 8 /* elements within each other */

struct pl_s3_object {
	char name[PL_S3_NAME];
	int64_t size, modified_at;
};

struct pl_s3_page {
	struct pl_s3_object object[PL_S3_PAGE];
	size_t count;
	int is_truncated; /* there are more behind the last one; there is a last one then */
};

/* ListBucketResult. 0, or -1. */
int pl_s3_page_read(const char *text, size_t len, struct pl_s3_page *page_r);
/* The code of an Error, letters and digits: code_r, which is "" for any other text. */
const char *pl_s3_error_code(const char *text, size_t len, char code_r[PL_S3_CODE]);
/* "2026-01-31T23:59:59.000Z" as seconds since 1970; -1: it is not one. */
int64_t pl_s3_time_parse(const char *text);

#endif
