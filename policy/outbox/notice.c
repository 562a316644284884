/* notice.c - see notice.h.
 *
 * The payload has a line for each fact that is known, "name=value". So a fact that is added needs
 * no migration.
 */
#include "policy/outbox/notice.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct fact {
	const char *name;
	size_t at, size; /* of the text in struct pl_notice_origin */
} facts[] = {
#define FACT(name)                                                            \
	{                                                                     \
#name, offsetof(struct pl_notice_origin, name),               \
			sizeof(((const struct pl_notice_origin *)NULL)->name) \
	}
	FACT(language), FACT(ip), FACT(device), FACT(day), FACT(uses),
#undef FACT
};
#define FACTS (sizeof(facts) / sizeof(facts[0]))

/* With a name, "=" and the end of the line for each. */
_Static_assert(sizeof(struct pl_notice_origin) + FACTS * 16 <= PL_SECRET_MAX,
	       "the facts of a notice fit into a payload");

/* A value is one line, whatever it has in it. */
static void put_fact(struct pl_secret *payload, const char *name, const char *value)
{
	char *at = (char *)payload->data + payload->len;
	const size_t room = sizeof(payload->data) - payload->len;
	const size_t start = (size_t)snprintf(at, room, "%s=", name);
	const size_t len = start + (size_t)snprintf(at + start, room - start, "%s\n", value);

	for (size_t i = start; i + 1 < len; i++) {
		if ((unsigned char)at[i] < ' ' || at[i] == 0x7f)
			at[i] = ' ';
	}
	payload->len += len;
}

int pl_notice_add(const struct pl_work *work, int64_t member_id, const char *what,
		  const struct pl_notice_origin *origin)
{
	struct pl_secret payload = { .len = 0 };
	const struct pl_new_message message = { .member_id = member_id,
						.kind = PL_NOTICE_KIND,
						.what = what,
						.life = PL_NOTICE_LIFE,
						.payload = &payload };
	int ret;

	for (size_t i = 0; origin != NULL && i < FACTS; i++) {
		const char *value = (const char *)origin + facts[i].at;

		if (*value != '\0')
			put_fact(&payload, facts[i].name, value);
	}
	ret = pl_outbox_add(work, &message);
	pl_secret_wipe(&payload);
	return ret;
}

static void read_fact(const char *line, size_t len, struct pl_notice_origin *origin)
{
	const char *end = memchr(line, '=', len);
	const size_t name_len = end == NULL ? 0 : (size_t)(end - line);

	for (size_t i = 0; end != NULL && i < FACTS; i++) {
		if (strlen(facts[i].name) == name_len &&
		    strncmp(facts[i].name, line, name_len) == 0)
			snprintf((char *)origin + facts[i].at, facts[i].size, "%.*s",
				 (int)(len - name_len - 1), end + 1);
	}
}

void pl_notice_parse(const char *payload, struct pl_notice_origin *origin_r)
{
	memset(origin_r, 0, sizeof(*origin_r));
	while (*payload != '\0') {
		const size_t len = strcspn(payload, "\n");

		read_fact(payload, len, origin_r);
		payload += payload[len] == '\0' ? len : len + 1;
	}
}

int pl_notice_open(const struct pl_message *message, const struct pl_keys *keys,
		   struct pl_notice_origin *origin_r, struct pl_error *err)
{
	struct pl_secret payload;
	int ret = pl_message_open(message, keys, &payload, err);

	if (ret == 0)
		pl_notice_parse((const char *)payload.data, origin_r);
	pl_secret_wipe(&payload);
	return ret;
}
