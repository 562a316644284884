/* edit.c - see edit.h. */
#include "milter/mime/edit.h"

#include <string.h>

#define PIECE 32768

static int write_range(const struct mime_edit *edit, uint64_t begin, uint64_t end,
		       int (*write)(void *context, const unsigned char *bytes, size_t count),
		       void *context)
{
	unsigned char piece[PIECE];
	int status = 0;

	while (begin < end && status == 0) {
		const size_t count = end - begin < PIECE ? (size_t)(end - begin) : PIECE;

		if (edit->read(edit->read_context, begin, piece, count) < 0)
			return -1;
		status = write(context, piece, count);
		begin += count;
	}
	return status;
}

int mime_edit_write(const struct mime_edit *edit,
		    int (*write)(void *context, const unsigned char *bytes, size_t count),
		    void *context)
{
	uint64_t at = 0;
	int status;

	for (size_t i = 0; i < edit->replacement_count; i++) {
		const struct mime_replacement *replacement = &edit->replacements[i];
		const struct mime_part *part = &edit->parts[replacement->part];

		status = write_range(edit, at, part->begin, write, context);
		if (status == 0)
			status = write(context, (const unsigned char *)replacement->text,
				       replacement->count);
		if (status != 0)
			return status;
		at = part->end;
	}
	return write_range(edit, at, edit->parts[0].end, write, context);
}

static int scan(void *context, const unsigned char *bytes, size_t count)
{
	mime_scanner_body(context, bytes, count);
	return 0;
}

/* By how much the offset of an untouched byte has moved. */
static int64_t shift_at(const struct mime_edit *edit, uint64_t offset)
{
	int64_t shift = 0;

	for (size_t i = 0; i < edit->replacement_count; i++) {
		const struct mime_part *part = &edit->parts[edit->replacements[i].part];

		if (part->end > offset)
			break;
		shift += (int64_t)edit->replacements[i].count - (int64_t)(part->end - part->begin);
	}
	return shift;
}

static const struct mime_replacement *replacement_of(const struct mime_edit *edit, size_t part)
{
	for (size_t i = 0; i < edit->replacement_count; i++) {
		if (edit->replacements[i].part == part)
			return &edit->replacements[i];
	}
	return NULL;
}

static int is_within(const struct mime_part *part, uint64_t begin, uint64_t end)
{
	return part->begin >= begin && part->end <= end;
}

static uint64_t moved(uint64_t offset, int64_t shift)
{
	return (uint64_t)((int64_t)offset + shift);
}

/* Whether a part that nobody replaced stands where it is to be. A part around others ends where what
 * is behind the last of them ends. */
static int is_same(const struct mime_edit *edit, const struct mime_part *old,
		   const struct mime_part *new)
{
	return new->depth == old->depth &&strcmp(new->content.type, old->content.type) == 0 &&
	       strcmp(new->content.boundary, old->content.boundary) == 0 &&
	       new->begin == moved(old->begin, shift_at(edit, old->begin)) &&
	       new->body == moved(old->body, shift_at(edit, old->body)) &&
	       new->end == moved(old->end, shift_at(edit, old->end));
}

static int compare(const struct mime_edit *edit, const struct mime_part *new, size_t new_count)
{
	size_t at = 0;

	for (size_t i = 0; i < edit->part_count; i++) {
		const struct mime_part *old = &edit->parts[i];
		const struct mime_replacement *replacement = replacement_of(edit, i);
		uint64_t begin, end;

		if (at == new_count)
			return 0;
		if (replacement == NULL) {
			if (!is_same(edit, old, &new[at++]))
				return 0;
			continue;
		}
		begin = moved(old->begin, shift_at(edit, old->begin));
		end = begin + replacement->count;
		/* The new part, and those that are in it. */
		if (new[at].depth != old->depth || new[at].begin != begin || new[at].end != end)
			return 0;
		for (at++; at<new_count &&new[at].depth> old->depth; at++) {
			if (!is_within(&new[at], begin, end))
				return 0;
		}
	}
	return at == new_count;
}

int mime_edit_holds(const struct mime_edit *edit)
{
	struct mime_scanner *scanner = mime_scanner_new();
	const struct mime_part *parts;
	size_t count;
	int holds = -1, reason = -1;

	if (scanner == NULL)
		return -1;
	for (size_t i = 0; i < edit->field_count; i++)
		mime_scanner_field(scanner, edit->fields[i].name, edit->fields[i].value);
	if (mime_edit_write(edit, scan, scanner) == 0)
		reason = mime_scanner_end(scanner);
	parts = mime_scanner_parts(scanner, &count);
	if (reason >= 0)
		holds = reason == MIME_NO_REASON && compare(edit, parts, count);
	mime_scanner_free(&scanner);
	return holds;
}
