/* forward.c - see forward.h. */
#include "policy/forward/forward.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/forward/rows.h"

static void read_target(struct pl_stmt *rows, const struct pl_policy *policy,
			struct pl_forward *forward)
{
	char domain[PL_DOMAIN_MAX + 1];
	struct pl_forward_target *target;

	if (pl_col_is_null(rows, "target_id") || forward->count == PL_FORWARD_TARGETS_MOST)
		return;
	target = &forward->target[forward->count++];
	memset(target, 0, sizeof(*target));
	target->id = pl_col_int(rows, "target_id");
	pl_col_copy(rows, "address", target->address, sizeof(target->address));
	target->added_at = pl_col_int(rows, "added_at");
	target->confirmed_at = pl_col_int(rows, "confirmed_at");
	pl_col_copy(rows, "confirmed_by", target->confirmed_by, sizeof(target->confirmed_by));
	pl_col_copy(rows, "target_domain", domain, sizeof(domain));
	target->is_outside =
		pl_col_is_null(rows, "inside_id") && pl_policy_domain(policy, domain) == NULL;
	target->is_elsewhere = pl_col_int(rows, "elsewhere") != 0;
}

static void read_head(struct pl_stmt *rows, struct pl_forward *forward_r)
{
	memset(forward_r, 0, sizeof(*forward_r));
	forward_r->member_id = pl_col_int(rows, "member_id");
	pl_col_copy(rows, "local", forward_r->owner.local, sizeof(forward_r->owner.local));
	pl_col_copy(rows, "domain", forward_r->owner.domain, sizeof(forward_r->owner.domain));
	forward_r->is_enabled = pl_col_int(rows, "enabled") != 0;
	forward_r->keep_copy = pl_col_int(rows, "keep_copy") != 0;
	forward_r->changed_at = pl_col_int(rows, "changed_at");
}

/* Rows of one forward follow one another. */
int pl_forward_read_all(struct pl_stmt *rows, const struct pl_policy *policy,
			int (*each)(const struct pl_forward *forward, void *context), void *context,
			struct pl_error *err)
{
	struct pl_forward forward = { .member_id = 0 };
	int ret;

	while ((ret = pl_step(rows, err)) == 1) {
		if (pl_col_int(rows, "member_id") != forward.member_id) {
			if (forward.member_id != 0 && each(&forward, context) != 0) {
				pl_reset(rows);
				return 0;
			}
			read_head(rows, &forward);
		}
		read_target(rows, policy, &forward);
		if (pl_row_ok(rows, err) < 0) {
			pl_reset(rows);
			return -1;
		}
	}
	if (ret == 0 && forward.member_id != 0)
		(void)each(&forward, context);
	return ret;
}

static int keep_one(const struct pl_forward *forward, void *context)
{
	struct pl_forward *forward_r = context;

	*forward_r = *forward;
	return 0;
}

int pl_forward_get(struct pl_store *store, const struct pl_policy *policy, int64_t member_id,
		   struct pl_forward *forward_r, struct pl_error *err)
{
	struct pl_stmt *rows =
		pl_query(store, PL_SQL_FORWARD_GET, PL_PARAMS(PL_INT("member_id", member_id)));

	forward_r->member_id = 0;
	forward_r->count = 0;
	if (pl_forward_read_all(rows, policy, keep_one, forward_r, err) < 0)
		return -1;
	return forward_r->member_id != 0;
}

int pl_forward_list(struct pl_store *store, const struct pl_policy *policy, const char *domain,
		    int (*each)(const struct pl_forward *forward, void *context), void *context,
		    struct pl_error *err)
{
	struct pl_stmt *rows = domain == NULL ? pl_query(store, PL_SQL_FORWARD_LIST, NULL)
					      : pl_query(store, PL_SQL_FORWARD_LIST_DOMAIN,
							 PL_PARAMS(PL_TEXT("domain", domain)));

	return pl_forward_read_all(rows, policy, each, context, err);
}

size_t pl_forward_outside(const struct pl_forward *forward)
{
	size_t count = 0;

	for (size_t i = 0; i < forward->count; i++)
		count += forward->target[i].is_outside != 0;
	return count;
}

/* -- changes -- */

