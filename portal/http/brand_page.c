/* brand_page.c - see brand_page.h. */
#include "portal/http/brand_page.h"

#include <string.h>

#include "policy/base/markup.h"

#define PREFIX "/brand/"
#define ADDRESS_MAX 80 /* of the prefix, a version and a name */

const struct pl_brand_file *brand_find(const struct pl_brand *brand, const char *path)
{
	const size_t len = strlen(brand->version);

	if (strncmp(path, PREFIX, sizeof(PREFIX) - 1) != 0)
		return NULL;
	path += sizeof(PREFIX) - 1;
	return len > 0 && strncmp(path, brand->version, len) == 0 && path[len] == '/'
		       ? pl_brand_file(brand, path + len + 1)
		       : NULL;
}

/* file may be NULL; then NULL. */
static const char *address(const struct pl_brand *brand, const struct pl_brand_file *file,
			   char buf[ADDRESS_MAX])
{
	if (file == NULL)
		return NULL;
	snprintf(buf, ADDRESS_MAX, PREFIX "%s/%s", brand->version, file->name);
	return buf;
}

static const char *name_or(const char *name, const struct request *request)
{
	return name[0] != '\0' ? name : request->policy->portal_name;
}

const char *brand_name(const struct request *request, enum language language)
{
	return name_or(language == KOREAN ? request->brand->name_ko : request->brand->name_en,
		       request);
}

void put_brand_style(FILE *out, const struct pl_brand *brand)
{
	char buf[ADDRESS_MAX];
	const char *style = address(brand, pl_brand_file(brand, "brand.css"), buf);

	if (style != NULL)
		fprintf(out, "<link rel=\"stylesheet\" href=\"%s\">\n", style);
}

void put_brand_icon(FILE *out, const struct pl_brand *brand, const char *folder)
{
	char buf[ADDRESS_MAX];
	const char *icon = address(brand, pl_brand_image(brand, "icon"), buf);

	if (icon != NULL)
		fputs(icon, out);
	else
		fprintf(out, "%s/icon.svg", folder);
}

void put_brand_logo(FILE *out, const struct pl_brand *brand)
{
	char buf[2][ADDRESS_MAX];
	const char *light = address(brand, pl_brand_image(brand, "logo"), buf[0]);
	const char *dark = address(brand, pl_brand_image(brand, "logo-dark"), buf[1]);

	if (light == NULL)
		return;
	fputs("<picture>", out);
	if (dark != NULL)
		fprintf(out, "<source media=\"(prefers-color-scheme: dark)\" srcset=\"%s\">", dark);
	fprintf(out, "<img src=\"%s\" alt=\"\"></picture>", light);
}

void put_brand_footer(FILE *out, const struct pl_brand *brand, enum language language)
{
	const char *footer = language == KOREAN ? brand->footer_ko : brand->footer_en;

	if (footer[0] == '\0')
		return;
	fputs("<footer><small>", out);
	pl_put_markup(out, footer);
	fputs("</small></footer>\n", out);
}

static const char *or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static json_t *logo_json(const struct pl_brand *brand)
{
	char buf[2][ADDRESS_MAX];
	const char *light = address(brand, pl_brand_image(brand, "logo"), buf[0]);
	const char *dark = address(brand, pl_brand_image(brand, "logo-dark"), buf[1]);

	return light == NULL ? json_null()
			     : json_pack("{s:s, s:s}", "light", light, "dark",
					 dark != NULL ? dark : light);
}

json_t *brand_json(const struct request *request)
{
	const struct pl_brand *brand = request->brand;

	return json_pack("{s:{s:s, s:s}, s:{s:s?, s:s?}, s:s?, s:s?, s:o}", "names", "en",
			 brand_name(request, ENGLISH), "ko", brand_name(request, KOREAN), "footers",
			 "en", or_null(brand->footer_en), "ko", or_null(brand->footer_ko), "help",
			 or_null(brand->help_link), "password", or_null(brand->password_link),
			 "logo", logo_json(brand));
}
