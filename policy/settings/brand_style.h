/* brand_style.h - the style sheet that a brand's colours make, and whether text can be read in
 * them. */
#ifndef POSTLATCH_BRAND_STYLE_H
#define POSTLATCH_BRAND_STYLE_H

#include "policy/settings/brand.h"

/* The colours of brand have been checked one by one. The caller frees the style sheet.
 * PL_ERR_CONFIG: text would be hard to read; the sentence says which colour to change. */
int pl_brand_style(const struct pl_brand *brand, char **style_r, struct pl_error *err);

#endif
