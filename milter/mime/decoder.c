/* decoder.c - see decoder.h. */
#include "milter/mime/decoder.h"

#include <string.h>

void mime_decoder_begin(struct mime_decoder *decoder, enum mime_encoding encoding)
{
	*decoder = (struct mime_decoder){ .encoding = encoding };
}

/* The value of a character of base64 plus one; 0: it is none. */
static const unsigned char base64_values[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
	['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
	['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
	['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
	['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
	['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
	['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
	['/'] = 64,
};

/* A group is whole: three bytes, less one for each padding. -1: bits are left over. */
static int end_group(struct mime_decoder *decoder, unsigned char *out, size_t *used)
{
	const uint32_t bits = decoder->bits << (6 * decoder->padding);
	const unsigned int bytes = 3 - decoder->padding;

	if ((bits & ((1u << (8 * decoder->padding)) - 1)) != 0)
		return -1;
	for (unsigned int i = 0; i < bytes; i++)
		out[(*used)++] = (unsigned char)(bits >> (16 - 8 * i));
	decoder->bits = 0;
	decoder->digits = 0;
	return 0;
}

static int decode_base64(struct mime_decoder *decoder, const unsigned char *bytes, size_t count,
			 unsigned char *out, size_t *used)
{
	for (size_t i = 0; i < count; i++) {
		const unsigned char value = base64_values[bytes[i]];

		if (bytes[i] == '\r' || bytes[i] == '\n')
			continue;
		/* Nothing follows a group with padding. */
		if (decoder->padding > 0 && decoder->digits == 0)
			return -1;
		if (bytes[i] == '=') {
			if (decoder->digits < 2)
				return -1;
			decoder->padding++;
		} else if (value == 0 || decoder->padding > 0) {
			return -1;
		} else {
			decoder->bits = decoder->bits << 6 | (uint32_t)(value - 1);
		}
		if (++decoder->digits == 4 && end_group(decoder, out, used) < 0)
			return -1;
	}
	return 0;
}

int mime_hexadecimal(char c)
{
	static const char digits[] = "0123456789ABCDEFabcdef";
	const char *digit = c == '\0' ? NULL : strchr(digits, c);

	if (digit == NULL)
		return -1;
	return digit - digits < 16 ? (int)(digit - digits) : (int)(digit - digits) - 6;
}

/* "=" and what follows it: 1 when it is decided, 0 when more is needed, -1 when it is wrong. */
static int decode_escape(struct mime_decoder *decoder, unsigned char *out, size_t *used)
{
	const char *held = decoder->held;
	const size_t count = decoder->held_count;

	if (count < 2)
		return 0;
	if (held[1] == '\r')
		return count < 3 ? 0 : held[2] == '\n' ? 1 : -1;
	if (mime_hexadecimal(held[1]) < 0)
		return -1;
	if (count < 3)
		return 0;
	if (mime_hexadecimal(held[2]) < 0)
		return -1;
	out[(*used)++] =
		(unsigned char)(mime_hexadecimal(held[1]) << 4 | mime_hexadecimal(held[2]));
	return 1;
}

static int decode_quoted_printable(struct mime_decoder *decoder, const unsigned char *bytes,
				   size_t count, unsigned char *out, size_t *used)
{
	for (size_t i = 0; i < count; i++) {
		const unsigned char c = bytes[i];

		if (decoder->held_count > 0 && decoder->held[0] == '=') {
			int decided;

			decoder->held[decoder->held_count++] = (char)c;
			decided = decode_escape(decoder, out, used);
			if (decided < 0)
				return -1;
			if (decided > 0)
				decoder->held_count = 0;
			continue;
		}
		/* White space is held until it is known that the line goes on behind it. */
		if (decoder->held_count > 0 && c == '\r')
			return -1;
		decoder->held_count = 0;
		if (c == ' ' || c == '\t' || c == '=')
			decoder->held[decoder->held_count++] = (char)c;
		else if (c != '\r' && c != '\n' && (c < ' ' || c > '~'))
			return -1;
		if (c != '=')
			out[(*used)++] = c;
	}
	return 0;
}

int mime_decode(struct mime_decoder *decoder, const unsigned char *bytes, size_t count,
		unsigned char *out_r, size_t *count_r)
{
	*count_r = 0;
	switch (decoder->encoding) {
	case MIME_BASE64:
		return decode_base64(decoder, bytes, count, out_r, count_r);
	case MIME_QUOTED_PRINTABLE:
		return decode_quoted_printable(decoder, bytes, count, out_r, count_r);
	case MIME_7BIT:
	case MIME_8BIT:
	case MIME_BINARY:
		memcpy(out_r, bytes, count);
		*count_r = count;
		return 0;
	case MIME_OTHER_ENCODING:
		return -1;
	}
	return -1;
}

int mime_decoder_end(const struct mime_decoder *decoder)
{
	switch (decoder->encoding) {
	case MIME_BASE64:
		return decoder->digits == 0 ? 0 : -1;
	case MIME_QUOTED_PRINTABLE:
		return decoder->held_count == 0 ? 0 : -1;
	case MIME_7BIT:
	case MIME_8BIT:
	case MIME_BINARY:
		return 0;
	case MIME_OTHER_ENCODING:
		return -1;
	}
	return -1;
}
