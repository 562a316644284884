/* cms.h - signed documents, RFC 5652. */
#ifndef POSTLATCH_PORTAL_SETUP_CMS_H
#define POSTLATCH_PORTAL_SETUP_CMS_H

#include <stddef.h>

#include "policy/base/error.h"

/* Signs data, which stays inside, with the certificate and the key of two PEM files; behind the
 * certificate may stand those that it is signed by. The caller frees what it gets, which is DER.
 * 0, or -1: the error names the file that cannot be used. */
int cms_sign(const char *certificate_path, const char *key_path, const char *data, size_t len,
	     char **signed_r, size_t *signed_len_r, struct pl_error *err);

#endif
