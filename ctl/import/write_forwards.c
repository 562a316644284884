/* write_forwards.c - the forwards of a plan; see import.h.
 *
 * The operator of the other program let them be set, so their targets are confirmed. Who has a
 * forward already keeps it.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/import/import.h"
#include "policy/forward/forward.h"

/* What a list of addresses says: the member's own is the mailbox. Texts are parts of the list. */
struct targets {
	const char *text[PL_FORWARD_TARGETS_MOST + 1]; /* one more, so that too many are noticed */
	size_t count;
	int keep_copy;
};

/* NULL, or why it cannot be a forward: names without a dot, such as null@localhost, are places of
 * that server, and not of the world. */
static const char *read_targets(const struct import_member *member, char *list,
				struct targets *targets_r)
{
	char *rest, *text;

	*targets_r = (struct targets){ .count = 0 };
	for (text = strtok_r(list, ", \t\r\n", &rest); text != NULL;
	     text = strtok_r(NULL, ", \t\r\n", &rest)) {
		const char *at = strrchr(text, '@');

		if (at == NULL || strchr(at, '.') == NULL)
			return "a target of theirs is no address of a domain";
		if (import_is_own(member, text))
			targets_r->keep_copy = 1;
		else if (targets_r->count <= PL_FORWARD_TARGETS_MOST)
			targets_r->text[targets_r->count++] = text;
	}
	return NULL;
}

static int leave(struct import_plan *plan, const struct import_member *member, const char *why)
{
	char name[2 * PL_ADDRESS_MAX + 16], text[PL_ADDRESS_MAX + 1];

	snprintf(name, sizeof(name), "%s to %s", pl_address_format(&member->address, text),
		 member->forward);
	return import_leave(plan, "forwards", why, name);
}

/* What cannot be set is left out: nothing of it has been written then. */
static int set(struct ctl *ctl, struct import_plan *plan, const struct pl_account *account,
	       struct import_member *member, const struct targets *targets)
{
	char why[sizeof(plan->err->msg)];

	member->forward_result = IMPORT_ADDED;
	if (pl_forward_set(&ctl->work, ctl->policy, account, targets->text, targets->count,
			   targets->keep_copy) == 0)
		return 0;
	if (plan->err->code != PL_ERR_INVALID)
		return -1;
	snprintf(why, sizeof(why), "%s", plan->err->msg);
	*plan->err = (struct pl_error){ .code = PL_OK };
	member->forward_result = IMPORT_LEFT;
	return leave(plan, member, why);
}

static int add(struct ctl *ctl, struct import_plan *plan, struct import_member *member)
{
	struct pl_account account;
	struct pl_forward before;
	struct targets targets;
	char *list = strdup(member->forward);
	const char *why = list == NULL ? NULL : read_targets(member, list, &targets);
	int ret = -1;

	if (list == NULL) {
		pl_error_set(plan->err, PL_ERR_RETRY, "out of memory");
	} else if (why != NULL) {
		member->forward_result = IMPORT_LEFT;
		ret = leave(plan, member, why);
	} else if (pl_account_get(ctl->work.store, &member->address, &account, plan->err) == 0) {
		ret = pl_forward_get(ctl->work.store, ctl->policy, account.member.id, &before,
				     plan->err);
		if (ret == 0)
			ret = set(ctl, plan, &account, member, &targets);
	}
	free(list);
	return ret < 0 ? -1 : 0;
}

int import_write_forwards(struct ctl *ctl, struct import_plan *plan)
{
	for (size_t i = 0; i < plan->member_count; i++) {
		struct import_member *member = &plan->members[i];

		if (member->forward != NULL && !member->is_left && add(ctl, plan, member) < 0)
			return -1;
	}
	return 0;
}
