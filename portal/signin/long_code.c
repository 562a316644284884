/* long_code.c - see long_code.h. */
#include "portal/signin/long_code.h"

#include <stddef.h>

void long_code_copy(const char *text, char code_r[PL_LONG_CODE_DIGITS + 1])
{
	size_t len = 0;

	for (; text != NULL && *text != '\0'; text++) {
		if (*text == ' ' || *text == '-')
			continue;
		if (len == PL_LONG_CODE_DIGITS) {
			code_r[0] = '?';
			break;
		}
		code_r[len++] = *text;
	}
	code_r[len] = '\0';
}
