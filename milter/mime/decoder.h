/* decoder.h - decodes the content of a part, strictly (RFC 2045 sections 6.7 and 6.8).
 *
 * What two programs might decode to different files is an error: characters outside of the alphabet,
 * padding anywhere but at the end, bits that are left over, "=" without two hexadecimal digits, white
 * space at the end of a line, characters that should have been encoded.
 */
#ifndef POSTLATCH_MIME_DECODER_H
#define POSTLATCH_MIME_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "milter/mime/content.h"

struct mime_decoder {
	enum mime_encoding encoding;
	uint32_t bits;       /* base64: those of the characters of an unfinished group */
	unsigned int digits; /* base64: how many characters of a group there are, with padding */
	unsigned int padding;
	char held[4]; /* quoted-printable: an escape, or white space, that is not decided yet */
	size_t held_count;
};

void mime_decoder_begin(struct mime_decoder *decoder, enum mime_encoding encoding);

/* Decodes bytes into out_r, which has room for count + 4 bytes. Sets *count_r. -1: cannot be decoded. */
int mime_decode(struct mime_decoder *decoder, const unsigned char *bytes, size_t count,
		unsigned char *out_r, size_t *count_r);

/* The value of a hexadecimal digit of either case; -1: it is none. */
int mime_hexadecimal(char c);

/* At the end of the part: whether it was whole. 0 or -1. */
int mime_decoder_end(const struct mime_decoder *decoder);

#endif
