/* cmd_member_password.c - postlatch member note-password-change, recover-password. */
#include "ctl/command.h"
#include "policy/account/member_times.h"
#include "policy/recovery/reset.h"

static int note_all(struct ctl *ctl, struct pl_error *err)
{
	struct pl_address address;

	for (int i = 0; i < ctl->arg_count; i++) {
		if (ctl_address(ctl, ctl->args[i], &address, err) < 0 ||
		    pl_member_note_password_change(&ctl->work, &address) < 0)
			return -1;
	}
	return 0;
}

int cmd_member_note_password_change(struct ctl *ctl, struct pl_error *err)
{
	if (pl_store_begin_write(ctl->work.store, err) < 0 ||
	    ctl_finish_write(ctl, note_all(ctl, err), err) < 0)
		return -1;
	if (ctl->json)
		return ctl_print_json(json_pack("{s:i}", "noted", ctl->arg_count), err);
	printf("noted for %d member%s\n", ctl->arg_count, ctl->arg_count == 1 ? "" : "s");
	return CTL_DONE;
}

static int begin(struct ctl *ctl, const struct pl_address *address, struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_account account;
	enum pl_reset_help help;

	if (pl_account_get(ctl->work.store, address, &account, err) < 0 ||
	    pl_reset_help(&ctl->work, ctl->policy, &account, &help) < 0)
		return -1;
	pl_address_format(address, text);
	if (account.member.id == 0)
		return pl_error_set(err, PL_ERR_CONFLICT, "%s: there is no such member", text);
	switch (help) {
	case PL_RESET_POSSIBLE:
		return pl_reset_begin(&ctl->work, ctl->policy, &account);
	case PL_RESET_OFF:
		return pl_error_set(err, PL_ERR_CONFIG,
				    "members cannot set a new password: password_recovery, "
				    "recovery_contacts and password_command are not all in the "
				    "policy file");
	case PL_RESET_NO_CONTACT:
		return pl_error_set(err, PL_ERR_CONFLICT,
				    "%s is switched off, or has no confirmed recovery contact to "
				    "which a link could be sent",
				    text);
	}
	return -1;
}

int cmd_member_recover_password(struct ctl *ctl, struct pl_error *err)
{
	struct pl_address address;

	if (ctl_address(ctl, ctl->args[0], &address, err) < 0 ||
	    pl_store_begin_write(ctl->work.store, err) < 0 ||
	    ctl_finish_write(ctl, begin(ctl, &address, err), err) < 0)
		return -1;
	if (ctl->json)
		return ctl_print_json(json_pack("{s:b}", "begun", 1), err);
	puts("A link is sent to the member's recovery contact.");
	return CTL_DONE;
}
