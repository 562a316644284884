/* cbor.c - see cbor.h. */
#include "portal/signin/cbor.h"

#include <stdint.h>

enum major { MAJOR_BYTES = 2, MAJOR_TEXT = 3, MAJOR_ARRAY = 4, MAJOR_MAP = 5, MAJOR_TAG = 6 };

/* The head of an item, RFC 8949 section 3: 1, and its type and argument; 0. */
static int read_head(const unsigned char *bytes, size_t len, size_t *at, unsigned int *type_r,
		     uint64_t *argument_r)
{
	const unsigned int first = bytes[(*at)++], info = first & 31;
	const size_t more = info < 24 ? 0 : (size_t)1 << (info - 24 < 4 ? info - 24 : 0);

	*type_r = first >> 5;
	*argument_r = info < 24 ? info : 0;
	if (info > 27 || more > len - *at)
		return 0;
	for (size_t i = 0; i < more; i++)
		*argument_r = *argument_r << 8 | bytes[(*at)++];
	return 1;
}

int cbor_is_bounded(const unsigned char *bytes, size_t len)
{
	uint64_t argument, elements = 0;
	unsigned int type;
	size_t at = 0;

	while (at < len) {
		if (!read_head(bytes, len, &at, &type, &argument) || type == MAJOR_TAG)
			return 0;
		if (type >= MAJOR_BYTES && type <= MAJOR_MAP && argument > len)
			return 0;
		if (type == MAJOR_ARRAY || type == MAJOR_MAP)
			elements += type == MAJOR_MAP ? 2 * argument : argument;
		if (elements > len)
			return 0;
		if (type == MAJOR_BYTES || type == MAJOR_TEXT) {
			if (argument > len - at)
				return 0;
			at += (size_t)argument;
		}
	}
	return 1;
}
