/* message_plan.c - which files are taken out of a message, and what they contain; see message.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "milter/message_state.h"
#include "milter/mime/decoder.h"
#include "milter/mime/encoded_words.h"
#include "milter/mime/references.h"

#define PIECE 32768

/* -- what a part contains -- */

/* 1: write said so; 0; -1: it cannot be read or decoded. */
static int give_content(const struct message *message, const struct mime_part *part,
			int (*write)(void *context, const unsigned char *bytes, size_t count),
			void *context)
{
	unsigned char piece[PIECE], decoded[PIECE + 4];
	struct mime_decoder decoder;
	uint64_t at = part->body;

	mime_decoder_begin(&decoder, part->content.encoding);
	while (at < part->end) {
		const size_t count = part->end - at < PIECE ? (size_t)(part->end - at) : PIECE;
		size_t more;
		int status;

		if (spool_read(&message->spool, at, piece, count) < 0 ||
		    mime_decode(&decoder, piece, count, decoded, &more) < 0)
			return -1;
		status = write(context, decoded, more);
		if (status != 0)
			return status;
		at += count;
	}
	return mime_decoder_end(&decoder);
}

int message_content(const struct message *message, size_t file,
		    int (*write)(void *context, const unsigned char *bytes, size_t count),
		    void *context)
{
	return give_content(message, &message->parts[message->files[file].part], write, context);
}

static int count_bytes(void *context, const unsigned char *bytes, size_t count)
{
	(void)bytes;
	*(uint64_t *)context += count;
	return 0;
}

/* -- what its texts say -- */

/* What is found in the texts of a message. */
struct reading {
	const struct message *message;
	char *is_referred; /* for each part */
	int has_pgp;
	struct mime_references references;
	size_t matched; /* characters of the armour */
};

static void refer(void *context, const char *id)
{
	struct reading *reading = context;

	for (size_t i = 0; i < reading->message->part_count; i++) {
		const char *own = reading->message->parts[i].content.id;

		if (own[0] != '\0' && (id[0] == '\0' || strcmp(own, id) == 0))
			reading->is_referred[i] = 1;
	}
}

static int read_text(void *context, const unsigned char *bytes, size_t count)
{
	static const char armour[] = MIME_PGP_ARMOUR;
	struct reading *reading = context;

	for (size_t i = 0; i < count && !reading->has_pgp; i++) {
		const char c = (char)bytes[i];

		if (c == armour[reading->matched])
			reading->matched++;
		else if (c != '-' || reading->matched != 5)
			reading->matched = c == '-';
		reading->has_pgp = reading->matched == strlen(armour);
	}
	return 0;
}

static int read_page(void *context, const unsigned char *bytes, size_t count)
{
	struct reading *reading = context;

	mime_references_text(&reading->references, bytes, count);
	return read_text(context, bytes, count);
}

/* Whether a page is in a charset of which ASCII is no part. */
static int is_wide(const struct mime_part *part)
{
	return part->type != NULL &&
	       (strcasestr(part->type, "utf-16") != NULL ||
		strcasestr(part->type, "utf-32") != NULL ||
		strcasestr(part->type, "ucs-") != NULL || strcasestr(part->type, "utf-7") != NULL);
}

/* Reads the texts that people see. */
static void read_texts(struct reading *reading)
{
	const struct message *message = reading->message;

	reading->references.found = refer;
	reading->references.context = reading;
	for (size_t i = 0; i < message->part_count; i++) {
		const struct mime_part *part = &message->parts[i];
		const int is_page = strcmp(part->content.type, "text/html") == 0;

		reading->matched = 0;
		if (!is_page && (part->content.has_type ? !mime_is(&part->content, "text")
							: mime_has_parts(&part->content)))
			continue;
		if (part->content.disposition == MIME_ATTACHMENT && !is_page)
			continue;
		if (give_content(message, part, is_page ? read_page : read_text, reading) < 0 ||
		    (is_page && is_wide(part)))
			refer(reading, "");
		if (is_page)
			mime_references_end(&reading->references);
	}
}

/* -- the plan -- */

static const char *type_of(const struct mime_part *part)
{
	return part->content.type[0] == '\0'
		       ? part->content.has_type ? "application/octet-stream" : "text/plain"
		       : part->content.type;
}

struct heading {
	char text[2048];
	size_t used;
};

static int keep_heading(void *context, const unsigned char *bytes, size_t count)
{
	struct heading *heading = context;
	const size_t room = sizeof(heading->text) - 1 - heading->used;

	if (count > room)
		count = room;
	memcpy(heading->text + heading->used, bytes, count);
	heading->used += count;
	return heading->used == sizeof(heading->text) - 1;
}

/* The subject of a message within the message, as the name of a file. */
static void subject_of(const struct message *message, const struct mime_part *part,
		       char name_r[MIME_FILE_NAME_MAX + 1])
{
	struct heading heading = { .used = 0 };
	char *line, *end, subject[MIME_FILE_NAME_MAX * 2];

	(void)give_content(message, part, keep_heading, &heading);
	heading.text[heading.used] = '\0';
	end = strstr(heading.text, "\r\n\r\n");
	if (end != NULL)
		*end = '\0';
	line = strncasecmp(heading.text, "Subject:", 8) == 0
		       ? heading.text
		       : strcasestr(heading.text, "\r\nSubject:");
	if (line == NULL)
		return;
	line = strchr(line, ':') + 1;
	for (end = line; (end = strstr(end, "\r\n")) != NULL && (end[2] == ' ' || end[2] == '\t');)
		end += 2;
	if (end != NULL)
		*end = '\0';
	mime_decode_words(line, subject, sizeof(subject));
	mime_file_name_of(subject, "eml", name_r);
}

