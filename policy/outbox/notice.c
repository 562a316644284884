/* notice.c - see notice.h. */
#include "policy/outbox/notice.h"

#include <stddef.h>
#include <string.h>

#include "policy/outbox/facts.h"

static const struct pl_fact facts[] = {
	PL_FACT(pl_notice_origin, language), PL_FACT(pl_notice_origin, ip),
	PL_FACT(pl_notice_origin, device),   PL_FACT(pl_notice_origin, day),
	PL_FACT(pl_notice_origin, uses),     PL_FACT(pl_notice_origin, reason),
	PL_FACT(pl_notice_origin, target),   PL_FACT(pl_notice_origin, account),
};
#define FACTS (sizeof(facts) / sizeof(facts[0]))

/* With a name, "=" and the end of the line for each. A notice has a day with uses, a reason, a
 * target or an account. */
#define DAY_AND_USES (PL_DAY_TEXT + PL_NOTICE_USES)
_Static_assert(PL_NOTICE_REASON >= DAY_AND_USES && PL_NOTICE_REASON >= PL_NOTICE_TARGET &&
		       sizeof(struct pl_notice_origin) - DAY_AND_USES - 2 * PL_NOTICE_TARGET +
				       (FACTS - 4) * 16 <=
			       PL_SECRET_MAX,
	       "the facts of a notice fit into a payload");

int pl_notice_add(const struct pl_work *work, int64_t member_id, const char *what,
		  const struct pl_notice_origin *origin)
{
	struct pl_secret payload = { .len = 0 };
	const struct pl_new_message message = { .member_id = member_id,
						.kind = PL_NOTICE_KIND,
						.what = what,
						.life = PL_NOTICE_LIFE,
						.payload = &payload };
	int ret = origin == NULL ? 0 : pl_facts_put(facts, FACTS, origin, &payload, work->err);

	if (ret == 0)
		ret = pl_outbox_add(work, &message);
	pl_secret_wipe(&payload);
	return ret;
}

void pl_notice_parse(const char *payload, struct pl_notice_origin *origin_r)
{
	memset(origin_r, 0, sizeof(*origin_r));
	pl_facts_parse(facts, FACTS, payload, origin_r);
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
