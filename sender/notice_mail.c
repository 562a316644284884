/* notice_mail.c - see notice_mail.h. */
#include "sender/notice_mail.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/base/utf8.h"
#include "policy/outbox/notice.h"

enum language { ENGLISH, KOREAN, LANGUAGES };

#define WORD_BYTES 45 /* of text in one encoded word: 60 in base64, and RFC 2047 allows 75 in all */
#define LINE_BYTES 57 /* of text in one line of base64: 76 characters */

static const struct sentence {
	const char *what;
	struct {
		const char *subject, *text;
	} in[LANGUAGES];
} sentences[] = {
#define NOTICE(what, subject_en, text_en, subject_ko, text_ko) \
	{ what, { { subject_en, text_en }, { subject_ko, text_ko } } },
#define WORDS(tag, when, address, device, reason, advice, date)
#define ENDS(day, uses, advice)
#include "sender/notices.def"
#undef NOTICE
#undef WORDS
#undef ENDS
};

static const struct {
	const char *tag, *when, *address, *device, *reason, *advice, *date;
} words[LANGUAGES] = {
#define NOTICE(what, subject_en, text_en, subject_ko, text_ko)
#define WORDS(tag, when, address, device, reason, advice, date) \
	{ tag, when, address, device, reason, advice, date },
#define ENDS(day, uses, advice)
#include "sender/notices.def"
#undef NOTICE
#undef WORDS
#undef ENDS
};

static const struct {
	const char *day, *uses, *advice;
} ends[LANGUAGES] = {
#define NOTICE(what, subject_en, text_en, subject_ko, text_ko)
#define WORDS(tag, when, address, device, reason, advice, date)
#define ENDS(day, uses, advice) { day, uses, advice },
#include "sender/notices.def"
#undef NOTICE
#undef WORDS
#undef ENDS
};

static void put_base64(FILE *out, const char *text, size_t len)
{
	unsigned char encoded[4 * ((LINE_BYTES + 2) / 3) + 1];

	EVP_EncodeBlock(encoded, (const unsigned char *)text, (int)len);
	fputs((const char *)encoded, out);
}

