/* sendmail.h - hands a mail to the sendmail command, or a text message to sms_command, without
 * waiting for it. */
#ifndef POSTLATCH_SENDER_SENDMAIL_H
#define POSTLATCH_SENDER_SENDMAIL_H

#include <stddef.h>

#include "sender/process.h"

#define SENDMAIL_SECONDS 60 /* it only writes to a queue */
#define SMS_SECONDS 10

struct mail {
	const char *from, *to; /* addresses */
	const char *text;      /* lines that end with LF */
	size_t len;
};

/* Starts the command. 0, or -1. */
int sendmail_start(const char *command, const struct mail *mail, struct process *process_r,
		   struct pl_error *err);
/* The same for the operator's sms_command (policy.conf(5)): its words are separated by spaces, to
 * is added as the last one, and the text is its standard input. */
int sms_start(const char *command, const struct mail *sms, struct process *process_r,
	      struct pl_error *err);

#endif
