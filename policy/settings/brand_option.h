/* brand_option.h - what the values of brand.def's settings must look like.
 *
 * Each function takes a value and returns 0, or -1 with a sentence that says what it must be,
 * without the setting's name. */
#ifndef POSTLATCH_BRAND_OPTION_H
#define POSTLATCH_BRAND_OPTION_H

#include "policy/base/error.h"

/* A name as portal_name has it; or nothing. */
int pl_brand_option_name(const char *value, struct pl_error *err);
int pl_brand_option_language(const char *value, struct pl_error *err);
/* One line; or nothing. */
int pl_brand_option_footer(const char *value, struct pl_error *err);
/* An address that a browser may follow from a page, https: or mailto:; or nothing. */
int pl_brand_option_link(const char *value, struct pl_error *err);
int pl_brand_option_colour(const char *value, struct pl_error *err);

#endif
