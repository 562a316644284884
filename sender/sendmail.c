/* sendmail.c - see sendmail.h.
 *
 * The command reads the mail from memory that has a file descriptor, so that nobody waits for
 * somebody to read a pipe. It is killed when the sender is: what goes on without it would be
 * sent again. With postdrop, which waits for the end of what sendmail writes, Postfix then has no
 * mail.
 */
#include "sender/sendmail.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "policy/base/monotonic.h"

#define NOT_STARTED 127 /* as shells say it */

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

#define SMS_WORDS 32 /* of pl_option_command() */

/* In the new process. In a group of its own, so that what it starts can be ended with it. */
static void become(char *const *args, char *const *environment, int input, pid_t parent)
{
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
	    dup2(input, STDIN_FILENO) == STDIN_FILENO)
		execve(args[0], args, environment);
	_exit(NOT_STARTED);
}

static int start(char *const *args, char *const *environment, const struct mail *mail,
		 struct sendmail *sendmail_r, struct pl_error *err)
{
	const pid_t parent = getpid();
	const int input = open_text(mail);

	if (input < 0)
		return pl_error_set(err, PL_ERR_RETRY, "no memory for a mail: %s", strerror(errno));
	sendmail_r->pid = fork();
	if (sendmail_r->pid == 0)
		become(args, environment, input, parent);
	close(input);
	if (sendmail_r->pid < 0)
		return pl_error_set(err, PL_ERR_RETRY, "%s cannot be started: %s", args[0],
				    strerror(errno));
	setpgid(sendmail_r->pid, sendmail_r->pid);
	sendmail_r->deadline_ms = pl_monotonic_ms() + (sendmail_r->is_sms ? SMS_MS : SENDMAIL_MS);
	sendmail_r->fd = pidfd_open(sendmail_r->pid, 0);
	if (sendmail_r->fd >= 0)
		return 0;
	pl_error_set(err, PL_ERR_RETRY, "no descriptor for a process: %s", strerror(errno));
	sendmail_kill(sendmail_r);
	return -1;
}

int sendmail_start(const char *command, const struct mail *mail, struct sendmail *sendmail_r,
		   struct pl_error *err)
{
	char *const args[] = { (char *)command, (char *)"-i",     (char *)"-f", (char *)mail->from,
			       (char *)"--",    (char *)mail->to, NULL };

	sendmail_r->is_sms = 0;
	return start(args, environ, mail, sendmail_r, err);
}

int sms_start(const char *command, const struct mail *sms, struct sendmail *sendmail_r,
	      struct pl_error *err)
{
	static char *const environment[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"LANG=C.UTF-8", (char *)"HOME=/nonexistent", NULL
	};
	char text[4096], *args[SMS_WORDS + 2], *rest = text;
	size_t count = 0;

	sendmail_r->is_sms = 1;
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
	return start(args, environment, sms, sendmail_r, err);
}

/* How it has ended; 0, or -1. */
static int read_status(const struct sendmail *sendmail, int status, struct pl_error *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED)
		return pl_error_set(err, PL_ERR_RETRY, "it cannot be started");
	if (WIFEXITED(status))
		return pl_error_set(err,
				    sendmail->is_sms && WEXITSTATUS(status) != EX_TEMPFAIL
					    ? PL_ERR_DATA
					    : PL_ERR_RETRY,
				    "it ended with status %d", WEXITSTATUS(status));
	return pl_error_set(err, PL_ERR_RETRY, "it was ended by signal %d", WTERMSIG(status));
}

static void forget(struct sendmail *sendmail)
{
	if (sendmail->fd >= 0)
		close(sendmail->fd);
	sendmail->fd = -1;
	sendmail->pid = -1;
}

int sendmail_result(struct sendmail *sendmail, struct pl_error *err)
{
	int status = 0;
	const pid_t ended = waitpid(sendmail->pid, &status, WNOHANG);

	if (ended == sendmail->pid) {
		forget(sendmail);
		return read_status(sendmail, status, err) < 0 ? -1 : 1;
	}
	if (ended == 0 && pl_monotonic_ms() < sendmail->deadline_ms)
		return 0;
	sendmail_kill(sendmail);
	return pl_error_set(err, PL_ERR_RETRY, "it did not end within %d seconds",
			    (sendmail->is_sms ? SMS_MS : SENDMAIL_MS) / 1000);
}

void sendmail_kill(struct sendmail *sendmail)
{
	kill(-sendmail->pid, SIGKILL);
	while (waitpid(sendmail->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	forget(sendmail);
}
