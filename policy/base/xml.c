/* xml.c - see xml.h. */
#include "policy/base/xml.h"

#include <expat.h>
#include <string.h>

#define SEPARATOR '|' /* between namespace and name of an element */

struct reading {
	const struct pl_xml_reader *reader;
	void *context;
	XML_Parser parser;
	int depth, is_refused;
};

static void refuse(struct reading *reading)
{
	reading->is_refused = 1;
	XML_StopParser(reading->parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
	const char *separator = strrchr(name, SEPARATOR);

	return separator == NULL ? name : separator + 1;
}

static void on_start(void *context, const char *name, const char **attributes)
{
	struct reading *reading = context;
	const struct pl_xml_reader *reader = reading->reader;

	(void)attributes;
	reading->depth++;
	if (reading->is_refused)
		return;
	if (reading->depth > reader->deepest ||
	    reader->start(reading->context, local_name(name), reading->depth) < 0)
		refuse(reading);
}

static void on_text(void *context, const char *text, int len)
{
	struct reading *reading = context;

	if (!reading->is_refused && reading->reader->text(reading->context, text, (size_t)len) < 0)
		refuse(reading);
}

/* Expat tells of some ends after it was stopped. */
static void on_end(void *context, const char *name)
{
	struct reading *reading = context;

	if (!reading->is_refused &&
	    reading->reader->end(reading->context, local_name(name), reading->depth) < 0)
		refuse(reading);
	reading->depth--;
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

int pl_xml_read(const struct pl_xml_reader *reader, const char *text, size_t len, void *context)
{
	struct reading reading = { .reader = reader,
				   .context = context,
				   .parser = XML_ParserCreateNS(NULL, SEPARATOR) };
	int ret = -1;

	if (reading.parser == NULL)
		return -1;
	XML_SetUserData(reading.parser, &reading);
	XML_SetElementHandler(reading.parser, on_start, on_end);
	XML_SetCharacterDataHandler(reading.parser, on_text);
	XML_SetStartDoctypeDeclHandler(reading.parser, on_document_type);
	if (XML_Parse(reading.parser, text, (int)len, XML_TRUE) == XML_STATUS_OK &&
	    !reading.is_refused)
		ret = 0;
	XML_ParserFree(reading.parser);
	return ret;
}
