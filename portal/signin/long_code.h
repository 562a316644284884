/* long_code.h - the code of eight digits that a recovery contact was sent, as people type it. */
#ifndef POSTLATCH_PORTAL_LONG_CODE_H
#define POSTLATCH_PORTAL_LONG_CODE_H

#include "policy/base/random.h"

/* Without spaces and hyphens; a text of another length becomes a code that is wrong. NULL: "". */
void long_code_copy(const char *text, char code_r[PL_LONG_CODE_DIGITS + 1]);

#endif
