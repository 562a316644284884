/* scanner.c - see scanner.h.
 *
 * A line is looked at when its end has come. Of a line in a body, as many bytes are kept as a
 * delimiter can have; of one in a header, all, up to the limit.
 */
#include "milter/mime/scanner.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* "--", a boundary, "--", and what a mail server may have put behind it (RFC 2046: transport padding). */
#define LINE_KEPT (2 + MIME_BOUNDARY_MAX + 2 + 64)

#define NAME_FIELD_MAX 4096 /* of a longer field, no file name is read */

enum place {
	IN_HEADER,
	IN_BODY, /* of a part without parts */
	BEFORE,  /* the first delimiter of a part with parts */
	BEHIND,  /* its last one */
};

struct mime_scanner {
	struct mime_part *parts;
	size_t count, room;
	enum mime_reason reason;
	int no_memory;
	int in_body; /* the header of the message itself has ended */
	enum place place;
	int open[MIME_DEPTH_MAX]; /* numbers of the parts whose delimiters are looked for */
	size_t opened;
	int closed;       /* the part that ended last, -1: none since the last delimiter */
	int part;         /* the one that we are in */
	uint64_t offset;  /* of the next byte */
	uint64_t at_line; /* where the line begins */
	char line[LINE_KEPT + 1];
	size_t kept;
	int ends_with_cr; /* the last byte was CR */
	/* The field of a part's header that is being read, unfolded. */
	char *field;                   /* MIME_HEADER_MAX + 1 bytes */
	size_t field_used, field_line; /* where its last line begins */
	size_t header_sum;             /* bytes of the header up to now */
};

static void stop(struct mime_scanner *scanner, enum mime_reason reason)
{
	if (scanner->reason == MIME_NO_REASON)
		scanner->reason = reason;
}

static int has_stopped(const struct mime_scanner *scanner)
{
	return scanner->reason != MIME_NO_REASON || scanner->no_memory;
}

/* -1: none, and the scanner has stopped. */
static int add_part(struct mime_scanner *scanner, int parent)
{
	struct mime_part *part;

	if (scanner->count == MIME_PARTS_MAX) {
		stop(scanner, MIME_PARTS);
		return -1;
	}
	if (scanner->count == scanner->room) {
		const size_t room = scanner->room == 0 ? 4 : scanner->room * 2;
		struct mime_part *parts = realloc(scanner->parts, room * sizeof(*parts));

		if (parts == NULL) {
			scanner->no_memory = 1;
			return -1;
		}
		scanner->parts = parts;
		scanner->room = room;
	}
	part = &scanner->parts[scanner->count];
	*part = (struct mime_part){ .parent = parent, .begin = scanner->offset };
	if (parent >= 0)
		part->depth = scanner->parts[parent].depth + 1;
	return (int)scanner->count++;
}

struct mime_scanner *mime_scanner_new(void)
{
	struct mime_scanner *scanner = calloc(1, sizeof(*scanner));

	if (scanner == NULL)
		return NULL;
	scanner->closed = -1;
	scanner->place = IN_HEADER;
	scanner->part = add_part(scanner, -1);
	if (scanner->part < 0)
		mime_scanner_free(&scanner);
	return scanner;
}

void mime_scanner_free(struct mime_scanner **scanner)
{
	if (*scanner == NULL)
		return;
	for (size_t i = 0; i < (*scanner)->count; i++) {
		free((*scanner)->parts[i].disposition);
		free((*scanner)->parts[i].type);
	}
	free((*scanner)->parts);
	free((*scanner)->field);
	free(*scanner);
	*scanner = NULL;
}

/* The values in which a file name may be are kept as they are. */
static void keep_value(struct mime_scanner *scanner, char **place, const char *value)
{
	if (strlen(value) > NAME_FIELD_MAX)
		return;
	*place = strdup(value);
	if (*place == NULL)
		scanner->no_memory = 1;
}

static void take_field(struct mime_scanner *scanner, const char *name, const char *value)
{
	struct mime_part *part = &scanner->parts[scanner->part];
	const enum mime_reason reason = mime_content_field(&part->content, name, value);

	if (reason != MIME_NO_REASON)
		stop(scanner, reason);
	else if (strcasecmp(name, "Content-Type") == 0)
		keep_value(scanner, &part->type, value);
	else if (strcasecmp(name, "Content-Disposition") == 0)
		keep_value(scanner, &part->disposition, value);
}

void mime_scanner_field(struct mime_scanner *scanner, const char *name, const char *value)
{
	if (has_stopped(scanner))
		return;
	scanner->header_sum += strlen(name) + strlen(value);
	if (scanner->header_sum > MIME_HEADER_MAX)
		stop(scanner, MIME_HEADER_SIZE);
	else
		take_field(scanner, name, value);
}

static const char *boundary_of(const struct mime_scanner *scanner, int part)
{
	return scanner->parts[part].content.boundary;
}

