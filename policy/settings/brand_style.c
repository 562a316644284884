/* brand_style.c - see brand_style.h. */
#include "policy/settings/brand_style.h"

#include <stdio.h>

#include "policy/base/colour.h"

#define CONTRAST_LEAST 4.5 /* WCAG 2.1, success criterion 1.4.3 */

/* The colours of the pages, light or dark. An operator sets the first three, from which come
 * deep (under the pointer) and tint (of notes); the others are those of web/, and
 * tools/check-web.sh compares them. */
struct scheme {
	const char *name;
	struct pl_colour accent, on_accent, background, deep, tint, card, ink, soft;
};

static const struct pl_colour white = { 0xff, 0xff, 0xff }, black = { 0, 0, 0 };

static struct pl_colour colour(const char *text)
{
	struct pl_colour colour = black;

	pl_colour_parse(text, &colour);
	return colour;
}

static struct scheme light_scheme(const struct pl_brand *brand)
{
	struct scheme scheme = { .name = "light",
				 .accent = colour(brand->light_accent),
				 .on_accent = colour(brand->light_on_accent),
				 .background = colour(brand->light_background),
				 .card = colour("#ffffff"),
				 .ink = colour("#14211e"),
				 .soft = colour("#52625e") };

	scheme.deep = pl_colour_mix(scheme.accent, black, 22);
	scheme.tint = pl_colour_mix(scheme.card, scheme.accent, 12);
	return scheme;
}

static struct scheme dark_scheme(const struct pl_brand *brand)
{
	struct scheme scheme = { .name = "dark",
				 .accent = colour(brand->dark_accent),
				 .on_accent = colour(brand->dark_on_accent),
				 .background = colour(brand->dark_background),
				 .card = colour("#171f1d"),
				 .ink = colour("#e7eeec"),
				 .soft = colour("#a3b3af") };

	scheme.deep = pl_colour_mix(scheme.accent, white, 25);
	scheme.tint = pl_colour_mix(scheme.card, scheme.accent, 14);
	return scheme;
}

/* Every pair of colours in which the pages have text. */
static int check_contrasts(const struct scheme *scheme, struct pl_error *err)
{
	const struct {
		struct pl_colour text, ground;
		const char *what, *change;
	} pairs[] = {
		{ scheme->on_accent, scheme->accent, "on_accent on accent", "accent or on_accent" },
		{ scheme->on_accent, scheme->deep,
		  "on_accent on the shade of accent under the pointer", "accent or on_accent" },
		{ scheme->accent, scheme->card, "accent, as the colour of links, on the cards",
		  "accent" },
		{ scheme->accent, scheme->background,
		  "accent, as the colour of links, on background", "accent or background" },
		{ scheme->accent, scheme->tint, "accent on its own tint", "accent" },
		{ scheme->deep, scheme->tint, "the shade of accent on its tint", "accent" },
		{ scheme->ink, scheme->background, "text on background", "background" },
		{ scheme->soft, scheme->background, "secondary text on background", "background" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const double contrast = pl_colour_contrast(pairs[i].text, pairs[i].ground);
		char text[PL_COLOUR_TEXT], ground[PL_COLOUR_TEXT];

		if (contrast >= CONTRAST_LEAST)
			continue;
		return pl_error_set(err, PL_ERR_CONFIG,
				    "the %s colours: %s (%s on %s) has a contrast of %.2f:1, and "
				    "text needs "
				    "4.5:1 to be read; change %s until it has more",
				    scheme->name, pairs[i].what,
				    pl_colour_format(pairs[i].text, text),
				    pl_colour_format(pairs[i].ground, ground), contrast,
				    pairs[i].change);
	}
	return 0;
}

static void put_scheme(FILE *out, const struct scheme *scheme)
{
	const struct {
		const char *name;
		struct pl_colour colour;
	} tokens[] = {
		{ "accent", scheme->accent },       { "accent-deep", scheme->deep },
		{ "on-accent", scheme->on_accent }, { "tint", scheme->tint },
		{ "ground", scheme->background },
	};
	char text[PL_COLOUR_TEXT];

	fputs(":root {", out);
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		fprintf(out, " --%s: %s;", tokens[i].name,
			pl_colour_format(tokens[i].colour, text));
	fputs(" }\n", out);
}

int pl_brand_style(const struct pl_brand *brand, char **style_r, struct pl_error *err)
{
	const struct scheme light = light_scheme(brand), dark = dark_scheme(brand);
	size_t len;
	FILE *out;

	*style_r = NULL;
	if (check_contrasts(&light, err) < 0 || check_contrasts(&dark, err) < 0)
		return -1;
	out = open_memstream(style_r, &len);
	if (out == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	put_scheme(out, &light);
	fputs("@media (prefers-color-scheme: dark) {\n", out);
	put_scheme(out, &dark);
	fputs("}\n", out);
	fclose(out);
	return 0;
}
