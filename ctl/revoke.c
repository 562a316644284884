/* revoke.c - `NOUN revoke MEMBER ID` and `NOUN revoke MEMBER --all`; see command.h. */
#include <stdio.h>
#include <stdlib.h>

#include "ctl/command.h"
#include "dovecot/doveadm.h"

/* args[1]; 0 for --all. main.c has seen that there is one of the two. */
static int read_id(const struct ctl *ctl, int64_t *id_r, struct pl_error *err)
{
	char *end;

	*id_r = 0;
	if (ctl->option[CTL_OPTION_ALL] != NULL)
		return 0;
	*id_r = strtoll(ctl->args[1], &end, 10);
	if (*id_r <= 0 || *end != '\0')
		return pl_error_set(err, PL_ERR_INVALID,
				    "\"%.32s\" is not an ID; `postlatch %s list` shows them",
				    ctl->args[1], ctl->command->noun);
	return 0;
}

/* The sessions that end, of which more may be than fit. */
struct ending {
	struct disconnection *ended;
	int64_t count;
};

static int add_session(const struct pl_session *session, void *context)
{
	struct ending *ending = context;

	disconnection_add_session(ending->ended, session);
	ending->count++;
	return 0;
}

int64_t ctl_add_sessions(const struct pl_work *work, const struct pl_account *account,
			 struct disconnection *ended)
{
	struct ending ending = { .ended = ended };

	return pl_session_list(work, account->member.id, add_session, &ending) < 0 ? -1
										   : ending.count;
}

static void show_failure(const struct pl_error *err)
{
	fprintf(stderr, "postlatch: mail connections may stay open: %s\n", err->msg);
}

void ctl_disconnect(const struct ctl *ctl, const struct disconnection *ended)
{
	if (ended->count == 0)
		return;
	doveadm_open();
	disconnection_run(ended, ctl->policy, show_failure);
}

int ctl_revoke(struct ctl *ctl, const struct ctl_revocable *kind, struct pl_error *err)
{
	struct disconnection ended = { .count = 0 };
	struct pl_account account;
	int64_t id, count;

	if (ctl_member(ctl, &account, err) < 0 || read_id(ctl, &id, err) < 0 ||
	    pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	count = kind->revoke(&ctl->work, &account, id, &ended);
	if (count == 0 && id != 0)
		count = pl_error_set(err, PL_ERR_CONFLICT, "%s has no %s %lld", ctl->args[0],
				     kind->name, (long long)id);
	if (ctl_finish_write(ctl, count < 0 ? -1 : 0, err) < 0)
		return -1;
	ctl_disconnect(ctl, &ended);
	if (ctl->json)
		return ctl_print_json(json_pack("{s:I}", "revoked", (json_int_t)count), err);
	printf("revoked %lld %ss\n", (long long)count, kind->name);
	return CTL_DONE;
}
