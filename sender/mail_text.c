/* mail_text.c - see mail_text.h. */
#include "sender/mail_text.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/base/utf8.h"

#define WORD_BYTES 45 /* of text in one encoded word: 60 in base64, and RFC 2047 allows 75 in all */
#define LINE_BYTES 57 /* of text in one line of base64: 76 characters */

static const char *const tags[MAIL_LANGUAGES] = { "en", "ko" };

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

/* Whether the mail is also in that language: in all of them where the reader's is not known. */
static int is_in(const struct mail_words *words, enum mail_language language)
{
	int is_known = 0;

	for (unsigned int i = 0; i < MAIL_LANGUAGES; i++)
		is_known |= strcmp(words->language, tags[i]) == 0;
	return !is_known || strcmp(words->language, tags[language]) == 0;
}

void mail_put_time(FILE *out, const struct mail_words *words, const char *format)
{
	char date[128] = "";
	struct tm tm;

	if (localtime_r(&(time_t){ words->message->at }, &tm) != NULL)
		strftime(date, sizeof(date), format, &tm);
	fputs(date, out);
}

static char *make_body(const struct mail_words *words, size_t *len_r)
{
	const char *separator = "";
	char *body = NULL;
	FILE *out = open_memstream(&body, len_r);

	if (out == NULL)
		return NULL;
	for (unsigned int language = 0; language < MAIL_LANGUAGES; language++) {
		if (!is_in(words, language))
			continue;
		fputs(separator, out);
		words->put_text(out, words, language);
		separator = "\n";
	}
	if (fclose(out) == 0)
		return body;
	free(body);
	return NULL;
}

/* "Subject in English / the same in Korean". */
static void make_subject(const struct mail_words *words, char *subject, size_t size)
{
	const char *separator = "";
	size_t len = 0;

	for (unsigned int language = 0; language < MAIL_LANGUAGES && len < size; language++) {
		if (!is_in(words, language))
			continue;
		len += (size_t)snprintf(subject + len, size - len, "%s%s", separator,
					words->subject(words, language));
		separator = " / ";
	}
}

/* The same Message-ID at every try, so that a message that is sent twice can be known. */
static void put_headers(FILE *out, const struct mail_words *words, const char *subject)
{
	const struct pl_message *message = words->message;
	const char *from = words->policy->mail_from, *host = strrchr(from, '@');
	char date[64] = "";
	struct tm tm;

	/* RFC 5322 names days and months in English, as the C locale does. */
	if (gmtime_r(&(time_t){ message->at }, &tm) != NULL)
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	fputs("From: ", out);
	put_encoded(out, words->policy->portal_name);
	fprintf(out,
		" <%s>\nTo: <%s>\nDate: %s\nMessage-ID: <postlatch-%lld.%lld%s>\nSubject: ", from,
		words->to, date, (long long)message->id, (long long)message->at,
		host != NULL ? host : "@localhost");
	put_encoded(out, subject);
	fputs("\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
	      "Content-Transfer-Encoding: base64\nAuto-Submitted: auto-generated\n\n",
	      out);
}

char *mail_write(const struct mail_words *words, size_t *len_r)
{
	char subject[512] = "", *text = NULL;
	size_t body_len = 0;
	char *body = make_body(words, &body_len);
	FILE *out = body == NULL ? NULL : open_memstream(&text, len_r);

	if (out != NULL) {
		make_subject(words, subject, sizeof(subject));
		put_headers(out, words, subject);
		put_body(out, body, body_len);
	}
	free(body);
	if (out != NULL && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
