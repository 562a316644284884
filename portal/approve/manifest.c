/* manifest.c - the page of the phone as a program that can be installed (W3C Web Application
 * Manifest). Browsers install it without a service worker; it is of no use without the portal. */
#include <stdlib.h>
#include <string.h>

#include "portal/approve/handlers.h"
#include "portal/http/brand_page.h"
#include "portal/http/portal.h"

#define PAGE "/approve"

/* NULL: out of memory. */
static json_t *icon(const struct request *request)
{
	char *address = NULL;
	size_t len;
	FILE *out = open_memstream(&address, &len);
	json_t *icons;

	if (out == NULL)
		return NULL;
	put_brand_icon(out, request->brand, pages_folder(portal_pages(request->portal)));
	fclose(out);
	icons = json_pack("[{s:s, s:s, s:s}]", "src", address, "sizes", "any", "purpose", "any");
	free(address);
	return icons;
}

int get_approve_manifest(struct request *request, struct response *response, struct pl_error *err)
{
	const enum language language = request_language(request);
	json_t *manifest =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o?}", "id", PAGE, "name",
			  brand_name(request, language), "lang", language_tags[language],
			  "start_url", PAGE, "scope", PAGE, "display", "standalone",
			  "background_color", "#ffffff", "icons", icon(request));

	(void)err;
	response->status = 200;
	response->type = "application/manifest+json";
	response->body = json_dumps(manifest, JSON_COMPACT);
	response->body_len = response->body == NULL ? 0 : strlen(response->body);
	json_decref(manifest);
	return 0;
}
