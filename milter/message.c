/* message.c - see message.h.
 *
 * A body that stays in memory is not looked at while it comes: most are small, and have nothing
 * to be taken out.
 */
#include "milter/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "milter/message_state.h"
#include "milter/mime/encoded_words.h"

struct message *message_new(void)
{
	struct message *message = calloc(1, sizeof(*message));

	if (message == NULL)
		return NULL;
	spool_begin(&message->spool);
	message->scanner = mime_scanner_new();
	if (message->scanner == NULL)
		message_free(&message);
	return message;
}

static void forget_build(struct message *message)
{
	for (size_t i = 0; message->replacements != NULL && i < message->file_count; i++)
		free((char *)message->replacements[i].text);
	free(message->replacements);
	free(message->new_fields);
	free(message->changes);
	message->replacements = NULL;
	message->new_fields = NULL;
	message->changes = NULL;
	message->new_field_count = message->change_count = 0;
}

void message_free(struct message **message_p)
{
	struct message *message = *message_p;

	*message_p = NULL;
	if (message == NULL)
		return;
	forget_build(message);
	for (size_t i = 0; i < message->field_count; i++) {
		free(message->fields[i].name);
		free(message->fields[i].value);
	}
	free(message->files);
	free(message->boundaries);
	mime_scanner_free(&message->scanner);
	spool_end(&message->spool);
	free(message);
}

/* -- what comes -- */

static int keep_field(struct message *message, const char *name, const char *value,
		      struct pl_error *err)
{
	struct message_field *field = &message->fields[message->field_count];

	if (message->field_count == MESSAGE_FIELDS_MAX) {
		message->stays = 1;
		return 0;
	}
	field->number = 1;
	for (size_t i = 0; i < message->field_count; i++)
		field->number += strcasecmp(message->fields[i].name, name) == 0;
	field->name = strdup(name);
	field->value = strdup(value);
	message->field_count++;
	return field->name == NULL || field->value == NULL
		       ? pl_error_set(err, PL_ERR_RETRY, "out of memory")
		       : 0;
}

int message_field(struct message *message, const char *name, const char *value,
		  struct pl_error *err)
{
	const int is_content = strncasecmp(name, "Content-", strlen("Content-")) == 0;

	if (message->stays)
		return 0;
	if (strcasecmp(name, "MIME-Version") == 0)
		message->has_version = 1;
	else if (strcasecmp(name, "Subject") == 0)
		mime_decode_words(value, message->subject, sizeof(message->subject));
	else if (strcasecmp(name, "Content-Language") == 0)
		snprintf(message->language, sizeof(message->language), "%s",
			 value + strspn(value, " \t\r\n"));
	if (!is_content && strcasecmp(name, "DKIM-Signature") != 0)
		return 0;
	mime_scanner_field(message->scanner, name, value);
	return is_content ? keep_field(message, name, value, err) : 0;
}

static void scan(struct message *message, const unsigned char *bytes, size_t count)
{
	mime_scanner_body(message->scanner, bytes, count);
	message->scanned += count;
}

void message_scan_memory(struct message *message)
{
	if (message->scanned < message->spool.size && message->spool.memory != NULL)
		scan(message, message->spool.memory + message->scanned,
		     (size_t)(message->spool.size - message->scanned));
}

int message_body(struct message *message, const unsigned char *bytes, size_t count,
		 struct pl_error *err)
{
	const int is_large = message->spool.size + count > SPOOL_MEMORY;

	if (is_large)
		message_scan_memory(message);
	if (spool_add(&message->spool, bytes, count, err) < 0)
		return -1;
	if (is_large)
		scan(message, bytes, count);
	return 0;
}

uint64_t message_size(const struct message *message)
{
	return message->spool.size;
}

int message_stays(const struct message *message)
{
	return message->stays || mime_scanner_has_stopped(message->scanner);
}

const char *message_subject(const struct message *message)
{
	return message->subject;
}

/* -- the new message -- */

static int is_whole(const struct message *message)
{
	return message->file_count == 1 && message->files[0].part == 0;
}

/* A message that is only a file becomes another kind of message: of the fields about its content
 * only the type stays, which is a new one. */