void pl_forward_describe(const struct pl_forward *forward, char text_r[PL_AUDIT_TEXT])
{
	size_t len;

	text_r[0] = '\0';
	if (forward->member_id == 0)
		return;
	len = (size_t)snprintf(text_r, PL_AUDIT_TEXT,
			       "%s%s to=", forward->is_enabled ? "on" : "off",
			       forward->keep_copy ? " keep-copy" : "");
	for (size_t i = 0; i < forward->count && len < PL_AUDIT_TEXT - PL_ADDRESS_MAX - 16; i++)
		len += (size_t)snprintf(text_r + len, PL_AUDIT_TEXT - len, "%s%s%s",
					i > 0 ? "," : "", forward->target[i].address,
					forward->target[i].confirmed_at == 0 ? "(unconfirmed)"
									     : "");
}

int pl_forward_record(const struct pl_work *work, const struct pl_policy *policy,
		      const struct pl_account *account, const char *action,
		      const struct pl_forward *before)
{
	char was[PL_AUDIT_TEXT], is[PL_AUDIT_TEXT], object[PL_ADDRESS_MAX + 1];
	struct pl_forward after;

	if (pl_forward_get(work->store, policy, account->member.id, &after, work->err) < 0)
		return -1;
	pl_forward_describe(before, was);
	pl_forward_describe(&after, is);
	return pl_audit_add(work, action, pl_address_format(&account->member.address, object), was,
			    is);
}

int pl_forward_put(const struct pl_work *work, int64_t member_id, int enabled, int keep_copy)
{
	return pl_exec(work->store, PL_SQL_FORWARD_PUT,
		       PL_PARAMS(PL_INT("member_id", member_id), PL_INT("enabled", enabled),
				 PL_INT("keep_copy", keep_copy), PL_INT("now", work->now)),
		       work->err);
}

/* Also with an extension: Postfix would find the member's forward again. */
static int is_own(const struct pl_account *account, const struct pl_target *target)
{
	const struct pl_address *own = &account->member.address;
	const size_t len = strlen(own->local);

	return strcmp(target->address.domain, own->domain) == 0 &&
	       strncmp(target->address.local, own->local, len) == 0 &&
	       (target->address.local[len] == '\0' || target->address.local[len] == '+');
}

static int misfit(struct pl_error *err, enum pl_target_fault *fault_r, enum pl_target_fault fault,
		  const char *sentence, const char *target)
{
	*fault_r = fault;
	return pl_error_set(err, PL_ERR_INVALID, "%s%s", target, sentence);
}

static int check_target(const struct pl_work *work, const struct pl_account *account,
			struct pl_target *targets, size_t at, enum pl_target_fault *fault_r)
{
	struct pl_target *target = &targets[at];
	/* An alias of the member's domain leads back as well. */
	struct pl_target of_alias = *target;

	if (pl_domain_of_alias(work->store, &of_alias.address, work->err) < 0)
		return -1;
	if (is_own(account, target) || is_own(account, &of_alias))
		return misfit(work->err, fault_r, PL_TARGET_OWN,
			      " is the member's own address; to have the mail in the mailbox, too, "
			      "keep a copy",
			      target->text);
	for (size_t i = 0; i < at; i++) {
		if (strcasecmp(targets[i].text, target->text) == 0)
			return misfit(work->err, fault_r, PL_TARGET_TWICE, " is given twice",
				      target->text);
	}
	return 0;
}

static int check_count(const struct pl_work *work, const struct pl_policy *policy, size_t count,
		       enum pl_target_fault *fault_r)
{
	if (count > 0 && count <= (size_t)policy->forward_targets)
		return 0;
	*fault_r = PL_TARGET_ONE_TOO_MANY;
	return pl_error_set(work->err, PL_ERR_INVALID,
			    "a forward has 1 to %ld targets (forward_targets in the policy file)",
			    policy->forward_targets);
}

int pl_forward_check(const struct pl_work *work, const struct pl_policy *policy,
		     const struct pl_account *account, const char *const *texts, size_t count,
		     struct pl_target targets_r[PL_FORWARD_TARGETS_MOST],
		     enum pl_target_fault *fault_r)
{
	enum pl_target_fault fault;

	if (fault_r == NULL)
		fault_r = &fault;
	*fault_r = PL_TARGET_FITS;
	if (!pl_local_is_plain(account->member.address.local))
		return misfit(work->err, fault_r, PL_TARGET_OF_NOBODY,
			      "mail for an address with such dots cannot be forwarded", "");
	if (check_count(work, policy, count, fault_r) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (pl_target_parse(texts[i], &targets_r[i], work->err) < 0) {
			*fault_r = PL_TARGET_NO_ADDRESS;
			return -1;
		}
		if (check_target(work, account, targets_r, i, fault_r) < 0)
			return -1;
	}
	return 0;
}

