#include "policy/base/utf8.h"

#include <string.h>
#include <unistr.h>

int pl_is_utf8(const char *text)
{
	return u8_check((const uint8_t *)text, strlen(text)) == NULL;
}
