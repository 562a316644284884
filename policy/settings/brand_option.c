/* brand_option.c - see brand_option.h. */
#include "policy/settings/brand_option.h"

#include <string.h>

#include "policy/base/colour.h"
#include "policy/settings/option.h"

#define FOOTER_MAX 300 /* bytes */
#define LINK_MAX 500

static int must_be(struct pl_error *err, const char *what)
{
	return pl_error_set(err, PL_ERR_CONFIG, "it must be %s", what);
}

int pl_brand_option_name(const char *value, struct pl_error *err)
{
	return value[0] == '\0' ? 0 : pl_option_portal_name(value, err);
}

int pl_brand_option_language(const char *value, struct pl_error *err)
{
	return pl_option_choice("en, ko", value) >= 0 ? 0 : must_be(err, "en or ko");
}

int pl_brand_option_footer(const char *value, struct pl_error *err)
{
	if (pl_option_text(value, err) < 0)
		return -1;
	return strlen(value) <= FOOTER_MAX ? 0 : must_be(err, "up to 300 bytes");
}

int pl_brand_option_link(const char *value, struct pl_error *err)
{
	const size_t scheme = strncmp(value, "https://", 8) == 0  ? 8
			      : strncmp(value, "mailto:", 7) == 0 ? 7
								  : 0;

	if (value[0] == '\0')
		return 0;
	if (pl_option_text(value, err) < 0)
		return -1;
	return scheme > 0 && value[scheme] != '\0' && strlen(value) <= LINK_MAX &&
			       strchr(value, ' ') == NULL
		       ? 0
		       : must_be(err, "https://... or mailto:..., without blanks and of up to 500 "
				      "bytes");
}

int pl_brand_option_colour(const char *value, struct pl_error *err)
{
	struct pl_colour colour;

	return pl_colour_parse(value, &colour) == 0
		       ? 0
		       : must_be(err, "a colour as #rrggbb, for example #0d6d5d");
}
