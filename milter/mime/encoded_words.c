/* encoded_words.c - see encoded_words.h. */
#include "milter/mime/encoded_words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "milter/mime/charset.h"
#include "milter/mime/decoder.h"

/* More than RFC 2047 allows (75), as programs write whole names into one word. */
#define WORD_MAX 1024

/* Bytes in one charset. The characters of some programs begin in one word and end in the next. */
struct run {
	char charset[40];
	char bytes[4 * WORD_MAX];
	size_t count;
};

struct word {
	char charset[40];
	char encoding; /* 'b' or 'q' */
	const char *text;
	size_t len;
	const char *end; /* behind the word */
};

/* "=?" charset ["*" language] "?" encoding "?" text "?=" */
static int parse(const char *at, struct word *word_r)
{
	const char *charset = at + 2, *encoding, *end;
	size_t len;

	if (strncmp(at, "=?", 2) != 0)
		return 0;
	encoding = strchr(charset, '?');
	len = strcspn(charset, "?* \t");
	if (encoding == NULL || len == 0 || len >= sizeof(word_r->charset) ||
	    (charset[len] != '?' && charset[len] != '*'))
		return 0;
	if (strchr("BbQq", encoding[1]) == NULL || encoding[1] == '\0' || encoding[2] != '?')
		return 0;
	word_r->text = encoding + 3;
	end = strstr(word_r->text, "?=");
	if (end == NULL || (size_t)(end - word_r->text) > WORD_MAX)
		return 0;
	snprintf(word_r->charset, sizeof(word_r->charset), "%.*s", (int)len, charset);
	word_r->encoding = encoding[1] == 'B' || encoding[1] == 'b' ? 'b' : 'q';
	word_r->len = (size_t)(end - word_r->text);
	word_r->end = end + 2;
	return 1;
}

/* The padding may be missing: some programs cut words anywhere. */
static int decode_b(const struct word *word, unsigned char *out, size_t *used)
{
	struct mime_decoder decoder;
	unsigned char rest[4];
	size_t more = 0;
	int status;

	mime_decoder_begin(&decoder, MIME_BASE64);
	if (mime_decode(&decoder, (const unsigned char *)word->text, word->len, out, used) < 0)
		return -1;
	if (decoder.digits == 0)
		return 0;
	status =
		mime_decode(&decoder, (const unsigned char *)"==", 4 - decoder.digits, rest, &more);
	if (status < 0 || decoder.digits != 0)
		return -1;
	memcpy(out + *used, rest, more);
	*used += more;
	return 0;
}

/* RFC 2047 section 4.2: as quoted-printable, and "_" is a space. */
static int decode_q(const struct word *word, unsigned char *out, size_t *used)
{
	struct mime_decoder decoder;

	*used = 0;
	mime_decoder_begin(&decoder, MIME_QUOTED_PRINTABLE);
	for (size_t i = 0; i < word->len; i++) {
		const unsigned char c = word->text[i] == '_' ? ' ' : (unsigned char)word->text[i];
		size_t more;

		if (mime_decode(&decoder, &c, 1, out + *used, &more) < 0)
			return -1;
		*used += more;
	}
	return decoder.held_count == 0 || decoder.held[0] != '=' ? 0 : -1;
}

static void flush(struct run *run, char *utf8, size_t size)
{
	mime_to_utf8(run->charset, run->bytes, run->count, utf8, size);
	run->count = 0;
}

/* Takes a word into the run of words in its charset. -1: it cannot be decoded. */
static int take(struct run *run, const struct word *word, char *utf8, size_t size)
{
	unsigned char bytes[WORD_MAX + 8];
	size_t count = 0;
	const int status = word->encoding == 'b' ? decode_b(word, bytes, &count)
						 : decode_q(word, bytes, &count);

	if (status < 0)
		return -1;
	if (strcasecmp(run->charset, word->charset) != 0 ||
	    run->count + count > sizeof(run->bytes)) {
		flush(run, utf8, size);
		snprintf(run->charset, sizeof(run->charset), "%s", word->charset);
	}
	memcpy(run->bytes + run->count, bytes, count);
	run->count += count;
	return 0;
}

void mime_decode_words(const char *text, char *utf8_r, size_t size)
{
	struct run run = { .count = 0 };
	const char *plain = text, *at = text;

	utf8_r[0] = '\0';
	while ((at = strstr(at, "=?")) != NULL) {
		/* White space between two words is no part of the text. */
		const int is_first = run.count == 0 || strspn(plain, " \t") != (size_t)(at - plain);
		struct word word;

		if (!parse(at, &word)) {
			at += 2;
			continue;
		}
		if (is_first) {
			flush(&run, utf8_r, size);
			mime_to_utf8("", plain, (size_t)(at - plain), utf8_r, size);
			plain = at;
		}
		if (take(&run, &word, utf8_r, size) == 0)
			plain = word.end;
		at = word.end;
	}
	flush(&run, utf8_r, size);
	mime_to_utf8("", plain, strlen(plain), utf8_r, size);
}
