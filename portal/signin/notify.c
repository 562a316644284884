/* notify.c - see notify.h.
 *
 * The mail goes to sendmail in a thread of its own, so that no request waits for
 * a mail server; what cannot be sent is logged and forgotten.
 */
#include "portal/signin/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/log.h"
#include "policy/account/notice.h"

#define PENDING_MAX 64 /* mails under way */
#define WORD_BYTES 45 /* of text in one encoded word: 60 in base64, and RFC 2047 allows 75 in all */
#define LINE_BYTES 57 /* of text in one line of base64: 76 characters */

static const struct notice {
	const char *what;
	struct {
		const char *subject, *text;
	} in[LANGUAGES];
} notices[] = {
#define NOTICE(what, subject_en, text_en, subject_ko, text_ko) \
	{ what, { { subject_en, text_en }, { subject_ko, text_ko } } },
#define WORDS(when, address, device, advice, date)
#include "portal/signin/notify.def"
#undef NOTICE
#undef WORDS
};

static const struct {
	const char *when, *address, *device, *advice, *date;
} words[LANGUAGES] = {
#define NOTICE(what, subject_en, text_en, subject_ko, text_ko)
#define WORDS(when, address, device, advice, date) { when, address, device, advice, date },
#include "portal/signin/notify.def"
#undef NOTICE
#undef WORDS
};

struct mail {
	char *sendmail, *from, *to, *text;
	size_t len;
};

static int pending; /* atomic */

static void put_base64(FILE *out, const char *text, size_t len)
{
	unsigned char encoded[4 * ((LINE_BYTES + 2) / 3) + 1];

	EVP_EncodeBlock(encoded, (const unsigned char *)text, (int)len);
	fputs((const char *)encoded, out);
}

