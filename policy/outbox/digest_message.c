/* digest_message.c - see digest_message.h. */
#include "policy/outbox/digest_message.h"

#include <stddef.h>
#include <string.h>

#include "policy/outbox/facts.h"

static const struct pl_fact facts[] = {
	PL_FACT(pl_digest_message, members),  PL_FACT(pl_digest_message, registered),
	PL_FACT(pl_digest_message, overdue),  PL_FACT(pl_digest_message, account_password),
	PL_FACT(pl_digest_message, unused),   PL_FACT(pl_digest_message, ending),
	PL_FACT(pl_digest_message, keys),     PL_FACT(pl_digest_message, forwards),
	PL_FACT(pl_digest_message, guessers),
};
#define FACTS (sizeof(facts) / sizeof(facts[0]))

/* Names, "=" and ends of lines take up to 18 bytes each. */
_Static_assert(sizeof(struct pl_digest_message) + FACTS * 18 <= PL_SECRET_MAX,
	       "the facts of a digest fit into a payload");

int pl_digest_message_send(const struct pl_work *work, int64_t member_id,
			   const struct pl_digest_message *digest)
{
	struct pl_secret payload = { .len = 0 };
	const struct pl_new_message row = { .member_id = member_id,
					    .kind = PL_DIGEST_KIND,
					    .what = PL_DIGEST_WHAT,
					    .life = PL_DIGEST_LIFE,
					    .payload = &payload };
	int ret = pl_facts_put(facts, FACTS, digest, &payload, work->err);

	if (ret == 0)
		ret = pl_outbox_add(work, &row);
	pl_secret_wipe(&payload);
	return ret;
}

int pl_digest_message_open(const struct pl_message *message, const struct pl_keys *keys,
			   struct pl_digest_message *digest_r, struct pl_error *err)
{
	struct pl_secret payload;
	int ret = pl_message_open(message, keys, &payload, err);

	memset(digest_r, 0, sizeof(*digest_r));
	if (ret == 0)
		pl_facts_parse(facts, FACTS, (const char *)payload.data, digest_r);
	pl_secret_wipe(&payload);
	return ret;
}
