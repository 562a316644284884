/* policy_text.h - the bytes of a policy file, before anybody parses them. */
#ifndef POSTLATCH_POLICY_TEXT_H
#define POSTLATCH_POLICY_TEXT_H

#include <stddef.h>

#include "policy/base/error.h"

/* 0 when it is of bounded size and without NUL bytes; else -1 with an error that has the name. */
int pl_policy_text_ok(const char *text, size_t len, const char *name, struct pl_error *err);
/* Reads a regular file that is neither empty nor too large. The caller frees the text, which
 * has a NUL behind its len bytes. */
int pl_policy_read_text(const char *path, char **text_r, size_t *len_r, struct pl_error *err);

#endif