/* Bytes of text up to most, without cutting a character in two. */
static size_t whole_characters(const char *text, size_t most)
{
	size_t len = strlen(text);

	if (len <= most)
		return len;
	for (len = most; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
		continue;
	return len;
}

/* A header's text as encoded words (RFC 2047), so that no text can end the header. */
static void put_encoded(FILE *out, const char *text)
{
	for (const char *separator = ""; *text != '\0'; separator = "\n ") {
		size_t len = whole_characters(text, WORD_BYTES);

		if (len == 0)
			return;
		fprintf(out, "%s=?UTF-8?B?", separator);
		put_base64(out, text, len);
		fputs("?=", out);
		text += len;
	}
}

static void put_body(FILE *out, const char *text, size_t len)
{
	for (size_t at = 0; at < len; at += LINE_BYTES) {
		put_base64(out, text + at, len - at < LINE_BYTES ? len - at : LINE_BYTES);
		fputc('\n', out);
	}
}

/* Whether the mail is also in that language. */
static int is_in(const struct notify_origin *origin, unsigned int language)
{
	return origin->language == LANGUAGES || origin->language == (enum language)language;
}

static void put_text(FILE *out, const struct pl_policy *policy, const struct notify_origin *origin,
		     const char *sentence, unsigned int language)
{
	char date[128] = "";
	struct tm tm;

	if (localtime_r(&(time_t){ origin->at }, &tm) != NULL)
		strftime(date, sizeof(date), words[language].date, &tm);
	fprintf(out, "%s\n\n%s: %s\n", sentence, words[language].when, date);
	if (origin->ip[0] != '\0')
		fprintf(out, "%s: %s\n", words[language].address, origin->ip);
	if (origin->device[0] != '\0')
		fprintf(out, "%s: %s\n", words[language].device, origin->device);
	fprintf(out, "\n%s\n%s/account\n", words[language].advice, policy->portal_url);
}

static char *make_body(const struct pl_policy *policy, const struct notify_origin *origin,
		       const struct notice *notice, size_t *len_r)
{
	const char *separator = "";
	char *body = NULL;
	FILE *out = open_memstream(&body, len_r);

	if (out == NULL)
		return NULL;
	for (unsigned int language = 0; language < LANGUAGES; language++) {
		if (!is_in(origin, language))
			continue;
		fputs(separator, out);
		put_text(out, policy, origin, notice->in[language].text, language);
		separator = "\n";
	}
	if (fclose(out) == 0)
		return body;
	free(body);
	return NULL;
}

/* "Subject in English / the same in Korean". */
static void make_subject(const struct notify_origin *origin, const struct notice *notice,
			 char *subject, size_t size)
{
	const char *separator = "";
	size_t len = 0;

	for (unsigned int language = 0; language < LANGUAGES && len < size; language++) {
		if (!is_in(origin, language))
			continue;
		len += (size_t)snprintf(subject + len, size - len, "%s%s", separator,
					notice->in[language].subject);
		separator = " / ";
	}
}

static void put_headers(FILE *out, const struct pl_policy *policy, int64_t now, const char *address,
			const char *subject)
{
	char date[64] = "";
	struct tm tm;

	/* RFC 5322 names days and months in English, as the C locale does. */
	if (gmtime_r(&(time_t){ now }, &tm) != NULL)
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	fputs("From: ", out);
	put_encoded(out, policy->portal_name);
	fprintf(out, " <%s>\nTo: <%s>\nDate: %s\nSubject: ", policy->mail_from, address, date);
	put_encoded(out, subject);
	fputs("\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
	      "Content-Transfer-Encoding: base64\nAuto-Submitted: auto-generated\n\n",
	      out);
}

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

static struct mail *make_mail(const struct pl_policy *policy, const struct notify_origin *origin,
			      const char *address, const struct notice *notice)
{
	struct mail *mail = calloc(1, sizeof(*mail));
	size_t body_len = 0;
	char subject[512] = "";
	char *body = mail == NULL ? NULL : make_body(policy, origin, notice, &body_len);
	FILE *out = body == NULL ? NULL : open_memstream(&mail->text, &mail->len);

	if (out != NULL) {
		make_subject(origin, notice, subject, sizeof(subject));
		put_headers(out, policy, origin->at, address, subject);
		put_body(out, body, body_len);
		mail->sendmail = strdup(policy->sendmail);
		mail->from = strdup(policy->mail_from);
		mail->to = strdup(address);
	}
	free(body);
	if (out != NULL && fclose(out) == 0 && mail->sendmail != NULL && mail->from != NULL &&
	    mail->to != NULL)
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

/* 0, or -1. */
static int deliver(const struct mail *mail)
{
	int ends[2], ret, status = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	ret = start(mail, ends[0], &pid);
	close(ends[0]);
	if (ret == 0)
		ret = write_all(ends[1], mail->text, mail->len);
	else
		pid = -1;
	close(ends[1]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return ret == 0 && status == 0 ? 0 : -1;
}

static void *run(void *context)
{
	struct mail *mail = context;

	if (deliver(mail) < 0)
		daemon_log(LOG_WARNING, "mail to %s: %s did not take it", mail->to, mail->sendmail);
	free_mail(mail);
	__atomic_sub_fetch(&pending, 1, __ATOMIC_RELAXED);
	return NULL;
}

static const struct notice *find(const char *what)
{
	for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
		if (strcmp(notices[i].what, what) == 0)
			return &notices[i];
	}
	return NULL;
}

struct notify_origin notify_origin_of(const struct request *request)
{
	struct notify_origin origin = {
		.language = request_language(request),
		.at = request->work.now,
		.ip = request->ip_text,
	};

	request_device(request, origin.device, sizeof(origin.device));
	return origin;
}

void notify_member(const struct pl_policy *policy, struct notify_origin origin, const char *address,
		   const char *what)
{
	const struct notice *notice = find(what);
	struct mail *mail = NULL;
	pthread_attr_t attributes;
	pthread_t thread;
	int ret = -1;

	if (policy->sendmail[0] == '\0' || notice == NULL)
		return;
	if (__atomic_add_fetch(&pending, 1, __ATOMIC_RELAXED) <= PENDING_MAX)
		mail = make_mail(policy, &origin, address, notice);
	if (mail != NULL) {
		pthread_attr_init(&attributes);
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
		ret = pthread_create(&thread, &attributes, run, mail);
		pthread_attr_destroy(&attributes);
	}
	if (ret == 0)
		return;
	free_mail(mail);
	__atomic_sub_fetch(&pending, 1, __ATOMIC_RELAXED);
	daemon_log(LOG_WARNING, "mail to %s about %s: cannot be made now", address, what);
}

int notify_pending(const struct pl_work *work, const struct pl_policy *policy)
{
	struct pl_notice notice;
	char address[PL_ADDRESS_MAX + 1];
	int ret = 0;

	/* The others stay for the next time. */
	while (__atomic_load_n(&pending, __ATOMIC_RELAXED) < PENDING_MAX / 2 &&
	       (ret = pl_notice_take(work, &notice)) == 1) {
		const struct notify_origin origin = {
			.language = LANGUAGES,
			.at = notice.at,
			.ip = "",
		};

		notify_member(policy, origin, pl_address_format(&notice.address, address),
			      notice.what);
	}
	return ret < 0 ? -1 : 0;
}
