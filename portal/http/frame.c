/* frame.c - see frame.h. */
#include "portal/http/frame.h"

#include "policy/base/markup.h"
#include "portal/http/brand_page.h"
#include "portal/http/pages.h"
#include "portal/http/portal.h"

FILE *frame_begin(const struct request *request, struct response *response, int status,
		  const char *title, int refresh)
{
	FILE *out = open_memstream(&response->body, &response->body_len);

	response->status = status;
	response->type = "text/html; charset=utf-8";
	if (out == NULL)
		return NULL;
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"%s\">\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		language_tags[request_language(request)]);
	if (refresh > 0)
		fprintf(out, "<meta http-equiv=\"refresh\" content=\"%d\">\n", refresh);
	fprintf(out, "<title>%s</title>\n<link rel=\"stylesheet\" href=\"%s/css/base.css\">\n",
		title, pages_folder(portal_pages(request->portal)));
	put_brand_style(out, request->brand);
	fputs("<link rel=\"icon\" href=\"", out);
	put_brand_icon(out, request->brand, pages_folder(portal_pages(request->portal)));
	fputs("\">\n", out);
	fputs("<body data-width=\"narrow\">\n<div id=\"frame\"><header><strong>", out);
	put_brand_logo(out, request->brand);
	pl_put_markup(out, brand_name(request, request_language(request)));
	fprintf(out, "</strong></header><main><h1>%s</h1>", title);
	return out;
}

int frame_end(FILE *out)
{
	fputs("</main></div>\n", out);
	fclose(out);
	return 0;
}
