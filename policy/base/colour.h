/* colour.h - colours of style sheets, and whether text in one can be read on another. */
#ifndef POSTLATCH_COLOUR_H
#define POSTLATCH_COLOUR_H

#define PL_COLOUR_TEXT 8 /* bytes of "#rrggbb" with the NUL */

struct pl_colour {
	unsigned char red, green, blue;
};

/* "#rrggbb" (CSS Color 4, section 5.2), in either case. 0, or -1. */
int pl_colour_parse(const char *text, struct pl_colour *colour_r);
/* Returns buf. */
char *pl_colour_format(struct pl_colour colour, char buf[PL_COLOUR_TEXT]);
/* percent of other, and the rest of colour. */
struct pl_colour pl_colour_mix(struct pl_colour colour, struct pl_colour other, int percent);
/* The contrast ratio of WCAG 2.1, from 1 to 21; text needs 4.5 (success criterion 1.4.3). */
double pl_colour_contrast(struct pl_colour one, struct pl_colour other);

#endif
