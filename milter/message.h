/* message.h - a message of which large attachments are taken out; without libmilter and without a
 * store of files.
 *
 * The caller gives the fields of the header and the body as they come, asks what is to be taken
 * out, stores it, and has the new message built. What is not replaced stays as it is, byte for
 * byte; the result is read again, and a message of which it is not what it should be stays as it
 * came.
 */
#ifndef POSTLATCH_MESSAGE_H
#define POSTLATCH_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "milter/mime/candidates.h"
#include "milter/mime/file_name.h"
#include "policy/base/error.h"

#define MESSAGE_SUBJECT 256

struct message;

/* NULL: out of memory. */
struct message *message_new(void);
void message_free(struct message **message);

/* One field of the header; value may be folded. 0, or -1: out of memory. */
int message_field(struct message *message, const char *name, const char *value,
		  struct pl_error *err);
/* The next bytes of the body. 0, or -1. */
int message_body(struct message *message, const unsigned char *bytes, size_t count,
		 struct pl_error *err);
uint64_t message_size(const struct message *message);
/* Whether it is known already that the message stays as it is. */
int message_stays(const struct message *message);
/* The decoded subject, cut; "" when there is none. Valid as long as the message. */
const char *message_subject(const struct message *message);

struct message_limits {
	struct mime_limits sizes;
	/* Whether parts of a type stay in the message. NULL: none do. */
	int (*type_stays)(const void *context, const char *type);
	const void *context;
};

struct message_file {
	size_t part;
	char name[MIME_FILE_NAME_MAX + 1];
	const char *type; /* "application/octet-stream" when it is not said */
	uint64_t size;
};

/* Once the body is whole: 1 files are to be taken out; 0 the message stays, and reason_r is a
 * word for logs, "" when it has nothing that is large; -1. */
int message_plan(struct message *message, const struct message_limits *limits,
		 const char **reason_r, struct pl_error *err);
/* What is to be taken out, in the order of the message. */
const struct message_file *message_files(const struct message *message, size_t *count_r);
/* Gives the content of a file in pieces to write, until it returns something else than 0, which is
 * returned. -1: it cannot be read. */
int message_content(const struct message *message, size_t file,
		    int (*write)(void *context, const unsigned char *bytes, size_t count),
		    void *context);

/* Builds the message with links to url, and reads it again: 1; 0: it would have other parts than
 * it is to have, and stays as it is; -1. May be called again with another url of the same length,
 * for which the answer is the same. */
int message_build(struct message *message, const char *url, const char *last_day,
		  struct pl_error *err);

/* A field of the header that changes: that of the name with the number, from 1 on. value NULL: it
 * goes; is_new: it is added. */
struct message_change {
	const char *name;
	unsigned int number;
	const char *value;
	int is_new;
};

/* After message_build(): the changes of the header, and the new body in pieces, as
 * message_content(). */
const struct message_change *message_changes(const struct message *message, size_t *count_r);
int message_write(const struct message *message,
		  int (*write)(void *context, const unsigned char *bytes, size_t count),
		  void *context);

#endif
