/* qr.c - draws a QR code as SVG, with attributes only: the pages' content security
 * policy allows no style in it. */
#include "portal/signin/qr.h"

#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>

#define MARGIN 4 /* modules of quiet zone, ISO/IEC 18004 */

/* One row's dark modules as path commands, a run of them at a time. */
static void draw_row(FILE *out, const unsigned char *row, int width, int y)
{
	for (int x = 0; x < width; x++) {
		int run = 0;

		while (x + run < width && (row[x + run] & 1) != 0)
			run++;
		if (run > 0)
			fprintf(out, "M%d %dh%dv1h-%dz", x + MARGIN, y + MARGIN, run, run);
		x += run;
	}
}

static void draw(FILE *out, const QRcode *code)
{
	int size = code->width + 2 * MARGIN;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
		"<path fill=\"#000\" d=\"",
		size, size, size, size);
	for (int y = 0; y < code->width; y++)
		draw_row(out, code->data + y * code->width, code->width, y);
	fputs("\"/></svg>", out);
}

char *qr_svg(const char *text)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	char *svg = NULL;
	size_t size;
	FILE *out = code == NULL ? NULL : open_memstream(&svg, &size);

	if (out != NULL) {
		draw(out, code);
		if (fclose(out) != 0) {
			free(svg);
			svg = NULL;
		}
	}
	QRcode_free(code);
	return svg;
}
