#include "policy/base/utf8.h"

int pl_is_utf8(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	while (*c != '\0') {
		int more = *c < 0x80                 ? 0
			   : *c >= 0xc2 && *c < 0xe0 ? 1
			   : (*c & 0xf0) == 0xe0     ? 2
			   : *c >= 0xf0 && *c < 0xf5 ? 3
						     : -1;

		if (more < 0 || (*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f) ||
		    (*c == 0xf0 && c[1] < 0x90) || (*c == 0xf4 && c[1] > 0x8f))
			return 0;
		for (c++; more > 0; more--, c++) {
			if ((*c & 0xc0) != 0x80)
				return 0;
		}
	}
	return 1;
}
