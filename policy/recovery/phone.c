/* phone.c - see phone.h. */
#include "policy/recovery/phone.h"

#include <stdio.h>
#include <string.h>

#define DIGITS "0123456789"
#define CODE_MOST 3 /* digits of a calling code */
#define DIGITS_LEAST 8
#define DIGITS_MOST 15
#define LEFT_OUT " .-()"

/* The next code of the list and its length, 0 at the end; returns the place behind it. */
static const char *next_code(const char *list, size_t *len_r)
{
	list += strspn(list, " ,");
	*len_r = strcspn(list, " ,");
	return list;
}

int pl_phone_has_foreign(const char *countries)
{
	size_t len;
	const char *first = next_code(countries, &len);

	next_code(first + len, &len);
	return len > 0;
}

/* What is typed without what is left out; digits_r gets the digits. Whether a "+" was in front. -1:
 * it has other characters, or too many. */
static int read_digits(const char *text, char digits_r[DIGITS_MOST + 3])
{
	const char *at = text + strspn(text, LEFT_OUT);
	const int has_plus = *at == '+';
	size_t len = 0;

	for (at += has_plus; *at != '\0'; at++) {
		if (strchr(LEFT_OUT, *at) != NULL)
			continue;
		if (strchr(DIGITS, *at) == NULL || len == DIGITS_MOST + 2)
			return -1;
		digits_r[len++] = *at;
	}
	digits_r[len] = '\0';
	return has_plus;
}

/* Whether the digits are of a country of the list; is_first_r: of its first one. */
static int is_of_country(const char *digits, const char *countries, int *is_first_r)
{
	size_t len;
	int is_first = 1;

	for (const char *code = next_code(countries, &len); len > 0;
	     code = next_code(code + len, &len)) {
		*is_first_r = is_first;
		if ((len == 1 && code[0] == '*') || strncmp(digits, code, len) == 0)
			return 1;
		is_first = 0;
	}
	return 0;
}

int pl_phone_is_valid(const char *number)
{
	const size_t len = strlen(number);

	return number[0] == '+' && number[1] != '0' && len > DIGITS_LEAST &&
	       len <= DIGITS_MOST + 1 && strspn(number + 1, DIGITS) == len - 1;
}

int pl_phone_parse(const char *text, const char *countries, int foreign,
		   char number_r[PL_PHONE_TEXT])
{
	char digits[DIGITS_MOST + 3], whole[DIGITS_MOST + CODE_MOST + 5];
	const int has_plus = read_digits(text, digits);
	size_t first_len;
	const char *first = next_code(countries, &first_len), *rest = digits;
	int is_first = 1;

	if (has_plus < 0 || (!has_plus && foreign))
		return 0;
	if (has_plus && strncmp(digits, first, first_len) == 0)
		rest = digits + first_len;
	/* The 0 in front of a national number is not part of it. Behind two of them is what is
	 * dialled for other countries. */
	if ((!has_plus || rest != digits) && strncmp(rest, "00", 2) == 0)
		return 0;
	if (!has_plus || rest != digits)
		snprintf(whole, sizeof(whole), "+%.*s%s", (int)first_len, first,
			 rest + (rest[0] == '0'));
	else
		snprintf(whole, sizeof(whole), "+%s", digits);
	if (!pl_phone_is_valid(whole))
		return 0;
	memcpy(number_r, whole, strlen(whole) + 1);
	return is_of_country(whole + 1, countries, &is_first) && (is_first || foreign) ? 1 : -1;
}
