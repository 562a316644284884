/* target_code.c - see target_code.h. */
#include "policy/outbox/target_code.h"

#include <stddef.h>
#include <string.h>

#include "policy/outbox/facts.h"

static const struct pl_fact facts[] = {
	PL_FACT(pl_target_code, target),   PL_FACT(pl_target_code, code),
	PL_FACT(pl_target_code, language), PL_FACT(pl_target_code, ip),
	PL_FACT(pl_target_code, device),
};
#define FACTS (sizeof(facts) / sizeof(facts[0]))

/* Names, "=" and ends of lines take up to ten bytes each; ends of strings are not written. */
_Static_assert(sizeof(struct pl_target_code) + FACTS * 9 <= PL_SECRET_MAX,
	       "the facts of a code fit into a payload");

int pl_target_code_send(const struct pl_work *work, int64_t member_id,
			const struct pl_target_code *code, int64_t life)
{
	struct pl_secret payload = { .len = 0 };
	const struct pl_new_message message = { .member_id = member_id,
						.kind = PL_TARGET_CODE_KIND,
						.what = PL_TARGET_CODE_KIND,
						.life = life,
						.payload = &payload };
	int ret;

	if (work->outbox == NULL)
		return pl_error_set(work->err, PL_ERR_RETRY,
				    "codes are mailed with the outbox key (outbox_key)");
	ret = pl_facts_put(facts, FACTS, code, &payload, work->err);
	if (ret == 0)
		ret = pl_outbox_add(work, &message);
	pl_secret_wipe(&payload);
	return ret;
}

int pl_target_code_open(const struct pl_message *message, const struct pl_keys *keys,
			struct pl_target_code *code_r, struct pl_error *err)
{
	struct pl_secret payload;
	int ret;

	memset(code_r, 0, sizeof(*code_r));
	if (message->sealed.len == 0)
		return pl_error_set(err, PL_ERR_DATA, "it is not sealed");
	ret = pl_message_open(message, keys, &payload, err);
	if (ret == 0)
		pl_facts_parse(facts, FACTS, (const char *)payload.data, code_r);
	pl_secret_wipe(&payload);
	return ret;
}
