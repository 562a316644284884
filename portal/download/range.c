/* range.c - see range.h. */
#include "portal/download/range.h"

#include <string.h>
#include <strings.h>

#define UNIT "bytes="

/* A number that is as large as can be when it has more digits. Moves *text behind it. -1: there is
 * no digit. */
static int64_t take_number(const char **text)
{
	int64_t number = 0;

	if (**text < '0' || **text > '9')
		return -1;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		const int digit = **text - '0';

		number = number > (INT64_MAX - digit) / 10 ? INT64_MAX : 10 * number + digit;
	}
	return number;
}

/* "-500": so many at the end. */
static int last_bytes(int64_t count, int64_t size, int64_t *offset_r, int64_t *len_r)
{
	if (count == 0 || size == 0)
		return -1;
	*len_r = count < size ? count : size;
	*offset_r = size - *len_r;
	return 1;
}

int range_parse(const char *header, int64_t size, int64_t *offset_r, int64_t *len_r)
{
	int64_t first, last;

	if (header == NULL || strncasecmp(header, UNIT, sizeof(UNIT) - 1) != 0)
		return 0;
	header += sizeof(UNIT) - 1;
	header += strspn(header, " \t");
	first = take_number(&header);
	if (*header++ != '-')
		return 0;
	last = take_number(&header);
	header += strspn(header, " \t");
	if (*header != '\0' || (first < 0 && last < 0) || (last >= 0 && last < first))
		return 0;
	if (first < 0)
		return last_bytes(last, size, offset_r, len_r);
	if (first >= size)
		return -1;
	*offset_r = first;
	*len_r = (last < 0 || last >= size ? size : last + 1) - first;
	return 1;
}
