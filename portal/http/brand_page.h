/* brand_page.h - the operator's brand as the pages have it: names, links, and files at
 * /brand/VERSION/NAME. */
#ifndef POSTLATCH_PORTAL_BRAND_PAGE_H
#define POSTLATCH_PORTAL_BRAND_PAGE_H

#include <jansson.h>
#include <stdio.h>

#include "policy/settings/brand.h"
#include "portal/http/request.h"

/* The file of the brand that a path names. NULL: there is none, or it was of an earlier brand. */
const struct pl_brand_file *brand_find(const struct pl_brand *brand, const char *path);
/* The portal's name in that language. */
const char *brand_name(const struct request *request, enum language language);
/* A link to the style sheet of the colours, which comes after that of the pages; nothing for the
 * built-in brand. */
void put_brand_style(FILE *out, const struct pl_brand *brand);
/* The address of the icon; folder has that of the pages. */
void put_brand_icon(FILE *out, const struct pl_brand *brand, const char *folder);
/* The logo, light or dark as the reader has it; nothing when the brand has none. */
void put_brand_logo(FILE *out, const struct pl_brand *brand);
/* The line at the end of the page, in that language; nothing when there is none. */
void put_brand_footer(FILE *out, const struct pl_brand *brand, enum language language);
/* All that the scripts need: {"names": {"en", "ko"}, "footers": {"en", "ko"}, "help", "password",
 * "logo": {"light", "dark"}}; what the brand does not have is null. NULL: out of memory. */
json_t *brand_json(const struct request *request);

#endif
