/* pox_request.c - see pox_request.h. */
#include "portal/setup/pox_request.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

#define SEPARATOR '|' /* between namespace and name of an element */
#define DEPTH_MAX 8   /* of elements within each other */

struct reading {
	XML_Parser parser;
	struct pox_request *request;
	int depth, failed;
	/* Where the text of the element goes that is open; NULL: nowhere. */
	char *text;
	size_t used, size;
};

static void refuse(struct reading *reading)
{
	reading->failed = 1;
	XML_StopParser(reading->parser, XML_FALSE);
}

static void on_start(void *context, const char *name, const char **attributes)
{
	struct reading *reading = context;
	const char *bar = strrchr(name, SEPARATOR);
	const char *local = bar == NULL ? name : bar + 1;

	(void)attributes;
	reading->text = NULL;
	reading->used = 0;
	if (++reading->depth > DEPTH_MAX) {
		refuse(reading);
	} else if (strcmp(local, "EMailAddress") == 0) {
		reading->text = reading->request->address;
		reading->size = sizeof(reading->request->address);
	} else if (strcmp(local, "AcceptableResponseSchema") == 0) {
		reading->text = reading->request->schema;
		reading->size = sizeof(reading->request->schema);
	}
	/* It may be there once. */
	if (reading->text != NULL && reading->text[0] != '\0')
		refuse(reading);
}

static void on_end(void *context, const char *name)
{
	struct reading *reading = context;

	(void)name;
	reading->depth--;
	reading->text = NULL;
}

static void on_text(void *context, const char *text, int len)
{
	struct reading *reading = context;

	if (reading->text == NULL)
		return;
	if ((size_t)len >= reading->size - reading->used) {
		refuse(reading);
		return;
	}
	memcpy(reading->text + reading->used, text, (size_t)len);
	reading->used += (size_t)len;
	reading->text[reading->used] = '\0';
}

static void on_document_type(void *context, const char *name, const char *system_id,
			     const char *public_id, int has_internal_subset)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)has_internal_subset;
	refuse(context);
}

int pox_request_read(const char *text, size_t len, struct pox_request *request_r)
{
	struct reading reading = { .parser = XML_ParserCreateNS(NULL, SEPARATOR),
				   .request = request_r };
	int ret = -1;

	memset(request_r, 0, sizeof(*request_r));
	if (reading.parser == NULL)
		return -1;
	XML_SetUserData(reading.parser, &reading);
	XML_SetElementHandler(reading.parser, on_start, on_end);
	XML_SetCharacterDataHandler(reading.parser, on_text);
	XML_SetStartDoctypeDeclHandler(reading.parser, on_document_type);
	if (XML_Parse(reading.parser, text, (int)len, XML_TRUE) == XML_STATUS_OK && !reading.failed)
		ret = 0;
	XML_ParserFree(reading.parser);
	return ret;
}
