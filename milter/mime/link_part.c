/* link_part.c - see link_part.h. */
#include "milter/mime/link_part.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 57 /* that one line of base64 has */

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

static void put_page(FILE *out, const struct pl_link_text *link, size_t number)
{
	fputs("<!DOCTYPE html>\r\n<html><body>", out);
	pl_link_text_html(out, link, number);
	fputs("</body></html>\r\n", out);
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
static int put_twin(FILE *out, const struct pl_link_text *link, size_t number,
		    void (*put)(FILE *out, const struct pl_link_text *link, size_t number))
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

static int put_part(FILE *out, const struct pl_link_text *link, size_t number, int is_message,
		    const char *boundary)
{
	static const char encoding[] = "charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n";
	char type[MIME_LINK_TYPE];

	if (!is_message)
		fprintf(out, "Content-Type: %s\r\n\r\n", mime_link_type(boundary, type));
	fprintf(out, "--%s\r\nContent-Type: text/plain; %s\r\n", boundary, encoding);
	if (put_twin(out, link, number, pl_link_text_plain) < 0)
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

char *mime_link_part(const struct pl_link_text *link, size_t number, int is_message,
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
