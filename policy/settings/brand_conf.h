/* brand_conf.h - parses brand.conf. */
#ifndef POSTLATCH_BRAND_CONF_H
#define POSTLATCH_BRAND_CONF_H

#include "policy/settings/brand.h"

/* Fills the settings of a brand that has none yet; those that the text does not have get their
 * defaults. name is the file's in errors, which also have line and setting. What has been filled
 * in is the brand's also when this fails. */
int pl_brand_conf_parse(const char *text, const char *name, struct pl_brand *brand,
			struct pl_error *err);

#endif
