/* pox_request.c - see pox_request.h. */
#include "portal/setup/pox_request.h"

#include <string.h>

#include "policy/base/xml.h"

#define DEPTH_MAX 8 /* of elements within each other */

struct reading {
	struct pox_request *request;
	/* Where the text of the element goes that is open; NULL: nowhere. */
	char *text;
	size_t used, size;
};

static int on_start(void *context, const char *name, int depth)
{
	struct reading *reading = context;

	(void)depth;
	reading->text = NULL;
	reading->used = 0;
	if (strcmp(name, "EMailAddress") == 0) {
		reading->text = reading->request->address;
		reading->size = sizeof(reading->request->address);
	} else if (strcmp(name, "AcceptableResponseSchema") == 0) {
		reading->text = reading->request->schema;
		reading->size = sizeof(reading->request->schema);
	}
	/* It may be there once. */
	return reading->text != NULL && reading->text[0] != '\0' ? -1 : 0;
}

static int on_end(void *context, const char *name, int depth)
{
	struct reading *reading = context;

	(void)name;
	(void)depth;
	reading->text = NULL;
	return 0;
}

static int on_text(void *context, const char *text, size_t len)
{
	struct reading *reading = context;

	if (reading->text == NULL)
		return 0;
	if (len >= reading->size - reading->used)
		return -1;
	memcpy(reading->text + reading->used, text, len);
	reading->used += len;
	reading->text[reading->used] = '\0';
	return 0;
}

int pox_request_read(const char *text, size_t len, struct pox_request *request_r)
{
	static const struct pl_xml_reader reader = {
		.deepest = DEPTH_MAX, .start = on_start, .text = on_text, .end = on_end
	};
	struct reading reading = { .request = request_r };

	memset(request_r, 0, sizeof(*request_r));
	return pl_xml_read(&reader, text, len, &reading);
}
