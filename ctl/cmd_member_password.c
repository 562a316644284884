/* cmd_member_password.c - postlatch member note-password-change. */
#include "ctl/command.h"
#include "policy/account/member_times.h"

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
