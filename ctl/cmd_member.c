/* cmd_member.c - postlatch member add, set, remove; show and list are in cmd_member_show.c. */
#include <string.h>

#include "ctl/targets.h"
#include "policy/account/outcome.h"

static int add(struct ctl *ctl, const struct pl_address *address, const struct pl_change *change,
	       struct pl_error *err)
{
	return ctl_known_domain(ctl, address, err) < 0 ? -1
						       : pl_member_add(&ctl->work, address, change);
}

int cmd_member_add(struct ctl *ctl, struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_address address;
	struct pl_change change;

	if (ctl_address(ctl, ctl->args[0], &address, err) < 0 ||
	    ctl_change(ctl, 1, PL_AT_MEMBER, &change, err) < 0 ||
	    pl_change_check(&change, ctl->policy, address.domain, err) < 0 ||
	    pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	if (ctl_finish_write(ctl, add(ctl, &address, &change, err), err) < 0)
		return -1;
	ctl_note_change(ctl, &change);
	pl_address_format(&address, text);
	if (ctl->json)
		return ctl_print_json(json_pack("{s:s}", "member", text), err);
	printf("added %s\n", text);
	return CTL_DONE;
}

/* Words with '@' are members; "name=value" has none. */
static int read_words(struct ctl *ctl, struct targets *targets, struct pl_change *change,
		      struct pl_error *err)
{
	struct pl_address address;

	memset(change, 0, sizeof(*change));
	for (int i = 0; i < ctl->arg_count; i++) {
		const char *word = ctl->args[i];

		if (strchr(word, '=') != NULL && strchr(word, '@') == NULL) {
			if (pl_change_parse(word, PL_AT_MEMBER, change, err) < 0)
				return -1;
		} else if (ctl_address(ctl, word, &address, err) < 0) {
			return -1;
		} else if (targets_add(targets, &address) < 0) {
			return pl_error_set(err, PL_ERR_RETRY, "out of memory");
		}
	}
	if (change->settings == 0 && !change->has_active && !change->has_class)
		return pl_error_set(err, PL_ERR_INVALID, "nothing to set; add NAME=VALUE");
	if (targets->count == 0 && ctl->option[CTL_OPTION_DOMAIN] == NULL &&
	    ctl->option[CTL_OPTION_CLASS] == NULL && ctl->option[CTL_OPTION_STDIN] == NULL)
		return pl_error_set(err, PL_ERR_INVALID,
				    "no member is given; add an address, --domain, --class or "
				    "--stdin");
	return 0;
}

/* One `member set`: what is asked for, and what came of it. */
struct member_set {
	struct targets targets;
	struct pl_change change;
	int changed, added; /* added are among the changed */
	const struct pl_address *first_added;
	struct targets shut_out; /* from what they may have open */
	json_t *changes;         /* for --json: those that were changed, before and after */
};

static void show_change(const struct ctl *ctl, struct member_set *set,
			const struct pl_address *address, const char *before, const char *after)
{
	char text[PL_ADDRESS_MAX + 1];

	pl_address_format(address, text);
	if (ctl->json)
		json_array_append_new(set->changes, json_pack("{s:s, s:s, s:s}", "member", text,
							      "before", before, "after", after));
	else if (ctl->option[CTL_OPTION_DRY_RUN] != NULL)
		printf("%s: %s -> %s\n", text, *before != '\0' ? before : "(new)",
		       *after != '\0' ? after : "(no settings)");
}

/* Values as pl_member_set_or_add. */
static int change_one(struct ctl *ctl, struct pl_account *account, const struct pl_change *change,
		      char *before, char *after)
{
	if (ctl->option[CTL_OPTION_ADD] == NULL)
		return pl_member_set(&ctl->work, ctl->policy, account, change, before, after);
	return ctl_known_domain(ctl, &account->member.address, ctl->work.err) < 0
		       ? -1
		       : pl_member_set_or_add(&ctl->work, ctl->policy, account, change, before,
					      after);
}

/* The same, and keeps one who is shut out. */
static int set_one(struct ctl *ctl, struct member_set *set, const struct pl_address *address,
		   char *before, char *after)
{
	struct pl_account was, account;
	int ret, shut_out;

	if (pl_account_get(ctl->work.store, address, &was, ctl->work.err) < 0)
		return -1;
	pl_account_unknown(address, &account);
	ret = change_one(ctl, &account, &set->change, before, after);
	if (ret != 1)
		return ret;
	shut_out = pl_outcome_shuts_out(&ctl->work, ctl->policy, &was, &account);
	if (shut_out == 1 && targets_add(&set->shut_out, &account.member.address) < 0)
		return pl_error_set(ctl->work.err, PL_ERR_RETRY, "out of memory");
	return shut_out < 0 ? -1 : ret;
}

/* Ends what those have open who were shut out. */
static void end_connections(const struct ctl *ctl, const struct member_set *set)
{
	if (ctl->option[CTL_OPTION_DRY_RUN] != NULL)
		return;
	for (size_t i = 0; i < set->shut_out.count; i++) {
		struct disconnection ended = { .count = 0 };

		disconnection_add_member(&ended, &set->shut_out.addresses[i]);
		ctl_disconnect(ctl, &ended);
	}
}

static int set_all(struct ctl *ctl, struct member_set *set)
{
	char before[PL_AUDIT_TEXT], after[PL_AUDIT_TEXT];

	for (size_t i = 0; i < set->targets.count; i++) {
		const struct pl_address *address = &set->targets.addresses[i];
		int ret = set_one(ctl, set, address, before, after);

		if (ret < 0)
			return -1;
		if (ret > 0) {
			show_change(ctl, set, address, before, after);
			set->changed++;
		}
		if (ret == 2 && set->added++ == 0)
			set->first_added = address;
		if ((i + 1) % 1000 == 0)
			ctl_progress("members", (int64_t)i + 1, (int64_t)set->targets.count);
	}
	return 0;
}

static int print_set(const struct ctl *ctl, const struct member_set *set, struct pl_error *err)
{
	const size_t asked = set->targets.count;
	int dry = ctl->option[CTL_OPTION_DRY_RUN] != NULL;
	char text[PL_ADDRESS_MAX + 1];

	if (ctl->json)
		return ctl_print_json(json_pack("{s:b, s:I, s:i, s:i, s:O}", "dry_run", dry,
						"members", (json_int_t)asked, "changed",
						set->changed, "added", set->added, "changes",
						set->changes),
				      err);
	printf("%s %d of %zu members\n", dry ? "would change" : "changed", set->changed, asked);
	if (set->added > 1)
		printf("%d of them are new, the first is %s\n", set->added,
		       pl_address_format(set->first_added, text));
	else if (set->added == 1)
		printf("new: %s\n", pl_address_format(set->first_added, text));
	return CTL_DONE;
}

int cmd_member_set(struct ctl *ctl, struct pl_error *err)
{
	struct member_set set = { .changes = json_array() };
	int ret = -1;

	/* The list and the change are one transaction: nobody slips in between. But nobody
	 * shall wait for what is typed. */
	if (read_words(ctl, &set.targets, &set.change, err) == 0 &&
	    targets_from_stdin(ctl, &set.targets, err) == 0 &&
	    pl_store_begin_write(ctl->work.store, err) == 0) {
		if (targets_from_options(ctl, &set.targets, err) == 0)
			ret = set_all(ctl, &set);
		if (ctl_finish_write(ctl, ret, err) < 0)
			ret = -1;
		else
			ret = print_set(ctl, &set, err);
		if (ret == CTL_DONE) {
			end_connections(ctl, &set);
			ctl_note_change(ctl, &set.change);
		}
	}
	json_decref(set.changes);
	targets_free(&set.targets);
	targets_free(&set.shut_out);
	return ret;
}

static int remove_all(struct ctl *ctl, struct pl_error *err)
{
	for (int i = 0; i < ctl->arg_count; i++) {
		struct pl_address address;
		int ret = ctl_address(ctl, ctl->args[i], &address, err);

		if (ret == 0)
			ret = pl_member_remove(&ctl->work, &address);
		if (ret == 0)
			return pl_error_set(err, PL_ERR_CONFLICT, "no such member: %.320s",
					    ctl->args[i]);
		if (ret < 0)
			return -1;
	}
	return 0;
}

int cmd_member_remove(struct ctl *ctl, struct pl_error *err)
{
	if (pl_store_begin_write(ctl->work.store, err) < 0 ||
	    ctl_finish_write(ctl, remove_all(ctl, err), err) < 0)
		return -1;
	if (ctl->json)
		return ctl_print_json(json_pack("{s:i}", "removed", ctl->arg_count), err);
	printf("removed %d members\n", ctl->arg_count);
	return CTL_DONE;
}
