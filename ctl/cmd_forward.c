/* cmd_forward.c - postlatch forward ... */
#include "ctl/command.h"
#include "policy/forward/forward.h"
#include "policy/forward/look_up.h"

static json_t *forward_json(const struct pl_forward *forward)
{
	char member[PL_ADDRESS_MAX + 1];
	json_t *targets = json_array();

	for (size_t i = 0; i < forward->count; i++) {
		const struct pl_forward_target *target = &forward->target[i];

		json_array_append_new(targets,
				      json_pack("{s:I, s:s, s:b, s:I, s:I, s:s}", "id",
						(json_int_t)target->id, "address", target->address,
						"outside", target->is_outside, "added_at",
						(json_int_t)target->added_at, "confirmed_at",
						(json_int_t)target->confirmed_at, "confirmed_by",
						target->confirmed_by));
	}
	return json_pack("{s:s, s:b, s:b, s:I, s:o}", "member",
			 pl_address_format(&forward->owner, member), "enabled", forward->is_enabled,
			 "keep_copy", forward->keep_copy, "changed_at",
			 (json_int_t)forward->changed_at, "targets", targets);
}

static void forward_text(const struct pl_forward *forward)
{
	char member[PL_ADDRESS_MAX + 1];

	ctl_put(stdout, pl_address_format(&forward->owner, member));
	printf("  %s, %s\n", forward->is_enabled ? "on" : "off",
	       forward->keep_copy ? "keeps a copy" : "keeps no copy");
	for (size_t i = 0; i < forward->count; i++) {
		const struct pl_forward_target *target = &forward->target[i];

		fputs("       ", stdout);
		ctl_put(stdout, target->address);
		printf("%s%s\n", target->is_outside ? ", outside" : "",
		       target->confirmed_at == 0 ? ", not confirmed" : "");
	}
}

/* Whether the forward is set but rests, in words. */
static void tell_rest(const struct ctl *ctl, const struct pl_account *account)
{
	if (!ctl->policy->member_forwards)
		fputs("postlatch: note: Postfix does not ask for forwards (member_forwards = off), "
		      "so mail stays in the mailbox\n",
		      stderr);
	else if (!pl_forward_is_allowed(ctl->policy, account, ctl->work.now))
		fputs("postlatch: note: forwarding is off for this member, so mail stays in the "
		      "mailbox\n",
		      stderr);
}

int cmd_forward_show(struct ctl *ctl, struct pl_error *err)
{
	struct pl_account account;
	struct pl_forward forward;
	int ret;

	if (ctl_member(ctl, &account, err) < 0)
		return -1;
	ret = pl_forward_get(ctl->work.store, ctl->policy, account.member.id, &forward, err);
	if (ret == 0)
		return pl_error_set(err, PL_ERR_CONFLICT, "%s has no forward", ctl->args[0]);
	if (ret < 0)
		return -1;
	if (ctl->json)
		return ctl_print_json(forward_json(&forward), err);
	forward_text(&forward);
	tell_rest(ctl, &account);
	return CTL_DONE;
}

/* What list shows. */
struct listing {
	int outside;
	json_t *json; /* NULL: text */
};

static int list_one(const struct pl_forward *forward, void *context)
{
	const struct listing *listing = context;

	if (listing->outside && pl_forward_outside(forward) == 0)
		return 0;
	if (listing->json != NULL)
		json_array_append_new(listing->json, forward_json(forward));
	else
		forward_text(forward);
	return 0;
}

/* The domain of --domain, folded; NULL without it. */
static int read_domain(const struct ctl *ctl, char domain_r[PL_DOMAIN_MAX + 1],
		       const char **option_r, struct pl_error *err)
{
	*option_r = NULL;
	if (ctl->option[CTL_OPTION_DOMAIN] == NULL)
		return 0;
	if (pl_domain_parse(ctl->option[CTL_OPTION_DOMAIN], domain_r, err) < 0)
		return pl_error_prefix(err, "--domain %.100s", ctl->option[CTL_OPTION_DOMAIN]);
	*option_r = domain_r;
	return 0;
}

int cmd_forward_list(struct ctl *ctl, struct pl_error *err)
{
	struct listing listing = { .outside = ctl->option[CTL_OPTION_OUTSIDE] != NULL };
	char text[PL_DOMAIN_MAX + 1];
	const char *domain;
	int ret;

	if (read_domain(ctl, text, &domain, err) < 0)
		return -1;
	if (ctl->json)
		listing.json = json_array();
	ret = pl_forward_list(ctl->work.store, ctl->policy, domain, list_one, &listing, err);
	if (listing.json == NULL || ret < 0) {
		json_decref(listing.json);
		return ret;
	}
	return ctl_print_json(listing.json, err);
}

int cmd_forward_set(struct ctl *ctl, struct pl_error *err)
{
	const int keep_copy = ctl->option[CTL_OPTION_KEEP_COPY] != NULL;
	struct pl_account account;
	int ret;

	if (ctl_member(ctl, &account, err) < 0 || pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	ret = pl_forward_set(&ctl->work, ctl->policy, &account,
			     (const char *const *)(ctl->args + 1), (size_t)(ctl->arg_count - 1),
			     keep_copy);
	ret = ctl_finish_write(ctl, ret, err);
	if (ret == CTL_DONE)
		tell_rest(ctl, &account);
	return ret;
}

static int switch_forward(struct ctl *ctl, int enabled, struct pl_error *err)
{
	struct pl_account account;
	int ret;

	if (ctl_member(ctl, &account, err) < 0 || pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	ret = pl_forward_enable(&ctl->work, ctl->policy, &account, enabled);
	return ctl_finish_write(ctl, ret < 0 ? -1 : CTL_DONE, err);
}

int cmd_forward_on(struct ctl *ctl, struct pl_error *err)
{
	return switch_forward(ctl, 1, err);
}

int cmd_forward_off(struct ctl *ctl, struct pl_error *err)
{
	return switch_forward(ctl, 0, err);
}

int cmd_forward_clear(struct ctl *ctl, struct pl_error *err)
{
	struct pl_account account;
	int ret;

	if (ctl_member(ctl, &account, err) < 0 || pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	ret = pl_forward_clear(&ctl->work, ctl->policy, &account);
	if (ret == 0)
		ret = pl_error_set(err, PL_ERR_CONFLICT, "%s has no forward", ctl->args[0]);
	return ctl_finish_write(ctl, ret < 0 ? -1 : CTL_DONE, err);
}

int cmd_forward_end(struct ctl *ctl, struct pl_error *err)
{
	struct pl_domain domain;
	char text[PL_DOMAIN_MAX + 1];
	int64_t count;
	int ret;

	if (pl_domain_parse(ctl->args[0], text, err) < 0)
		return pl_error_prefix(err, "domain %.100s", ctl->args[0]);
	ret = pl_domain_get(ctl->work.store, text, &domain, err);
	if (ret == 0)
		return pl_error_set(err, PL_ERR_CONFLICT, "no such domain: %s", text);
	if (ret < 0 || pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	count = pl_forward_clear_domain(&ctl->work, ctl->policy, text,
					ctl->option[CTL_OPTION_ALL] != NULL);
	ret = ctl_finish_write(ctl, count < 0 ? -1 : CTL_DONE, err);
	if (ret != CTL_DONE)
		return ret;
	if (ctl->json)
		return ctl_print_json(json_pack("{s:I}", "ended", (json_int_t)count), err);
	printf("%lld ended\n", (long long)count);
	return CTL_DONE;
}
