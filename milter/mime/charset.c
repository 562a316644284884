/* charset.c - see charset.h. */
#include "milter/mime/charset.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uniconv.h>

#include "policy/base/utf8.h"

/* Names that stand for less than what programs write under them. */
static const char *real_charset(const char *charset)
{
	static const struct {
		const char *said, *meant;
	} rows[] = {
		{ "ks_c_5601-1987", "CP949" }, { "ks_c_5601", "CP949" }, { "euc-kr", "CP949" },
		{ "ksc5601", "CP949" },        { "gb2312", "GB18030" },  { "gbk", "GB18030" },
		{ "iso-8859-1", "CP1252" },    { "us-ascii", "UTF-8" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcasecmp(charset, rows[i].said) == 0)
			return rows[i].meant;
	}
	return charset;
}

/* Of the characters that registered names have: iconv takes a slash for the beginning of its options. */
static int is_charset(const char *name)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+";

	return *name != '\0' && name[strspn(name, letters)] == '\0';
}

static void append(const char *utf8, size_t count, char *text, size_t size)
{
	const size_t used = strlen(text);

	if (count > size - 1 - used) {
		count = size - 1 - used;
		while (count > 0 && ((unsigned char)utf8[count] & 0xc0) == 0x80)
			count--;
	}
	memcpy(text + used, utf8, count);
	text[used + count] = '\0';
}

/* 1 when it is in the charset, else 0. */
static int convert(const char *charset, enum iconv_ilseq_handler handler, const char *bytes,
		   size_t count, char *text, size_t size)
{
	size_t len;
	uint8_t *utf8 = u8_conv_from_encoding(charset, handler, bytes, count, NULL, NULL, &len);
	const int is = utf8 != NULL && memchr(utf8, '\0', len) == NULL;

	if (is)
		append((const char *)utf8, len, text, size);
	free(utf8);
	return is;
}

void mime_to_utf8(const char *charset, const char *bytes, size_t count, char *text, size_t size)
{
	const char *meant = real_charset(charset);

	if (count == 0 || memchr(bytes, '\0', count) != NULL)
		return;
	if (is_charset(meant) && strcasecmp(meant, "UTF-8") != 0 &&
	    convert(meant, iconveh_error, bytes, count, text, size))
		return;
	if (pl_is_utf8_text(bytes, count))
		append(bytes, count, text, size);
	else if (!convert("CP949", iconveh_error, bytes, count, text, size))
		(void)convert("CP1252", iconveh_question_mark, bytes, count, text, size);
}
