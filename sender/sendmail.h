/* sendmail.h - hands a mail to the sendmail command, or a text message to sms_command, without
 * waiting for it. */
#ifndef POSTLATCH_SENDER_SENDMAIL_H
#define POSTLATCH_SENDER_SENDMAIL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/base/error.h"

#define SENDMAIL_MS (60 * 1000) /* it only writes to a queue */

#define SMS_MS (10 * 1000)

/* A command that runs. */
struct sendmail {
	int is_sms;
	pid_t pid;
	int fd; /* can be read when it has ended, for poll(2) */
	int64_t deadline_ms;
};

struct mail {
	const char *from, *to; /* addresses */
	const char *text;      /* lines that end with LF */
	size_t len;
};

/* Starts the command. It ends with the process that has started it. 0, or -1. */
int sendmail_start(const char *command, const struct mail *mail, struct sendmail *sendmail_r,
		   struct pl_error *err);
/* The same for the operator's sms_command (policy.conf(5)): its words are separated by spaces, to
 * is added as the last one, and the text is its standard input. */
int sms_start(const char *command, const struct mail *sms, struct sendmail *sendmail_r,
	      struct pl_error *err);
/* 1 when it has taken the mail; 0 while it runs; -1 when it has not taken it, or has not ended
 * in its time, with PL_ERR_DATA when sms_command will never take it. With 1 and -1 it is over. */
int sendmail_result(struct sendmail *sendmail, struct pl_error *err);
/* Ends it, whatever it does. */
void sendmail_kill(struct sendmail *sendmail);

#endif
