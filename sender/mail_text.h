/* mail_text.h - writes mails (RFC 5322) whose words are in the languages of members. */
#ifndef POSTLATCH_SENDER_MAIL_TEXT_H
#define POSTLATCH_SENDER_MAIL_TEXT_H

#include <stdio.h>

#include "policy/outbox/outbox.h"
#include "policy/settings/policy.h"

enum mail_language { MAIL_ENGLISH, MAIL_KOREAN, MAIL_LANGUAGES };

/* A mail that is put into words, for the table of a kind of message to fill. */
struct mail_words {
	const struct pl_policy *policy;
	const struct pl_message *message;
	const char *to;       /* an address that was checked */
	const char *language; /* of the reader, "en" or "ko"; otherwise it is in all of them */
	const void *context;
	/* The subject, and the text, which is written to out, in one language. */
	const char *(*subject)(const struct mail_words *words, enum mail_language language);
	void (*put_text)(FILE *out, const struct mail_words *words, enum mail_language language);
};

/* The mail, whose lines end with LF as sendmail takes them; the caller frees it. NULL: there is no
 * memory. */
char *mail_write(const struct mail_words *words, size_t *len_r);
/* When the message was made, as format of strftime(3) has it. */
void mail_put_time(FILE *out, const struct mail_words *words, const char *format);

#endif
