/* csv_text.c - see csv_text.h. */
#include "policy/admin/csv_text.h"

#include <string.h>

#include "policy/base/utf8.h"

#define SAVE_AS "save it as \"CSV UTF-8 (comma delimited)\""

static int begins_with(const char *text, size_t len, const char *bytes, size_t count)
{
	return len >= count && memcmp(text, bytes, count) == 0;
}

/* Hangul in CP949, a superset of EUC-KR: two bytes each, the first of which is no ASCII. */
static int is_cp949(const char *text, size_t len)
{
	size_t pairs = 0;

	for (size_t i = 0; i < len; i++) {
		const unsigned char lead = (unsigned char)text[i];
		unsigned char trail;

		if (lead < 0x80)
			continue;
		if (lead < 0x81 || lead == 0xff || ++i == len)
			return 0;
		trail = (unsigned char)text[i];
		if (trail < 0x41 || (trail > 0x5a && trail < 0x61) ||
		    (trail > 0x7a && trail < 0x81) || trail == 0xff)
			return 0;
		pairs++;
	}
	return pairs > 0;
}

int pl_csv_text_check(const char *text, size_t len, const char **code_r, struct pl_error *err)
{
	static const char zip[] = "PK\003\004", ole[] = "\xd0\xcf\x11\xe0";

	if (begins_with(text, len, zip, 4) || begins_with(text, len, ole, 4)) {
		*code_r = "workbook";
		return pl_error_set(err, PL_ERR_INVALID,
				    "this is a workbook (.xlsx, .xls or .ods) and not CSV: " SAVE_AS
				    " in the spreadsheet");
	}
	if (begins_with(text, len, "\xff\xfe", 2) || begins_with(text, len, "\xfe\xff", 2)) {
		*code_r = "utf-16";
		return pl_error_set(err, PL_ERR_INVALID,
				    "this is UTF-16, which spreadsheets call Unicode "
				    "text: " SAVE_AS);
	}
	if (!pl_is_utf8_text(text, len) && is_cp949(text, len)) {
		*code_r = "cp949";
		return pl_error_set(err, PL_ERR_INVALID,
				    "this is CP949 (EUC-KR), which Korean Excel calls CSV: " SAVE_AS
				    ", or convert it with iconv -f CP949 -t UTF-8");
	}
	return 0;
}

/* The first of the three that the line has outside of quotes; a comma if it has none. */
static char find_delimiter(const char *text, size_t len)
{
	int in_quotes = 0;

	for (size_t i = 0; i < len && text[i] != '\n'; i++) {
		if (text[i] == '"')
			in_quotes = !in_quotes;
		else if (!in_quotes && (text[i] == ',' || text[i] == ';' || text[i] == '\t'))
			return text[i];
	}
	return ',';
}

size_t pl_csv_text_begin(const char *text, size_t len, char *delimiter_r, int *lines_r)
{
	size_t begin = begins_with(text, len, "\xef\xbb\xbf", 3) ? 3 : 0;

	*lines_r = 0;
	if (begins_with(text + begin, len - begin, "sep=", 4) && len - begin > 5 &&
	    (text[begin + 5] == '\n' || text[begin + 5] == '\r')) {
		const char *end = memchr(text + begin, '\n', len - begin);

		*lines_r = end != NULL;
		*delimiter_r = text[begin + 4];
		if (end != NULL &&
		    (*delimiter_r == ',' || *delimiter_r == ';' || *delimiter_r == '\t'))
			return (size_t)(end + 1 - text);
		*lines_r = 0;
	}
	*delimiter_r = find_delimiter(text + begin, len - begin);
	return begin;
}
