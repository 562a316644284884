/* facts.c - see facts.h. */
#include "policy/outbox/facts.h"

#include <stdio.h>
#include <string.h>

/* A value is one line, whatever it has in it. */
static int put_one(struct pl_secret *payload, const char *name, const char *value,
		   struct pl_error *err)
{
	char *at = (char *)payload->data + payload->len;
	const size_t room = sizeof(payload->data) - payload->len;
	const size_t start = strlen(name) + 1;
	const size_t len = start + strlen(value) + 1;

	if (len >= room)
		return pl_error_set(err, PL_ERR_INTERNAL, "a message has too much to tell");
	snprintf(at, room, "%s=%s\n", name, value);
	for (size_t i = start; i + 1 < len; i++) {
		if ((unsigned char)at[i] < ' ' || at[i] == 0x7f)
			at[i] = ' ';
	}
	payload->len += len;
	return 0;
}

int pl_facts_put(const struct pl_fact *facts, size_t count, const void *from,
		 struct pl_secret *payload, struct pl_error *err)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = (const char *)from + facts[i].at;

		if (*value != '\0' && put_one(payload, facts[i].name, value, err) < 0)
			return -1;
	}
	return 0;
}

static void read_line(const struct pl_fact *facts, size_t count, const char *line, size_t len,
		      void *to)
{
	const char *end = memchr(line, '=', len);
	const size_t name_len = end == NULL ? 0 : (size_t)(end - line);

	for (size_t i = 0; end != NULL && i < count; i++) {
		if (strlen(facts[i].name) == name_len &&
		    strncmp(facts[i].name, line, name_len) == 0)
			snprintf((char *)to + facts[i].at, facts[i].size, "%.*s",
				 (int)(len - name_len - 1), end + 1);
	}
}

void pl_facts_parse(const struct pl_fact *facts, size_t count, const char *payload, void *to_r)
{
	while (*payload != '\0') {
		const size_t len = strcspn(payload, "\n");

		read_line(facts, count, payload, len, to_r);
		payload += payload[len] == '\0' ? len : len + 1;
	}
}