static void change_header(struct message *message)
{
	int has_type = 0;

	mime_link_type(message->boundaries[0], message->type);
	for (size_t i = 0; i < message->field_count; i++) {
		const struct message_field *field = &message->fields[i];
		const int is_type = strcasecmp(field->name, "Content-Type") == 0;

		if (strcasecmp(field->name, "Content-Language") == 0)
			continue;
		has_type |= is_type;
		/* From the last one on, as the numbers change with those that go. */
		message->changes[message->change_count++] =
			(struct message_change){ field->name, field->number,
						 is_type ? message->type : NULL, 0 };
	}
	for (size_t i = 0; i < message->change_count / 2; i++) {
		const struct message_change other = message->changes[message->change_count - 1 - i];

		message->changes[message->change_count - 1 - i] = message->changes[i];
		message->changes[i] = other;
	}
	if (!has_type)
		message->changes[message->change_count++] =
			(struct message_change){ "Content-Type", 1, message->type, 1 };
	if (!message->has_version)
		message->changes[message->change_count++] =
			(struct message_change){ "MIME-Version", 1, "1.0", 1 };
	message->new_fields[0] = (struct mime_field){ "Content-Type", message->type };
	message->new_field_count = 1;
}

static void keep_header(struct message *message)
{
	for (size_t i = 0; i < message->field_count; i++)
		message->new_fields[i] =
			(struct mime_field){ message->fields[i].name, message->fields[i].value };
	message->new_field_count = message->field_count;
}

static int write_parts(struct message *message, const char *url, const char *last_day)
{
	struct pl_linked_file *linked = calloc(message->file_count, sizeof(*linked));
	const struct pl_link_text link = { message->language, url, last_day, linked,
					   message->file_count };
	int ret = linked == NULL ? -1 : 0;

	for (size_t i = 0; ret == 0 && i < message->file_count; i++)
		linked[i] =
			(struct pl_linked_file){ message->files[i].name, message->files[i].size };
	for (size_t i = 0; ret == 0 && i < message->file_count; i++) {
		struct mime_replacement *replacement = &message->replacements[i];

		replacement->part = message->files[i].part;
		replacement->text = mime_link_part(&link, i, is_whole(message),
						   message->boundaries[i], &replacement->count);
		ret = replacement->text == NULL ? -1 : 0;
	}
	free(linked);
	return ret;
}

static int read_spool(void *context, uint64_t offset, unsigned char *bytes_r, size_t count)
{
	return spool_read(context, offset, bytes_r, count);
}

static struct mime_edit edit_of(const struct message *message)
{
	return (struct mime_edit){
		.parts = message->parts,
		.part_count = message->part_count,
		.replacements = message->replacements,
		.replacement_count = message->file_count,
		.fields = message->new_fields,
		.field_count = message->new_field_count,
		.read = read_spool,
		.read_context = (void *)&message->spool,
	};
}

int message_build(struct message *message, const char *url, const char *last_day,
		  struct pl_error *err)
{
	struct mime_edit edit;
	int holds;

	forget_build(message);
	message->replacements = calloc(message->file_count, sizeof(*message->replacements));
	message->new_fields = calloc(MESSAGE_FIELDS_MAX, sizeof(*message->new_fields));
	message->changes = calloc(MESSAGE_FIELDS_MAX + 2, sizeof(*message->changes));
	if (message->replacements == NULL || message->new_fields == NULL ||
	    message->changes == NULL || write_parts(message, url, last_day) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	if (is_whole(message))
		change_header(message);
	else
		keep_header(message);
	edit = edit_of(message);
	holds = mime_edit_holds(&edit);
	return holds < 0 ? pl_error_set(err, PL_ERR_RETRY, "the message cannot be read again")
			 : holds;
}

const struct message_change *message_changes(const struct message *message, size_t *count_r)
{
	*count_r = message->change_count;
	return message->changes;
}

int message_write(const struct message *message,
		  int (*write)(void *context, const unsigned char *bytes, size_t count),
		  void *context)
{
	const struct mime_edit edit = edit_of(message);

	return mime_edit_write(&edit, write, context);
}
