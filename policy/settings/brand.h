/* brand.h - the operator's brand of the portal's pages, read from the folder brand_dir.
 *
 * The folder has a file brand.conf in the syntax of the policy file, with the settings of
 * brand.def, and if the operator likes
 *
 *	logo.svg or logo.png            on light backgrounds
 *	logo-dark.svg or logo-dark.png  on dark ones
 *	icon.svg or icon.png            in the tabs of browsers
 *
 * Of the colours a style sheet is made, brand.css. A brand is immutable once it is loaded, and
 * counted by reference, like the policy.
 */
#ifndef POSTLATCH_BRAND_H
#define POSTLATCH_BRAND_H

#include <stddef.h>

#include "policy/base/error.h"
#include "policy/base/fingerprint.h"

#define PL_BRAND_FILES_MAX 4
#define PL_BRAND_IMAGE_BYTES_MAX (256 * 1024)

struct pl_brand_file {
	const char *name, *type; /* "logo.svg", "image/svg+xml"; static */
	char *bytes;
	size_t len;
};

/* Only brand.c and its helpers write to it. */
struct pl_brand {
#define PL_BRAND_TEXT(field, def, check, text) char *field;
#define PL_BRAND_COLOUR(field, def, text) char *field;
#include "policy/settings/brand.def"
	struct pl_brand_file files[PL_BRAND_FILES_MAX];
	size_t file_count;
	/* Changes with any byte of any file; for their addresses. "": there are no files. */
	char version[PL_FINGERPRINT_TEXT];
	int refcount; /* atomic */
};

/* folder is "" for the built-in brand, which has no images. PL_ERR_CONFIG names the file, the
 * setting, and what it must be. Not to be called from two threads at once, nor while a policy is
 * read: libconfuse's scanner keeps its state in globals. */
int pl_brand_load(const char *folder, struct pl_brand **brand_r, struct pl_error *err);
struct pl_brand *pl_brand_ref(struct pl_brand *brand);
/* Drops one reference and sets *brand to NULL. Accepts NULL. */
void pl_brand_unref(struct pl_brand **brand);
/* The image whose name before the ending is stem ("logo"), or the file of a whole name. NULL: the
 * brand does not have it. */
const struct pl_brand_file *pl_brand_image(const struct pl_brand *brand, const char *stem);
const struct pl_brand_file *pl_brand_file(const struct pl_brand *brand, const char *name);

struct pl_brand_info {
	const char *name, *fallback, *text;
};
/* The table of settings, in order; NULL after its end. For manuals. */
const struct pl_brand_info *pl_brand_setting(size_t index);

#endif
