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
	FACT(language), FACT(ip), FACT(device), FACT(day), FACT(uses), FACT(reason),
#undef FACT
};
#define FACTS (sizeof(facts) / sizeof(facts[0]))

/* With a name, "=" and the end of the line for each. A notice has a day with uses, or a reason. */
#define DAY_AND_USES (PL_DAY_TEXT + PL_NOTICE_USES)
_Static_assert(PL_NOTICE_REASON >= DAY_AND_USES &&
		       sizeof(struct pl_notice_origin) - DAY_AND_USES + (FACTS - 2) * 16 <=
			       PL_SECRET_MAX,
	       "the facts of a notice fit into a payload");

/* A value is one line, whatever it has in it. */
static int put_fact(struct pl_secret *payload, const char *name, const char *value,
		    struct pl_error *err)
{
	char *at = (char *)payload->data + payload->len;
	const size_t room = sizeof(payload->data) - payload->len;
	const size_t start = strlen(name) + 1;
	const size_t len = start + strlen(value) + 1;

	if (len >= room)
		return pl_error_set(err, PL_ERR_INTERNAL, "a notice has too much to tell");
	snprintf(at, room, "%s=%s\n", name, value);
	for (size_t i = start; i + 1 < len; i++) {
		if ((unsigned char)at[i] < ' ' || at[i] == 0x7f)
			at[i] = ' ';
	}
	payload->len += len;
	return 0;
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
	int ret = 0;

	for (size_t i = 0; ret == 0 && origin != NULL && i < FACTS; i++) {
		const char *value = (const char *)origin + facts[i].at;

		if (*value != '\0')
			ret = put_fact(&payload, facts[i].name, value, work->err);
	}
	if (ret == 0)
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
