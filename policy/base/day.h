/* day.h - days of the calendar, in UTC: the same day on every machine, whatever its time zone. */
#ifndef POSTLATCH_DAY_H
#define POSTLATCH_DAY_H

#include <stdint.h>

#define PL_DAY_SECONDS INT64_C(86400)
#define PL_DAY_TEXT 11 /* "2027-03-01" with its NUL */

/* The day of a time in seconds since 1970, as the number of days since 1970-01-01. */
int32_t pl_day_of(int64_t at);
/* "2027-03-01", exactly so, from 1970-01-02 on. 1 and the day, or 0 when it is not a date. */
int pl_day_parse(const char *text, int32_t *day_r);
/* Returns text_r. */
char *pl_day_format(int32_t day, char text_r[PL_DAY_TEXT]);

#endif
