/* contact_message.c - see contact_message.h. */
#include "policy/outbox/contact_message.h"

#include <stddef.h>
#include <string.h>

#include "policy/outbox/facts.h"

static const struct pl_fact facts[] = {
	PL_FACT(pl_contact_message, to),       PL_FACT(pl_contact_message, secret),
	PL_FACT(pl_contact_message, language), PL_FACT(pl_contact_message, ip),
	PL_FACT(pl_contact_message, device),
};
#define FACTS (sizeof(facts) / sizeof(facts[0]))

/* Names, "=" and ends of lines take up to ten bytes each; ends of strings are not written. */
_Static_assert(sizeof(struct pl_contact_message) + FACTS * 9 <= PL_SECRET_MAX,
	       "the facts of a message fit into a payload");

int pl_contact_message_send(const struct pl_work *work, int64_t member_id, const char *what,
			    const struct pl_contact_message *message, int64_t life)
{
	struct pl_secret payload = { .len = 0 };
	const struct pl_new_message row = { .member_id = member_id,
					    .kind = PL_CONTACT_KIND,
					    .what = what,
					    .life = life,
					    .payload = &payload };
	int ret;

	if (work->outbox == NULL)
		return pl_error_set(work->err, PL_ERR_RETRY,
				    "codes are sent with the outbox key (outbox_key)");
	ret = pl_facts_put(facts, FACTS, message, &payload, work->err);
	if (ret == 0)
		ret = pl_outbox_add(work, &row);
	pl_secret_wipe(&payload);
	return ret;
}

int pl_contact_message_open(const struct pl_message *message, const struct pl_keys *keys,
			    struct pl_contact_message *message_r, struct pl_error *err)
{
	struct pl_secret payload;
	int ret;

	memset(message_r, 0, sizeof(*message_r));
	if (message->sealed.len == 0)
		return pl_error_set(err, PL_ERR_DATA, "it is not sealed");
	ret = pl_message_open(message, keys, &payload, err);
	if (ret == 0)
		pl_facts_parse(facts, FACTS, (const char *)payload.data, message_r);
	pl_secret_wipe(&payload);
	return ret;
}
