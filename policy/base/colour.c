/* colour.c - see colour.h. */
#include "policy/base/colour.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pl_colour_parse(const char *text, struct pl_colour *colour_r)
{
	unsigned long value;

	if (text[0] != '#' || strlen(text) != PL_COLOUR_TEXT - 1 ||
	    strspn(text + 1, "0123456789abcdefABCDEF") != PL_COLOUR_TEXT - 2)
		return -1;
	value = strtoul(text + 1, NULL, 16);
	*colour_r = (struct pl_colour){ (unsigned char)(value >> 16), (unsigned char)(value >> 8),
					(unsigned char)value };
	return 0;
}

char *pl_colour_format(struct pl_colour colour, char buf[PL_COLOUR_TEXT])
{
	snprintf(buf, PL_COLOUR_TEXT, "#%02x%02x%02x", colour.red, colour.green, colour.blue);
	return buf;
}

static unsigned char mix(unsigned char one, unsigned char other, int percent)
{
	return (unsigned char)((one * (100 - percent) + other * percent + 50) / 100);
}

struct pl_colour pl_colour_mix(struct pl_colour colour, struct pl_colour other, int percent)
{
	return (struct pl_colour){ mix(colour.red, other.red, percent),
				   mix(colour.green, other.green, percent),
				   mix(colour.blue, other.blue, percent) };
}

/* value to the power of 0.4, for values from 0 to 1, by Newton's method: the plugin of Dovecot,
 * which has this code too, need not load libm for it. */
static double power_two_fifths(double value)
{
	const double square = value * value;
	double root = 1;

	for (int i = 0; i < 40; i++) {
		const double fourth = root * root * root * root;

		root -= (fourth * root - square) / (5 * fourth);
	}
	return root;
}

/* Of sRGB, as WCAG 2.1 defines relative luminance. */
static double linear(unsigned char value)
{
	const double part = value / 255.0, shifted = (part + 0.055) / 1.055;

	return part <= 0.03928 ? part / 12.92 : shifted * shifted * power_two_fifths(shifted);
}

static double luminance(struct pl_colour colour)
{
	return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) +
	       0.0722 * linear(colour.blue);
}

double pl_colour_contrast(struct pl_colour one, struct pl_colour other)
{
	const double a = luminance(one) + 0.05, b = luminance(other) + 0.05;

	return a > b ? a / b : b / a;
}
