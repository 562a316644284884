/* target.h - an address to which mail is forwarded.
 *
 * Nobody but its own server knows whether case matters in a local part, so that of a target is kept
 * as it was written; the domain is folded. Targets are compared without regard to case.
 */
#ifndef POSTLATCH_FORWARD_TARGET_H
#define POSTLATCH_FORWARD_TARGET_H

#include "policy/base/address.h"

struct pl_target {
	char text[PL_ADDRESS_MAX + 1]; /* as Postfix is given it */
	struct pl_address address;     /* folded */
};

/* Reads a target. PL_ERR_INVALID for an address that Postfix would not read as it is written here,
 * and says so. */
int pl_target_parse(const char *text, struct pl_target *target_r, struct pl_error *err);
/* Whether Postfix reads the local part without quotes (a dot-atom of RFC 5322, or RFC 6531). */
int pl_local_is_plain(const char *local);
/* The length of the local part without an extension that begins with one of the delimiters, as
 * Postfix finds it; the whole length where there is none. */
size_t pl_local_base(const char *local, const char *delimiters);

#endif