int pl_forward_insert(const struct pl_work *work, int64_t member_id, const struct pl_target *target,
		      const char *confirmed_by, int64_t *id_r)
{
	return pl_insert(work->store, PL_SQL_FORWARD_TARGET_INSERT,
			 PL_PARAMS(PL_INT("member_id", member_id), PL_TEXT("address", target->text),
				   PL_TEXT("domain", target->address.domain),
				   PL_INT("now", work->now), PL_TEXT("confirmed_by", confirmed_by)),
			 id_r, work->err);
}

static int delete (const struct pl_work *work, int64_t member_id)
{
	return pl_exec(work->store, PL_SQL_FORWARD_DELETE,
		       PL_PARAMS(PL_INT("member_id", member_id)), work->err);
}

int pl_forward_set(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_account *account, const char *const *targets, size_t count,
		   int keep_copy)
{
	const int64_t id = account->member.id;
	struct pl_target parsed[PL_FORWARD_TARGETS_MOST];
	struct pl_forward before;
	int64_t target_id;

	if (pl_forward_check(work, policy, account, targets, count, parsed, NULL) < 0 ||
	    pl_forward_get(work->store, policy, id, &before, work->err) < 0 ||
	    delete (work, id) < 0 || pl_forward_put(work, id, 1, keep_copy) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (pl_forward_insert(work, id, &parsed[i], PL_TARGET_BY_OPERATOR, &target_id) < 0)
			return -1;
	}
	return pl_forward_record(work, policy, account, "forward.set", &before);
}

int pl_forward_enable(const struct pl_work *work, const struct pl_policy *policy,
		      const struct pl_account *account, int enabled)
{
	struct pl_forward before;
	const int ret = pl_forward_get(work->store, policy, account->member.id, &before, work->err);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return pl_error_set(work->err, PL_ERR_CONFLICT, "the member has no forward");
	if (before.is_enabled == enabled)
		return 0;
	if (pl_forward_put(work, before.member_id, enabled, before.keep_copy) < 0 ||
	    pl_forward_record(work, policy, account, "forward.set", &before) < 0)
		return -1;
	return 1;
}

int pl_forward_clear(const struct pl_work *work, const struct pl_policy *policy,
		     const struct pl_account *account)
{
	struct pl_forward before;
	const int ret = pl_forward_get(work->store, policy, account->member.id, &before, work->err);

	if (ret != 1)
		return ret;
	if (delete (work, before.member_id) < 0 ||
	    pl_forward_record(work, policy, account, "forward.clear", &before) < 0)
		return -1;
	return 1;
}

#define PORTION 64

/* Members whose forwards are to be removed. */
struct portion {
	int all;
	size_t count;
	struct {
		int64_t id;
		struct pl_address address;
	} member[PORTION];
};

static int pick(const struct pl_forward *forward, void *context)
{
	struct portion *portion = context;

	if (!portion->all && pl_forward_outside(forward) == 0)
		return 0;
	portion->member[portion->count].id = forward->member_id;
	portion->member[portion->count++].address = forward->owner;
	return portion->count == PORTION;
}

static int clear_portion(const struct pl_work *work, const struct pl_policy *policy,
			 const struct portion *portion)
{
	struct pl_account account = { .domains_known = 0 };

	for (size_t i = 0; i < portion->count; i++) {
		account.member.id = portion->member[i].id;
		account.member.address = portion->member[i].address;
		if (pl_forward_clear(work, policy, &account) < 0)
			return -1;
	}
	return 0;
}

/* In portions: a list is not changed while it is read. */
int64_t pl_forward_clear_domain(const struct pl_work *work, const struct pl_policy *policy,
				const char *domain, int all)
{
	struct portion portion = { .all = all };
	int64_t count = 0;

	do {
		portion.count = 0;
		if (pl_forward_list(work->store, policy, domain, pick, &portion, work->err) < 0 ||
		    clear_portion(work, policy, &portion) < 0)
			return -1;
		count += (int64_t)portion.count;
	} while (portion.count > 0);
	return count;
}
