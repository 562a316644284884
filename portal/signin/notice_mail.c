/* notice_mail.c - see notice_mail.h. */
#include "portal/signin/notice_mail.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "portal/http/request.h"

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
static int is_in(const struct pl_notice *notice, unsigned int language)
{
	return notice->origin.language[0] == '\0' ||
	       strcmp(notice->origin.language, language_tags[language]) == 0;
}

static void put_text(FILE *out, const struct pl_policy *policy, const struct pl_notice *notice,
		     const char *sentence, unsigned int language)
{
	char date[128] = "";
	struct tm tm;

	if (localtime_r(&(time_t){ notice->at }, &tm) != NULL)
		strftime(date, sizeof(date), words[language].date, &tm);
	fprintf(out, "%s\n\n%s: %s\n", sentence, words[language].when, date);
	if (notice->origin.ip[0] != '\0')
		fprintf(out, "%s: %s\n", words[language].address, notice->origin.ip);
	if (notice->origin.device[0] != '\0')
		fprintf(out, "%s: %s\n", words[language].device, notice->origin.device);
	fprintf(out, "\n%s\n%s/account\n", words[language].advice, policy->portal_url);
}

static char *make_body(const struct pl_policy *policy, const struct pl_notice *notice,
		       const struct sentence *sentence, size_t *len_r)
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
		put_text(out, policy, notice, sentence->in[language].text, language);
		separator = "\n";
	}
	if (fclose(out) == 0)
		return body;
	free(body);
	return NULL;
}

/* "Subject in English / the same in Korean". */
static void make_subject(const struct pl_notice *notice, const struct sentence *sentence,
			 char *subject, size_t size)
{
	const char *separator = "";
	size_t len = 0;

	for (unsigned int language = 0; language < LANGUAGES && len < size; language++) {
		if (!is_in(notice, language))
			continue;
		len += (size_t)snprintf(subject + len, size - len, "%s%s", separator,
					sentence->in[language].subject);
		separator = " / ";
	}
}

/* The same Message-ID at every try, so that a notice that is sent twice can be known. */
static void put_headers(FILE *out, const struct pl_policy *policy, const struct pl_notice *notice,
			const char *subject)
{
	const char *host = strrchr(policy->mail_from, '@');
	char date[64] = "", address[PL_ADDRESS_MAX + 1];
	struct tm tm;

	/* RFC 5322 names days and months in English, as the C locale does. */
	if (gmtime_r(&(time_t){ notice->at }, &tm) != NULL)
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	fputs("From: ", out);
	put_encoded(out, policy->portal_name);
	fprintf(out, " <%s>\nTo: <%s>\nDate: %s\nMessage-ID: <postlatch-%lld.%lld%s>\nSubject: ",
		policy->mail_from, pl_address_format(&notice->address, address), date,
		(long long)notice->id, (long long)notice->at, host != NULL ? host : "@localhost");
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

char *notice_mail(const struct pl_policy *policy, const struct pl_notice *notice, size_t *len_r)
{
	const struct sentence *sentence = find(notice->what);
	char subject[512] = "", *text = NULL, *body;
	size_t body_len = 0;
	FILE *out;

	if (sentence == NULL)
		return NULL;
	body = make_body(policy, notice, sentence, &body_len);
	out = body == NULL ? NULL : open_memstream(&text, len_r);
	if (out != NULL) {
		make_subject(notice, sentence, subject, sizeof(subject));
		put_headers(out, policy, notice, subject);
		put_body(out, body, body_len);
	}
	free(body);
	if (out != NULL && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
