/* cbor.h - whether CBOR (RFC 8949) may be given to a decoder.
 *
 * A decoder makes room for as many elements as an array says it has, before it looks for them: a
 * few bytes could ask for gigabytes.
 */
#ifndef POSTLATCH_PORTAL_CBOR_H
#define POSTLATCH_PORTAL_CBOR_H

#include <stddef.h>

/* Whether strings end within the bytes, and arrays and maps together have no more elements than
 * there are bytes. Tags and unknown lengths are refused, which authenticators do not write
 * (CTAP2 canonical CBOR). 1 or 0. No bytes at all are 1. */
int cbor_is_bounded(const unsigned char *bytes, size_t len);

#endif
