/* fingerprint.h - a short name for the contents of several files, for addresses that browsers keep.
 *
 * It changes with any byte, name or order of them.
 */
#ifndef POSTLATCH_FINGERPRINT_H
#define POSTLATCH_FINGERPRINT_H

#include <stddef.h>

#include "policy/base/error.h"

#define PL_FINGERPRINT_TEXT 17 /* with its NUL */

struct pl_fingerprint {
	void *digest; /* NULL: OpenSSL has failed */
};

void pl_fingerprint_begin(struct pl_fingerprint *fingerprint_r);
void pl_fingerprint_add(struct pl_fingerprint *fingerprint, const char *name, const char *bytes,
			size_t len);
/* To be called in any case. Writes "0123456789abcdef". 0, or -1 when OpenSSL has failed. */
int pl_fingerprint_end(struct pl_fingerprint *fingerprint, char text_r[PL_FINGERPRINT_TEXT],
		       struct pl_error *err);

#endif
