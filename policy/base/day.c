/* day.c - see day.h. */
#include "policy/base/day.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int32_t pl_day_of(int64_t at)
{
	return (int32_t)(at / PL_DAY_SECONDS);
}

static int has_form(const char *text)
{
	static const char form[] = "dddd-dd-dd";

	if (strlen(text) != sizeof(form) - 1)
		return 0;
	for (size_t i = 0; form[i] != '\0'; i++) {
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return 0;
	}
	return 1;
}

int pl_day_parse(const char *text, int32_t *day_r)
{
	char again[PL_DAY_TEXT];
	struct tm tm = { 0 };
	int64_t at;

	if (!has_form(text) ||
	    sscanf(text, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) != 3)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	at = timegm(&tm);
	if (at < PL_DAY_SECONDS)
		return 0;
	*day_r = pl_day_of(at);
	/* timegm makes the 3rd of March of the 31st of February. */
	return strcmp(pl_day_format(*day_r, again), text) == 0;
}

char *pl_day_format(int32_t day, char text_r[PL_DAY_TEXT])
{
	const time_t at = (time_t)day * PL_DAY_SECONDS;
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL || strftime(text_r, PL_DAY_TEXT, "%Y-%m-%d", &tm) == 0)
		text_r[0] = '\0';
	return text_r;
}