static void open_part(struct mime_scanner *scanner)
{
	const char *boundary = boundary_of(scanner, scanner->part);

	if (scanner->opened == MIME_DEPTH_MAX) {
		stop(scanner, MIME_DEPTH);
		return;
	}
	for (size_t i = 0; i < scanner->opened; i++) {
		if (strcmp(boundary_of(scanner, scanner->open[i]), boundary) == 0)
			stop(scanner, MIME_BOUNDARY_TWICE);
	}
	scanner->open[scanner->opened++] = scanner->part;
	scanner->place = BEFORE;
	scanner->closed = -1;
}

/* offset is where the body of the part begins. */
static void end_header(struct mime_scanner *scanner)
{
	struct mime_part *part = &scanner->parts[scanner->part];
	const enum mime_reason reason = mime_content_finish(&part->content);

	if (reason != MIME_NO_REASON) {
		stop(scanner, reason);
		return;
	}
	part->body = scanner->offset;
	scanner->place = IN_BODY;
	if (mime_has_parts(&part->content))
		open_part(scanner);
}

static int is_blank(const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (text[i] != ' ' && text[i] != '\t')
			return 0;
	}
	return 1;
}

/* Whether a line begins with a name and a colon. */
static int is_field(const char *line, size_t count)
{
	size_t i = 0, name;

	while (i < count && line[i] > ' ' && line[i] < 0x7f && line[i] != ':')
		i++;
	name = i;
	while (i < count && (line[i] == ' ' || line[i] == '\t'))
		i++;
	return name > 0 && i < count && line[i] == ':';
}

/* The field ends before its last line, which begins another one. */
static void end_field(struct mime_scanner *scanner)
{
	const size_t len = scanner->field_line;
	char *colon, *end, first = scanner->field[len];

	if (len == 0)
		return;
	scanner->field[len] = '\0';
	colon = strchr(scanner->field, ':');
	/* RFC 5322 section 4.5: old programs put white space before the colon. */
	for (end = colon; end[-1] == ' ' || end[-1] == '\t';)
		end--;
	*end = '\0';
	take_field(scanner, scanner->field, colon + 1);
	scanner->field[len] = first;
	scanner->field_used -= len;
	memmove(scanner->field, scanner->field + len, scanner->field_used);
	scanner->field_line = 0;
}

/* The last line of the field is whole. */
static void end_header_line(struct mime_scanner *scanner)
{
	const char *line = scanner->field + scanner->field_line;
	const size_t count = scanner->field_used - scanner->field_line;
	const int goes_on = count > 0 && (line[0] == ' ' || line[0] == '\t');

	if (count == 0) {
		end_field(scanner);
		if (!has_stopped(scanner))
			end_header(scanner);
	} else if (memchr(line, '\0', count) != NULL ||
		   (goes_on ? scanner->field_line == 0 || is_blank(line, count)
			    : !is_field(line, count))) {
		stop(scanner, MIME_HEADER);
	} else {
		if (!goes_on)
			end_field(scanner);
		scanner->field_line = scanner->field_used;
	}
}

/* The part that we are in ends before the delimiter in the line. */
static void end_part(struct mime_scanner *scanner, int part)
{
	const uint64_t end = scanner->at_line - 2;

	/* A delimiter right behind the empty line: there is no body, nor a CR and LF to take from it. */
	scanner->parts[part].end =
		scanner->at_line < scanner->parts[part].body + 2 ? scanner->parts[part].body : end;
}

static void at_delimiter(struct mime_scanner *scanner, int is_last)
{
	const int parent = scanner->open[scanner->opened - 1];

	if (scanner->place == IN_BODY)
		end_part(scanner, scanner->part);
	else if (scanner->place == BEHIND)
		end_part(scanner, scanner->closed);
	else if (is_last) /* without a part */
		stop(scanner, MIME_UNFINISHED);
	scanner->closed = -1;
	if (is_last) {
		scanner->opened--;
		scanner->closed = scanner->part = parent;
		scanner->place = BEHIND;
		return;
	}
	scanner->part = add_part(scanner, parent);
	scanner->place = IN_HEADER;
	scanner->field_used = scanner->field_line = scanner->header_sum = 0;
	if (scanner->field == NULL) {
		scanner->field = malloc(MIME_HEADER_MAX + 1);
		scanner->no_memory |= scanner->field == NULL;
	}
}

/* 0: the line does not begin with the delimiter; 1: it is the delimiter; 2: the last one; -1: it goes on. */
static int compare(const struct mime_scanner *scanner, int part)
{
	const char *boundary = boundary_of(scanner, part), *rest;
	const size_t len = strlen(boundary);
	size_t count;

	if (scanner->kept < 2 + len || memcmp(scanner->line + 2, boundary, len) != 0)
		return 0;
	rest = scanner->line + 2 + len;
	count = scanner->kept - 2 - len;
	if (scanner->kept > LINE_KEPT)
		return -1;
	if (is_blank(rest, count))
		return 1;
	if (count >= 2 && memcmp(rest, "--", 2) == 0 && is_blank(rest + 2, count - 2))
		return 2;
	return -1;
}

