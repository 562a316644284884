/* link_part.c - see link_part.h. */
#include "milter/mime/link_part.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LANGUAGES 2
#define LINE_BYTES 57 /* that one line of base64 has */

static const struct {
	const char *tag, *one, *several, *other, *until, *address;
} words[LANGUAGES] = {
#define LINK_PART(...) { __VA_ARGS__ },
#include "milter/mime/link_part.def"
#undef LINK_PART
};

int mime_link_boundary(char boundary_r[MIME_LINK_BOUNDARY])
{
	unsigned char bytes[12];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return -1;
	/* "=_" is neither in base64 nor in quoted-printable (RFC 2045 section 6.7). */
	memcpy(boundary_r, "=_pl", 5);
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(boundary_r + 4 + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

char *mime_link_type(const char boundary[MIME_LINK_BOUNDARY], char type_r[MIME_LINK_TYPE])
{
	snprintf(type_r, MIME_LINK_TYPE, "multipart/alternative; boundary=\"%s\"", boundary);
	return type_r;
}

/* The first language that is the wanted one, or all. */
static int is_in(const struct mime_link *link, size_t language)
{
	int is_known = 0;

	for (size_t i = 0; i < LANGUAGES; i++)
		is_known |= strncasecmp(link->language, words[i].tag, 2) == 0;
	return !is_known || strncasecmp(link->language, words[language].tag, 2) == 0;
}

static void put_size(FILE *out, uint64_t size)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB" };
	double amount = (double)size / 1024;
	size_t unit = 0;

	while (amount >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		amount /= 1024;
		unit++;
	}
	fprintf(out, amount < 10 ? "%.1f %s" : "%.0f %s", amount, units[unit]);
}

static void put_html(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

/* Which files the part in that place names: all in the first, else the one. */

static size_t end_of(const struct mime_link *link, size_t number)
{
	return number == 0 ? link->count : number + 1;
}

static const char *sentence(const struct mime_link *link, size_t number, size_t language)
{
	if (number > 0)
		return words[language].other;
	return link->count > 1 ? words[language].several : words[language].one;
}

static void put_plain(FILE *out, const struct mime_link *link, size_t number)
{
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (is_in(link, i))
			fprintf(out, "%s\r\n", sentence(link, number, i));
	}
	fputs("\r\n", out);
	for (size_t i = number; i < end_of(link, number); i++) {
		fprintf(out, "  * %s (", link->files[i].name);
		put_size(out, link->files[i].size);
		fputs(")\r\n", out);
	}
	fprintf(out, "\r\n%s\r\n", link->url);
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (is_in(link, i)) {
			fputs("\r\n", out);
			/* One of the catalogue's own sentences. */
			fprintf(out, words[i].until, link->last_day);
		}
	}
	fputs("\r\n", out);
}

static void put_page(FILE *out, const struct mime_link *link, size_t number)
{
	fputs("<!DOCTYPE html>\r\n<html><body><div style=\"border:1px solid "
	      "#b8c0cc;border-radius:6px;"
	      "padding:12px 16px;margin:8px 0;font-family:sans-serif\">\r\n",
	      out);
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (is_in(link, i))
			fprintf(out, "<p lang=\"%s\">%s</p>\r\n", words[i].tag,
				sentence(link, number, i));
	}
	fputs("<ul>\r\n", out);
	for (size_t i = number; i < end_of(link, number); i++) {
		fputs("<li>", out);
		put_html(out, link->files[i].name);
		fputs(" (", out);
		put_size(out, link->files[i].size);
		fputs(")</li>\r\n", out);
	}
	fputs("</ul>\r\n", out);
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (!is_in(link, i))
			continue;
		fprintf(out, "<p lang=\"%s\"><a href=\"", words[i].tag);
		put_html(out, link->url);
		fprintf(out, "\">%s</a><br>", words[i].address);
		fprintf(out, words[i].until, link->last_day);
		fputs("</p>\r\n", out);
	}
	fputs("</div></body></html>\r\n", out);
}

/* RFC 2231. */
static void put_extended(FILE *out, const char *name, const char *text)
{
	fprintf(out, ";\r\n %s*=UTF-8''", name);
	for (; *text != '\0'; text++) {
		const char c = *text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    (c != '\0' && strchr("-._", c) != NULL))
			fputc(c, out);
		else
			fprintf(out, "%%%02X", (unsigned char)c);
	}
}

static int put_base64(FILE *out, const char *text, size_t count)
{
	for (size_t at = 0; at < count; at += LINE_BYTES) {
		const size_t len = count - at < LINE_BYTES ? count - at : LINE_BYTES;
		unsigned char line[LINE_BYTES / 3 * 4 + 1];

		EVP_EncodeBlock(line, (const unsigned char *)text + at, (int)len);
		fprintf(out, "%s\r\n", line);
	}
	return 0;
}

/* One of the twins, in base64. 0 or -1. */
static int put_twin(FILE *out, const struct mime_link *link, size_t number,
		    void (*put)(FILE *out, const struct mime_link *link, size_t number))
{
	char *text = NULL;
	size_t count = 0;
	FILE *twin = open_memstream(&text, &count);

	if (twin == NULL)
		return -1;
	put(twin, link, number);
	if (fclose(twin) != 0) {
		free(text);
		return -1;
	}
	put_base64(out, text, count);
	free(text);
	return 0;
}

static int put_part(FILE *out, const struct mime_link *link, size_t number, int is_message,
		    const char *boundary)
{
	static const char encoding[] = "charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n";
	char type[MIME_LINK_TYPE];

	if (!is_message)
		fprintf(out, "Content-Type: %s\r\n\r\n", mime_link_type(boundary, type));
	fprintf(out, "--%s\r\nContent-Type: text/plain; %s\r\n", boundary, encoding);
	if (put_twin(out, link, number, put_plain) < 0)
		return -1;
	fprintf(out, "--%s\r\nContent-Type: text/html; %s", boundary, encoding);
	/* Thunderbird shows such a part as a file with a link. */
	fprintf(out, "X-Mozilla-Cloud-Part: cloudFile;\r\n url=\"%s\"", link->url);
	put_extended(out, "name", link->files[number].name);
	fputs("\r\n\r\n", out);
	if (put_twin(out, link, number, put_page) < 0)
		return -1;
	fprintf(out, "--%s--%s", boundary, is_message ? "\r\n" : "");
	return ferror(out) ? -1 : 0;
}

char *mime_link_part(const struct mime_link *link, size_t number, int is_message,
		     const char boundary[MIME_LINK_BOUNDARY], size_t *count_r)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, count_r);
	int failed;

	if (out == NULL)
		return NULL;
	failed = put_part(out, link, number, is_message, boundary) < 0;
	failed |= fclose(out) != 0;
	if (!failed)
		return text;
	free(text);
	return NULL;
}
