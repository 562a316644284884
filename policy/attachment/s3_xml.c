/* s3_xml.c - see s3_xml.h. */
#include "policy/attachment/s3_xml.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEPARATOR '|' /* between namespace and name of an element */
#define TEXT_MAX PL_S3_TOKEN

enum has { HAS_KEY = 1, HAS_SIZE = 2, HAS_TIME = 4, HAS_ALL = 7 };

struct reading {
	XML_Parser parser;
	const char *root;        /* that it must have */
	struct pl_s3_page *page; /* NULL: an error is read */
	char *code;
	int depth, failed;
	int in_object, has; /* enum has of the object */
	size_t used;
	char text[TEXT_MAX]; /* of the element that was opened last */
};

static void refuse(struct reading *reading)
{
	reading->failed = 1;
	XML_StopParser(reading->parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
	const char *bar = strrchr(name, SEPARATOR);

	return bar == NULL ? name : bar + 1;
}

static void begin_object(struct reading *reading)
{
	if (reading->page->count == PL_S3_PAGE) {
		refuse(reading);
		return;
	}
	reading->in_object = 1;
	reading->has = 0;
}

static void on_start(void *context, const char *name, const char **attributes)
{
	struct reading *reading = context;
	const char *local = local_name(name);

	(void)attributes;
	reading->used = 0;
	reading->text[0] = '\0';
	reading->depth++;
	if (reading->depth > PL_S3_DEEPEST ||
	    (reading->depth == 1 && strcmp(local, reading->root) != 0))
		refuse(reading);
	else if (reading->page != NULL && reading->depth == 2 && strcmp(local, "Contents") == 0)
		begin_object(reading);
}

static void on_text(void *context, const char *text, int len)
{
	struct reading *reading = context;
	const size_t fits = TEXT_MAX - 1 - reading->used;
	const size_t taken = (size_t)len < fits ? (size_t)len : fits;

	memcpy(reading->text + reading->used, text, taken);
	reading->used += taken;
	reading->text[reading->used] = '\0';
}

/* -1: it is not a number. */
static int64_t size_of(const char *text)
{
	const size_t len = strspn(text, "0123456789");

	return len == 0 || len > 18 || text[len] != '\0' ? -1 : strtoll(text, NULL, 10);
}

static void end_field_of_object(struct reading *reading, const char *local)
{
	struct pl_s3_object *object = &reading->page->object[reading->page->count];
	int has = 0;

	if (strcmp(local, "Key") == 0) {
		snprintf(object->name, sizeof(object->name), "%.*s", PL_S3_NAME - 1, reading->text);
		has = HAS_KEY;
	} else if (strcmp(local, "Size") == 0) {
		object->size = size_of(reading->text);
		has = object->size < 0 ? 0 : HAS_SIZE;
	} else if (strcmp(local, "LastModified") == 0) {
		object->modified_at = pl_s3_time_parse(reading->text);
		has = object->modified_at < 0 ? 0 : HAS_TIME;
	} else {
		return;
	}
	if (has == 0 || (reading->has & has) != 0)
		refuse(reading);
	reading->has |= has;
}

static void end_of_page_field(struct reading *reading, const char *local)
{
	struct pl_s3_page *page = reading->page;

	if (strcmp(local, "Contents") == 0) {
		page->count++;
		reading->in_object = 0;
		if (reading->has != HAS_ALL)
			refuse(reading);
	} else if (strcmp(local, "IsTruncated") == 0) {
		page->is_truncated = strcmp(reading->text, "true") == 0;
	} else if (strcmp(local, "NextContinuationToken") == 0) {
		if (reading->used == TEXT_MAX - 1)
			refuse(reading);
		snprintf(page->token, sizeof(page->token), "%s", reading->text);
	}
}

/* Letters and digits alone: it is told to people, and compared. */
static void end_code(struct reading *reading)
{
	const size_t len = strspn(reading->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
						 "wxyz0123456789");

	if (len > 0 && len < PL_S3_CODE && reading->text[len] == '\0')
		snprintf(reading->code, PL_S3_CODE, "%.*s", PL_S3_CODE - 1, reading->text);
}

static void on_end(void *context, const char *name)
{
	struct reading *reading = context;
	const char *local = local_name(name);

	if (reading->page != NULL && reading->depth == 3 && reading->in_object)
		end_field_of_object(reading, local);
	else if (reading->page != NULL && reading->depth == 2)
		end_of_page_field(reading, local);
	else if (reading->page == NULL && reading->depth == 2 && strcmp(local, "Code") == 0)
		end_code(reading);
	reading->depth--;
	reading->used = 0;
	reading->text[0] = '\0';
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

static int read_xml(struct reading *reading, const char *text, size_t len)
{
	int ret = -1;

	reading->parser = XML_ParserCreateNS(NULL, SEPARATOR);
	if (reading->parser == NULL)
		return -1;
	XML_SetUserData(reading->parser, reading);
	XML_SetElementHandler(reading->parser, on_start, on_end);
	XML_SetCharacterDataHandler(reading->parser, on_text);
	XML_SetStartDoctypeDeclHandler(reading->parser, on_document_type);
	if (XML_Parse(reading->parser, text, (int)len, XML_TRUE) == XML_STATUS_OK &&
	    !reading->failed)
		ret = 0;
	XML_ParserFree(reading->parser);
	return ret;
}

int pl_s3_page_read(const char *text, size_t len, struct pl_s3_page *page_r)
{
	struct reading reading = { .root = "ListBucketResult", .page = page_r };

	page_r->count = 0;
	page_r->is_truncated = 0;
	page_r->token[0] = '\0';
	if (read_xml(&reading, text, len) < 0)
		return -1;
	return page_r->is_truncated && page_r->token[0] == '\0' ? -1 : 0;
}

const char *pl_s3_error_code(const char *text, size_t len, char code_r[PL_S3_CODE])
{
	struct reading reading = { .root = "Error", .code = code_r };

	code_r[0] = '\0';
	if (read_xml(&reading, text, len) < 0)
		code_r[0] = '\0';
	return code_r;
}

int64_t pl_s3_time_parse(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t at;

	if (end == NULL || tm.tm_year < 70)
		return -1;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	at = (int64_t)timegm(&tm);
	return strcmp(end, "Z") == 0 && at >= 0 ? at : -1;
}
