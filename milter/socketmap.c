/* socketmap.c - see socketmap.h. */
#include "milter/socketmap.h"

#include <stdio.h>
#include <string.h>

/* The length and how many bytes it takes with its colon: 1, 0 or -1. */
static int parse_length(const char *buffer, size_t len, size_t *value_r, size_t *head_r)
{
	size_t value = 0, i;

	for (i = 0; i < len && buffer[i] >= '0' && buffer[i] <= '9'; i++) {
		value = value * 10 + (size_t)(buffer[i] - '0');
		/* No number begins with a zero but zero itself. */
		if (value > SOCKETMAP_REQUEST || (i == 1 && buffer[0] == '0'))
			return -1;
	}
	if (i == len)
		return 0;
	if (i == 0 || buffer[i] != ':')
		return -1;
	*value_r = value;
	*head_r = i + 1;
	return 1;
}

int socketmap_parse(char *buffer, size_t len, struct socketmap_request *request_r, size_t *used_r)
{
	size_t value, head;
	char *text, *blank;
	const int ret = parse_length(buffer, len, &value, &head);

	if (ret != 1)
		return ret;
	if (len < head + value + 1)
		return 0;
	text = buffer + head;
	if (text[value] != ',' || memchr(text, '\0', value) != NULL)
		return -1;
	text[value] = '\0';
	blank = strchr(text, ' ');
	if (blank == NULL || blank == text)
		return -1;
	*blank = '\0';
	request_r->name = text;
	request_r->key = blank + 1;
	*used_r = head + value + 1;
	return 1;
}

size_t socketmap_reply(const char *status, const char *text, char *buffer, size_t size)
{
	const int len = snprintf(buffer, size, "%zu:%s %s,", strlen(status) + 1 + strlen(text),
				 status, text);

	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}
