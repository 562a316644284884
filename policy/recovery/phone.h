/* phone.h - telephone numbers as E.164 has them: "+" and up to 15 digits. Pure. */
#ifndef POSTLATCH_RECOVERY_PHONE_H
#define POSTLATCH_RECOVERY_PHONE_H

#include <stddef.h>

#define PL_PHONE_TEXT 17

/* Reads a number as people write it: spaces, dots, hyphens and brackets are left out. countries is
 * a list of calling codes, "82, 81", or ends with "*" for all. One without "+" is a national one
 * of the first country, whose leading 0 it loses; so does one of that country that has kept it.
 * With foreign it must have the "+".
 * 1; 0 it is no number; -1 it is one of a country that is not in the list, or without foreign not
 * of the first. */
int pl_phone_parse(const char *text, const char *countries, int foreign,
		   char number_r[PL_PHONE_TEXT]);
/* Whether countries has more than the first one. */
int pl_phone_has_foreign(const char *countries);
/* Whether the text is a number as pl_phone_parse() writes it. */
int pl_phone_is_valid(const char *number);

#endif
