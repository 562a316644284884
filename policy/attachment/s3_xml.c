/* s3_xml.c - see s3_xml.h. */
#include "policy/attachment/s3_xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/base/xml.h"

#define TEXT_MAX PL_S3_NAME /* no other text is longer */

enum has { HAS_KEY = 1, HAS_SIZE = 2, HAS_TIME = 4, HAS_ALL = 7 };

struct reading {
	const char *root;        /* that it must have */
	struct pl_s3_page *page; /* NULL: an error is read */
	char *code;
	int in_object, has; /* enum has of the object */
	size_t used;
	char text[TEXT_MAX]; /* of the element that was opened last */
};

static int begin_object(struct reading *reading)
{
	if (reading->page->count == PL_S3_PAGE)
		return -1;
	reading->in_object = 1;
	reading->has = 0;
	return 0;
}

static int on_start(void *context, const char *name, int depth)
{
	struct reading *reading = context;

	reading->used = 0;
	reading->text[0] = '\0';
	if (depth == 1 && strcmp(name, reading->root) != 0)
		return -1;
	return reading->page != NULL && depth == 2 && strcmp(name, "Contents") == 0
		       ? begin_object(reading)
		       : 0;
}

static int on_text(void *context, const char *text, size_t len)
{
	struct reading *reading = context;
	const size_t fits = TEXT_MAX - 1 - reading->used;
	const size_t taken = len < fits ? len : fits;

	memcpy(reading->text + reading->used, text, taken);
	reading->used += taken;
	reading->text[reading->used] = '\0';
	return 0;
}

/* -1: it is not a number. */
static int64_t size_of(const char *text)
{
	const size_t len = strspn(text, "0123456789");

	return len == 0 || len > 18 || text[len] != '\0' ? -1 : strtoll(text, NULL, 10);
}

static int end_field_of_object(struct reading *reading, const char *local)
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
		return 0;
	}
	if (has == 0 || (reading->has & has) != 0)
		return -1;
	reading->has |= has;
	return 0;
}

static int end_of_page_field(struct reading *reading, const char *local)
{
	struct pl_s3_page *page = reading->page;

	if (strcmp(local, "Contents") == 0) {
		page->count++;
		reading->in_object = 0;
		if (reading->has != HAS_ALL)
			return -1;
	} else if (strcmp(local, "IsTruncated") == 0) {
		page->is_truncated = strcmp(reading->text, "true") == 0;
	}
	return 0;
}

/* Letters and digits alone: it is told to people, and compared. */
static void end_code(struct reading *reading)
{
	const size_t len = strspn(reading->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
						 "wxyz0123456789");

	if (len > 0 && len < PL_S3_CODE && reading->text[len] == '\0')
		snprintf(reading->code, PL_S3_CODE, "%.*s", PL_S3_CODE - 1, reading->text);
}

static int on_end(void *context, const char *name, int depth)
{
	struct reading *reading = context;
	int ret = 0;

	if (reading->page != NULL && depth == 3 && reading->in_object)
		ret = end_field_of_object(reading, name);
	else if (reading->page != NULL && depth == 2)
		ret = end_of_page_field(reading, name);
	else if (reading->page == NULL && depth == 2 && strcmp(name, "Code") == 0)
		end_code(reading);
	reading->used = 0;
	reading->text[0] = '\0';
	return ret;
}

static const struct pl_xml_reader reader = {
	.deepest = PL_S3_DEEPEST, .start = on_start, .text = on_text, .end = on_end
};

int pl_s3_page_read(const char *text, size_t len, struct pl_s3_page *page_r)
{
	struct reading reading = { .root = "ListBucketResult", .page = page_r };

	page_r->count = 0;
	page_r->is_truncated = 0;
	if (pl_xml_read(&reader, text, len, &reading) < 0)
		return -1;
	return page_r->is_truncated && page_r->count == 0 ? -1 : 0;
}

const char *pl_s3_error_code(const char *text, size_t len, char code_r[PL_S3_CODE])
{
	struct reading reading = { .root = "Error", .code = code_r };

	code_r[0] = '\0';
	if (pl_xml_read(&reader, text, len, &reading) < 0)
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
