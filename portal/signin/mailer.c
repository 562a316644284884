/* mailer.c - see mailer.h.
 *
 * A mail goes to sendmail in a thread of its own, so that a slow one holds up no other. The
 * thread knows nothing of the database: it leaves its mail in the list of those that have ended,
 * for mailer_work().
 */
#include "portal/signin/mailer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/log.h"
#include "policy/account/notice.h"
#include "portal/signin/notice_mail.h"

#define MAILS_MAX 32            /* under way at once */
#define SENDMAIL_MS (60 * 1000) /* it only writes to a queue */
#define WAIT_MS 50

struct mail {
	int64_t notice_id;
	int tries;
	int failed;
	char *sendmail, *from, *to, *text;
	size_t len;
	struct mail *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mail *ended; /* under lock, as under_way is */
static int under_way;      /* mails with a thread */

static void free_mail(struct mail *mail)
{
	if (mail == NULL)
		return;
	free(mail->sendmail);
	free(mail->from);
	free(mail->to);
	free(mail->text);
	free(mail);
}

static struct mail *make_mail(const struct pl_policy *policy, const struct pl_notice *notice)
{
	struct mail *mail = calloc(1, sizeof(*mail));
	char address[PL_ADDRESS_MAX + 1];

	if (mail == NULL)
		return NULL;
	mail->notice_id = notice->id;
	mail->tries = notice->tries;
	mail->text = notice_mail(policy, notice, &mail->len);
	mail->sendmail = strdup(policy->sendmail);
	mail->from = strdup(policy->mail_from);
	mail->to = strdup(pl_address_format(&notice->address, address));
	if (mail->text != NULL && mail->sendmail != NULL && mail->from != NULL && mail->to != NULL)
		return mail;
	free_mail(mail);
	return NULL;
}

/* Starts sendmail with input as its standard input. 0, or what went wrong. */
static int start(const struct mail *mail, int input, pid_t *pid_r)
{
	char ignore_dots[] = "-i", sender[] = "-f", end[] = "--";
	char *args[] = { mail->sendmail, ignore_dots, sender, mail->from, end, mail->to, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int ret;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	ret = posix_spawn(pid_r, mail->sendmail, &files, &attributes, args, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return ret;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, data, len);

		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0) {
			data += done;
			len -= (size_t)done;
		}
	}
	return 0;
}

/* Whether it ended well, and in time. */
static int wait_for(pid_t pid)
{
	struct pollfd process = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int status = -1;

	if (process.fd < 0 || poll(&process, 1, SENDMAIL_MS) != 1)
		kill(pid, SIGKILL);
	if (process.fd >= 0)
		close(process.fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status == 0;
}

/* 0, or -1. */
static int deliver(const struct mail *mail)
{
	int ends[2], ret;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	if (start(mail, ends[0], &pid) != 0) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	close(ends[0]);
	/* A notice is smaller than a pipe. */
	ret = write_all(ends[1], mail->text, mail->len);
	close(ends[1]);
	return wait_for(pid) && ret == 0 ? 0 : -1;
}

static void *run(void *context)
{
	struct mail *mail = context;

	mail->failed = deliver(mail) < 0;
	if (mail->failed)
		daemon_log(LOG_WARNING, "mail to %s: %s did not take it; it is tried again",
			   mail->to, mail->sendmail);
	pthread_mutex_lock(&lock);
	mail->next = ended;
	ended = mail;
	under_way--;
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int count_under_way(void)
{
	int count;

	pthread_mutex_lock(&lock);
	count = under_way;
	pthread_mutex_unlock(&lock);
	return count;
}

/* What has no thread is tried again when PL_NOTICE_HOLD is over. */
static void send_notice(const struct pl_policy *policy, const struct pl_notice *notice)
{
	struct mail *mail = make_mail(policy, notice);
	pthread_attr_t attributes;
	pthread_t thread;
	int ret = -1;

	if (mail != NULL) {
		pthread_mutex_lock(&lock);
		under_way++;
		pthread_mutex_unlock(&lock);
		pthread_attr_init(&attributes);
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
		ret = pthread_create(&thread, &attributes, run, mail);
		pthread_attr_destroy(&attributes);
	}
	if (ret == 0)
		return;
	if (mail != NULL) {
		pthread_mutex_lock(&lock);
		under_way--;
		pthread_mutex_unlock(&lock);
	}
	free_mail(mail);
	daemon_log(LOG_WARNING, "mail about %s: cannot be made now; it is tried again",
		   notice->what);
}

static struct mail *take_ended(void)
{
	struct mail *mail;

	pthread_mutex_lock(&lock);
	mail = ended;
	if (mail != NULL)
		ended = mail->next;
	pthread_mutex_unlock(&lock);
	return mail;
}

static void put_back(struct mail *mail)
{
	pthread_mutex_lock(&lock);
	mail->next = ended;
	ended = mail;
	pthread_mutex_unlock(&lock);
}

/* Those that were sent are removed, the others put off. 0, or -1: later. */
static int record_ended(const struct pl_work *work)
{
	struct mail *mail;

	while ((mail = take_ended()) != NULL) {
		int ret = mail->failed ? pl_notice_put_off(work, mail->notice_id, mail->tries)
				       : pl_notice_sent(work, mail->notice_id);

		if (ret < 0) {
			put_back(mail);
			return -1;
		}
		free_mail(mail);
	}
	return 0;
}

int mailer_work(const struct pl_work *work, const struct pl_policy *policy)
{
	struct pl_notice notice;
	int ret = record_ended(work);

	/* The others stay for the next time. */
	while (ret == 0 && policy->sendmail[0] != '\0' && count_under_way() < MAILS_MAX) {
		int taken = pl_notice_take(work, &notice);

		if (taken == 1)
			send_notice(policy, &notice);
		else
			return taken;
	}
	return ret;
}

int mailer_finish(const struct pl_work *work, const struct pl_policy *policy)
{
	(void)policy;
	for (int waited = 0; count_under_way() > 0 && waited < MAILER_FINISH_MS; waited += WAIT_MS)
		poll(NULL, 0, WAIT_MS);
	return record_ended(work);
}
