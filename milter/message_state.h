/* message_state.h - what message.c and message_plan.c share of a message. */
#ifndef POSTLATCH_MESSAGE_STATE_H
#define POSTLATCH_MESSAGE_STATE_H

#include "milter/message.h"
#include "milter/mime/edit.h"
#include "milter/mime/link_part.h"
#include "milter/spool.h"

#define MESSAGE_FIELDS_MAX 32 /* Content- fields of the header; with more the message stays */

struct message_field {
	char *name, *value;
	unsigned int number; /* among those of its name */
};

struct message {
	struct mime_scanner *scanner;
	struct spool spool;
	uint64_t scanned; /* bytes of the body that the scanner has seen */
	int stays;        /* it is known that the message stays, without a look at its parts */
	struct message_field fields[MESSAGE_FIELDS_MAX];
	size_t field_count;
	int has_version; /* MIME-Version */
	char subject[MESSAGE_SUBJECT];
	char language[16];
	/* The plan. */
	const struct mime_part *parts;
	size_t part_count;
	struct message_file *files;
	char (*boundaries)[MIME_LINK_BOUNDARY];
	size_t file_count;
	/* What was built. */
	struct mime_replacement *replacements;
	struct mime_field *new_fields;
	size_t new_field_count;
	struct message_change *changes;
	size_t change_count;
	char type[MIME_LINK_TYPE];
};

/* Has the scanner see what is in memory only. */
void message_scan_memory(struct message *message);

#endif
