/* sendmail.c - see sendmail.h.
 *
 * The command reads the mail from memory that has a file descriptor, so that nobody waits for
 * somebody to read a pipe. It is killed when the sender is: what goes on without it would be
 * sent again. With postdrop, which waits for the end of what sendmail writes, Postfix then has no
 * mail.
 */
#include "sender/sendmail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SMS_WORDS 32 /* of pl_option_command() */

/* A descriptor from which the text can be read, or -1. */
static int open_text(const struct mail *mail)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < mail->len) {
		ssize_t count = write(fd, mail->text + done, mail->len - done);

		if (count > 0)
			done += (size_t)count;
		else if (count == 0 || errno != EINTR)
			break;
	}
	if (fd >= 0 && (done < mail->len || lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* What a process is to run. */
struct command {
	char *const *args;
	char *const *environment;
	int input;
};

static int run_command(void *context)
{
	const struct command *command = context;

	if (dup2(command->input, STDIN_FILENO) == STDIN_FILENO)
		execve(command->args[0], command->args, command->environment);
	return PROCESS_NOT_STARTED;
}

static int start(struct command *command, const struct mail *mail, struct process *process,
		 struct pl_error *err)
{
	int ret;

	command->input = open_text(mail);
	if (command->input < 0)
		return pl_error_set(err, PL_ERR_RETRY, "no memory for a mail: %s", strerror(errno));
	ret = process_start(process, run_command, command, err);
	close(command->input);
	return ret;
}

int sendmail_start(const char *command, const struct mail *mail, struct process *process_r,
		   struct pl_error *err)
{
	char *const args[] = { (char *)command, (char *)"-i",     (char *)"-f", (char *)mail->from,
			       (char *)"--",    (char *)mail->to, NULL };
	struct command what = { .args = args, .environment = environ };

	*process_r = (struct process){ .name = "sendmail", .seconds = SENDMAIL_SECONDS };
	return start(&what, mail, process_r, err);
}

int sms_start(const char *command, const struct mail *sms, struct process *process_r,
	      struct pl_error *err)
{
	static char *const environment[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"LANG=C.UTF-8", (char *)"HOME=/nonexistent", NULL
	};
	char text[4096], *args[SMS_WORDS + 2], *rest = text;
	struct command what = { .args = args, .environment = environment };
	size_t count = 0;

	*process_r =
		(struct process){ .name = "sms_command", .seconds = SMS_SECONDS, .may_refuse = 1 };
	snprintf(text, sizeof(text), "%s", command);
	for (char *word; count < SMS_WORDS && (word = strsep(&rest, " ")) != NULL;) {
		if (word[0] != '\0')
			args[count++] = word;
	}
	if (count == 0)
		return pl_error_set(err, PL_ERR_RETRY,
				    "there is no sms_command in the policy file");
	args[count] = (char *)sms->to;
	args[count + 1] = NULL;
	return start(&what, sms, process_r, err);
}
