/* xml.h - reads a small XML document that strangers have sent, with expat.
 *
 * It has no document type, so it declares no entities, and elements are not deeper within each
 * other than the reader allows. Names come without their namespace. Pure.
 */
#ifndef POSTLATCH_XML_H
#define POSTLATCH_XML_H

#include <stddef.h>

/* What is told of the document, in its order. Each returns 0, or -1 to refuse the document; then
 * nothing more is told. The root has the depth 1. */
struct pl_xml_reader {
	int deepest;
	int (*start)(void *context, const char *name, int depth);
	/* Text may come in pieces. */
	int (*text)(void *context, const char *text, size_t len);
	int (*end)(void *context, const char *name, int depth);
};

/* 0, or -1: it is no such document, or was refused, or memory is short. */
int pl_xml_read(const struct pl_xml_reader *reader, const char *text, size_t len, void *context);

#endif
