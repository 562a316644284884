/* parameters.h - goes through the parameters of a Content-Type or Content-Disposition (RFC 2045 section 5.1).
 *
 * What mail programs really write is read, too: values without quotes that have spaces or 8-bit
 * characters in them, and parameters that are no parameters. is_strict says whether all of it was as
 * the RFC has it.
 */
#ifndef POSTLATCH_MIME_PARAMETERS_H
#define POSTLATCH_MIME_PARAMETERS_H

#include <stddef.h>

#define MIME_VALUE_MAX 1024 /* bytes of one value; longer ones are cut and not strict */

struct mime_parameters {
	const char *next;
	int is_strict;
	char name[64];                  /* lower case */
	char value[MIME_VALUE_MAX + 1]; /* without its quotes */
};

/* Reads what stands before the first parameter, a type or a disposition, into word_r in lower case,
 * "" when there is no such thing or it does not fit. value is the field's, and must stay. */
void mime_parameters_begin(struct mime_parameters *parameters, const char *value, char *word_r,
			   size_t size);

/* Fills name and value with the next parameter: 1, or 0 when there is none left. */
int mime_parameters_next(struct mime_parameters *parameters);

#endif
