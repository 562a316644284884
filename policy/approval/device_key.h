/* device_key.h - the key of an approval device: ECDSA with P-256 and SHA-256 (FIPS 186-5), as
 * browsers have it (W3C Web Cryptography, "ECDSA").
 *
 * Pure: no database, no clock.
 */
#ifndef POSTLATCH_DEVICE_KEY_H
#define POSTLATCH_DEVICE_KEY_H

#include <stddef.h>

#define PL_DEVICE_KEY_BYTES 65       /* an uncompressed point (SEC 1 2.3.3) */
#define PL_DEVICE_SIGNATURE_BYTES 64 /* r and s, 32 bytes each (IEEE P1363) */

/* Whether the bytes are a point of the curve. */
int pl_device_key_is_valid(const unsigned char key[PL_DEVICE_KEY_BYTES]);
/* Whether the signature over the data is the key's. */
int pl_device_key_verify(const unsigned char key[PL_DEVICE_KEY_BYTES], const void *data, size_t len,
			 const unsigned char signature[PL_DEVICE_SIGNATURE_BYTES]);

#endif