/* Whether the line is a delimiter of the part with parts that we are in. */
static int take_delimiter(struct mime_scanner *scanner)
{
	int found = 0;

	for (size_t i = 0; i < scanner->opened; i++) {
		const int is = compare(scanner, scanner->open[i]);

		if (is == 0)
			continue;
		/* One of two that begin alike, or that of a part around ours. */
		if (found != 0 || is < 0)
			stop(scanner, MIME_BOUNDARY_TWICE);
		else if (i + 1 < scanner->opened)
			stop(scanner, MIME_UNFINISHED);
		found = is;
	}
	if (scanner->closed >= 0 && compare(scanner, scanner->closed) != 0)
		stop(scanner, MIME_BOUNDARY_TWICE);
	if (found == 0 || has_stopped(scanner))
		return 0;
	if (scanner->place == IN_HEADER)
		stop(scanner, MIME_HEADER);
	else
		at_delimiter(scanner, found == 2);
	return 1;
}

static void look_for_pgp(struct mime_scanner *scanner)
{
	static const char armour[] = MIME_PGP_ARMOUR;
	const struct mime_content *content = &scanner->parts[scanner->part].content;

	if (scanner->kept >= strlen(armour) && memcmp(scanner->line, armour, strlen(armour)) == 0 &&
	    (content->type[0] == '\0' || mime_is(content, "text")))
		stop(scanner, MIME_PGP);
}

/* The line is whole; offset is where the next one begins. */
static void end_line(struct mime_scanner *scanner)
{
	int is_delimiter = 0;

	if (scanner->kept >= 2 && memcmp(scanner->line, "--", 2) == 0) {
		if (scanner->place == IN_BODY)
			look_for_pgp(scanner);
		is_delimiter = take_delimiter(scanner);
	}
	if (!is_delimiter && scanner->place == IN_HEADER && !has_stopped(scanner))
		end_header_line(scanner);
	scanner->at_line = scanner->offset;
	scanner->kept = 0;
	scanner->ends_with_cr = 0;
}

/* Bytes of the line, without its end. */
static void keep(struct mime_scanner *scanner, const unsigned char *bytes, size_t count)
{
	const size_t room = sizeof(scanner->line) - scanner->kept;

	if (scanner->place == IN_HEADER) {
		scanner->header_sum += count;
		if (scanner->header_sum > MIME_HEADER_MAX) {
			stop(scanner, MIME_HEADER_SIZE);
			return;
		}
		memcpy(scanner->field + scanner->field_used, bytes, count);
		scanner->field_used += count;
	}
	if (count > room)
		count = room;
	memcpy(scanner->line + scanner->kept, bytes, count);
	scanner->kept += count;
}

/* Of a line, what there is in bytes; returns how many these are. */
static size_t take_line(struct mime_scanner *scanner, const unsigned char *bytes, size_t count)
{
	const unsigned char *lf = memchr(bytes, '\n', count);
	const size_t len = lf == NULL ? count : (size_t)(lf - bytes);
	const unsigned char *cr = memchr(bytes, '\r', len);

	/* A CR stands before a LF, and nowhere else. */
	if ((scanner->ends_with_cr && len > 0) || (cr != NULL && cr != bytes + len - 1)) {
		stop(scanner, MIME_LINE_ENDS);
		return count;
	}
	scanner->ends_with_cr |= cr != NULL;
	if (lf != NULL && !scanner->ends_with_cr) {
		stop(scanner, MIME_LINE_ENDS);
		return count;
	}
	keep(scanner, bytes, cr == NULL ? len : len - 1);
	scanner->offset += len;
	if (lf == NULL || has_stopped(scanner))
		return len;
	scanner->offset++;
	end_line(scanner);
	return len + 1;
}

int mime_scanner_has_stopped(const struct mime_scanner *scanner)
{
	return has_stopped(scanner);
}

static void begin_body(struct mime_scanner *scanner)
{
	if (!scanner->in_body && !has_stopped(scanner))
		end_header(scanner);
	scanner->in_body = 1;
}

void mime_scanner_body(struct mime_scanner *scanner, const unsigned char *bytes, size_t count)
{
	begin_body(scanner);
	while (count > 0 && !has_stopped(scanner)) {
		const size_t taken = take_line(scanner, bytes, count);

		bytes += taken;
		count -= taken;
	}
}

int mime_scanner_end(struct mime_scanner *scanner)
{
	begin_body(scanner);
	if (scanner->ends_with_cr)
		stop(scanner, MIME_LINE_ENDS);
	/* The last line may have no end. */
	if (!has_stopped(scanner) && scanner->offset > scanner->at_line)
		end_line(scanner);
	if (scanner->part > 0 && scanner->place == IN_HEADER)
		stop(scanner, MIME_HEADER);
	if (scanner->opened > 0)
		stop(scanner, MIME_UNFINISHED);
	scanner->parts[0].end = scanner->offset;
	return scanner->no_memory ? -1 : (int)scanner->reason;
}

const struct mime_part *mime_scanner_parts(const struct mime_scanner *scanner, size_t *count_r)
{
	*count_r = scanner->count;
	return scanner->parts;
}