/* A header's text as encoded words (RFC 2047), so that no text can end the header. */
static void put_encoded(FILE *out, const char *text)
{
	for (const char *separator = ""; *text != '\0'; separator = "\n ") {
		size_t len = pl_utf8_fit(text, WORD_BYTES);

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

/* A notice that is put into words. */
struct notice {
	const struct pl_policy *policy;
	const struct pl_message *message;
	struct pl_notice_origin origin;
	const struct sentence *sentence;
};

/* Whether the mail is also in that language: in all of them where the member's is not known. */
static int is_in(const struct notice *notice, unsigned int language)
{
	int is_known = 0;

	for (unsigned int i = 0; i < LANGUAGES; i++)
		is_known |= strcmp(notice->origin.language, words[i].tag) == 0;
	return !is_known || strcmp(notice->origin.language, words[language].tag) == 0;
}

/* Nobody has done anything: what is going to happen is told in place of when it was done. */
static void put_end(FILE *out, const struct notice *notice, unsigned int language)
{
	const struct pl_notice_origin *origin = &notice->origin;

	fprintf(out, "%s\n\n%s: %s\n%s: %s\n\n%s\n%s/account/app-passwords\n",
		notice->sentence->in[language].text, ends[language].day, origin->day,
		ends[language].uses, origin->uses, ends[language].advice,
		notice->policy->portal_url);
}

static void put_text(FILE *out, const struct notice *notice, unsigned int language)
{
	const struct pl_notice_origin *origin = &notice->origin;
	char date[128] = "";
	struct tm tm;

	if (localtime_r(&(time_t){ notice->message->at }, &tm) != NULL)
		strftime(date, sizeof(date), words[language].date, &tm);
	fprintf(out, "%s\n\n%s: %s\n", notice->sentence->in[language].text, words[language].when,
		date);
	if (origin->ip[0] != '\0')
		fprintf(out, "%s: %s\n", words[language].address, origin->ip);
	if (origin->device[0] != '\0')
		fprintf(out, "%s: %s\n", words[language].device, origin->device);
	if (origin->reason[0] != '\0')
		fprintf(out, "%s: %s\n", words[language].reason, origin->reason);
	fprintf(out, "\n%s\n%s/account\n", words[language].advice, notice->policy->portal_url);
}

static char *make_body(const struct notice *notice, size_t *len_r)
{
	const char *separator = "";
	char *body = NULL;
	FILE *out = open_memstream(&body, len_r);

	if (out == NULL)
		return NULL;
	for (unsigned int language = 0; language < LANGUAGES; language++) {
		if (!is_in(notice, language))
			continue;
		fputs(separator, out);
		if (notice->origin.day[0] != '\0')
			put_end(out, notice, language);
		else
			put_text(out, notice, language);
		separator = "\n";
	}
	if (fclose(out) == 0)
		return body;
	free(body);
	return NULL;
}

/* "Subject in English / the same in Korean". */
static void make_subject(const struct notice *notice, char *subject, size_t size)
{
	const char *separator = "";
	size_t len = 0;

	for (unsigned int language = 0; language < LANGUAGES && len < size; language++) {
		if (!is_in(notice, language))
			continue;
		len += (size_t)snprintf(subject + len, size - len, "%s%s", separator,
					notice->sentence->in[language].subject);
		separator = " / ";
	}
}

/* The same Message-ID at every try, so that a notice that is sent twice can be known. */
static void put_headers(FILE *out, const struct notice *notice, const char *subject)
{
	const struct pl_message *message = notice->message;
	const char *from = notice->policy->mail_from, *host = strrchr(from, '@');
	char date[64] = "", address[PL_ADDRESS_MAX + 1];
	struct tm tm;

	/* RFC 5322 names days and months in English, as the C locale does. */
	if (gmtime_r(&(time_t){ message->at }, &tm) != NULL)
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	fputs("From: ", out);
	put_encoded(out, notice->policy->portal_name);
	fprintf(out,
		" <%s>\nTo: <%s>\nDate: %s\nMessage-ID: <postlatch-%lld.%lld%s>\nSubject: ", from,
		pl_address_format(&message->address, address), date, (long long)message->id,
		(long long)message->at, host != NULL ? host : "@localhost");
	put_encoded(out, subject);
	fputs("\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
	      "Content-Transfer-Encoding: base64\nAuto-Submitted: auto-generated\n\n",
	      out);
}

static const struct sentence *find(const char *what)
{
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (strcmp(sentences[i].what, what) == 0)
			return &sentences[i];
	}
	return NULL;
}

static char *make_mail(const struct notice *notice, size_t *len_r)
{
	char subject[512] = "", *text = NULL;
	size_t body_len = 0;
	char *body = make_body(notice, &body_len);
	FILE *out = body == NULL ? NULL : open_memstream(&text, len_r);

	if (out != NULL) {
		make_subject(notice, subject, sizeof(subject));
		put_headers(out, notice, subject);
		put_body(out, body, body_len);
	}
	free(body);
	if (out != NULL && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

char *notice_mail(const struct pl_policy *policy, const struct pl_keys *keys,
		  const struct pl_message *message, size_t *len_r, struct pl_error *err)
{
	struct notice notice = { .policy = policy,
				 .message = message,
				 .sentence = find(message->what) };
	char *text;

	if (notice.sentence == NULL) {
		pl_error_set(err, PL_ERR_DATA, "this version of the sender has no words for it");
		return NULL;
	}
	if (pl_notice_open(message, keys, &notice.origin, err) < 0)
		return NULL;
	text = make_mail(&notice, len_r);
	if (text == NULL)
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return text;
}