static void name_of(const struct message *message, const struct mime_part *part,
		    char name_r[MIME_FILE_NAME_MAX + 1])
{
	static const struct {
		const char *type, *extension;
	} rows[] = { { "application/pdf", "pdf" }, { "application/zip", "zip" },
		     { "text/plain", "txt" },      { "text/html", "html" },
		     { "text/csv", "csv" },        { "image/png", "png" },
		     { "image/jpeg", "jpg" },      { "image/gif", "gif" },
		     { "image/tiff", "tif" },      { "video/mp4", "mp4" },
		     { "audio/mpeg", "mp3" },      { "message/rfc822", "eml" } };
	const int is_mail = strcmp(part->content.type, "message/rfc822") == 0;
	const char *extension = "bin";
	char name[MIME_FILE_NAME_MAX + 1];

	mime_file_name(part->disposition, part->type, name);
	name_r[0] = '\0';
	if (is_mail && name[0] != '\0')
		mime_file_name_of(name, "eml", name_r);
	else if (is_mail)
		subject_of(message, part, name_r);
	else
		memcpy(name_r, name, sizeof(name));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(type_of(part), rows[i].type) == 0)
			extension = rows[i].extension;
	}
	if (name_r[0] == '\0')
		snprintf(name_r, MIME_FILE_NAME_MAX + 1, is_mail ? "message.%s" : "attachment.%s",
			 extension);
}

/* Parts that are files by their place and type. How many. */
static size_t find_candidates(const struct message *message, const struct message_limits *limits,
			      struct mime_candidate *candidates)
{
	char name[MIME_FILE_NAME_MAX + 1];
	size_t count = 0;

	for (size_t i = 0; i < message->part_count; i++) {
		const struct mime_part *part = &message->parts[i];

		mime_file_name(part->disposition, part->type, name);
		if (!mime_is_candidate(message->parts, i, name) ||
		    (limits->type_stays != NULL &&
		     limits->type_stays(limits->context, type_of(part))))
			continue;
		candidates[count++] =
			(struct mime_candidate){ .part = i, .size = part->end - part->body };
	}
	return count;
}

/* Leaves those that can be taken out, with their sizes. */
static size_t measure(const struct message *message, const struct reading *reading,
		      struct mime_candidate *candidates, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct mime_candidate candidate = candidates[i];

		candidate.size = 0;
		if (!reading->is_referred[candidate.part] &&
		    give_content(message, &message->parts[candidate.part], count_bytes,
				 &candidate.size) == 0)
			candidates[kept++] = candidate;
	}
	return kept;
}

static int keep_plan(struct message *message, const struct mime_candidate *candidates, size_t count,
		     size_t taken, struct pl_error *err)
{
	message->files = calloc(taken, sizeof(*message->files));
	message->boundaries = calloc(taken, sizeof(*message->boundaries));
	if (message->files == NULL || message->boundaries == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const struct mime_part *part = &message->parts[candidates[i].part];
		struct message_file *file = &message->files[message->file_count];

		if (!candidates[i].is_taken)
			continue;
		file->part = candidates[i].part;
		file->type = type_of(part);
		file->size = candidates[i].size;
		name_of(message, part, file->name);
		if (mime_link_boundary(message->boundaries[message->file_count]) < 0)
			return pl_error_set(err, PL_ERR_RETRY, "there are no random bits");
		message->file_count++;
	}
	return 1;
}

static int plan(struct message *message, const struct message_limits *limits, const char **reason_r,
		struct pl_error *err)
{
	struct mime_candidate candidates[MIME_PARTS_MAX];
	char is_referred[MIME_PARTS_MAX] = { 0 };
	struct reading reading = { .message = message, .is_referred = is_referred };
	size_t count = find_candidates(message, limits, candidates), taken;
	const size_t might = mime_choose(candidates, count, &limits->sizes);

	/* A file is never larger than what it is encoded to. */
	if (might == 0)
		return 0;
	read_texts(&reading);
	if (reading.has_pgp) {
		*reason_r = mime_reason_name(MIME_PGP);
		return 0;
	}
	count = measure(message, &reading, candidates, count);
	taken = mime_choose(candidates, count, &limits->sizes);
	return taken == 0 ? 0 : keep_plan(message, candidates, count, taken, err);
}

int message_plan(struct message *message, const struct message_limits *limits,
		 const char **reason_r, struct pl_error *err)
{
	const uint64_t least = limits->sizes.threshold < limits->sizes.sum ? limits->sizes.threshold
									   : limits->sizes.sum;
	int reason;

	*reason_r = "";
	if (message->spool.size < least)
		return 0;
	if (message->stays) {
		*reason_r = "fields";
		return 0;
	}
	message_scan_memory(message);
	reason = mime_scanner_end(message->scanner);
	if (reason < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	*reason_r = mime_reason_name((enum mime_reason)reason);
	if (reason != MIME_NO_REASON)
		return 0;
	message->parts = mime_scanner_parts(message->scanner, &message->part_count);
	return plan(message, limits, reason_r, err);
}

const struct message_file *message_files(const struct message *message, size_t *count_r)
{
	*count_r = message->file_count;
	return message->files;
}
