/* cmd_totp.c - postlatch totp ... */
#include "ctl/command.h"
#include "policy/outbox/notice.h"
#include "policy/credential/factor.h"

static int show_json(const char *address, int known, const struct pl_factor_state *state,
		     struct pl_error *err)
{
	return ctl_print_json(json_pack("{s:s, s:b, s:b, s:I, s:s, s:i, s:b, s:I, s:i}", "member",
					address, "known", known, "registered", state->kinds != 0,
					"registered_at", (json_int_t)state->registered_at,
					"registered_ip", state->registered_ip, "failures",
					state->failures, "blocked",
					state->failures >= PL_FACTOR_MAX_FAILURES, "wait_until",
					(json_int_t)state->wait_until, "recovery_codes",
					state->recovery_codes),
			      err);
}

static void show_text(const char *address, int known, const struct pl_factor_state *state)
{
	char at[32], failures[96];

	ctl_line("member", address);
	ctl_line("known", known ? "yes" : "no");
	ctl_line("registered", state->kinds != 0 ? "yes" : "no");
	if (state->kinds != 0) {
		ctl_line("registered at", ctl_time(state->registered_at, at, sizeof(at)));
		ctl_line("registered from", state->registered_ip);
		printf("%-*s %d\n", CTL_NAME_WIDTH, "recovery codes left", state->recovery_codes);
	}
	if (state->failures >= PL_FACTOR_MAX_FAILURES)
		snprintf(failures, sizeof(failures), "%d: blocked until `postlatch totp reset`",
			 state->failures);
	else if (state->wait_until != 0)
		snprintf(failures, sizeof(failures), "%d: no code is accepted until %s",
			 state->failures, ctl_time(state->wait_until, at, sizeof(at)));
	else
		snprintf(failures, sizeof(failures), "%d", state->failures);
	ctl_line("failures in a row", failures);
}

int cmd_totp_status(struct ctl *ctl, struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_address address;
	struct pl_account account;
	struct pl_factor_state state;

	if (ctl_address(ctl, ctl->args[0], &address, err) < 0 ||
	    pl_account_get(ctl->work.store, &address, &account, err) < 0 ||
	    pl_factor_state(&ctl->work, account.member.id, &state) < 0)
		return -1;
	pl_address_format(&address, text);
	if (ctl->json)
		return show_json(text, account.member.id != 0, &state, err);
	show_text(text, account.member.id != 0, &state);
	return CTL_DONE;
}

/* Who was signed in with the factor that is gone signs in anew. Values as pl_factor_reset. */
static int reset(struct ctl *ctl, struct pl_account *account, struct disconnection *ended,
		 struct pl_error *err)
{
	int removed = pl_store_begin_write(ctl->work.store, err);

	if (removed == 0)
		removed = pl_factor_reset(&ctl->work, account);
	if (removed >= 0 && (ctl_add_sessions(&ctl->work, account, ended) < 0 ||
			     pl_session_revoke_all(&ctl->work, account) < 0))
		removed = -1;
	if (removed == 1 && pl_notice_add(&ctl->work, account->member.id, "factor-reset", NULL) < 0)
		removed = -1;
	return ctl_finish_write(ctl, removed, err);
}

int cmd_totp_reset(struct ctl *ctl, struct pl_error *err)
{
	struct disconnection ended = { .count = 0 };
	char text[PL_ADDRESS_MAX + 1];
	struct pl_account account;
	int removed;

	if (ctl_member(ctl, &account, err) < 0)
		return -1;
	pl_address_format(&account.member.address, text);
	removed = reset(ctl, &account, &ended, err);
	if (removed < 0)
		return -1;
	ctl_disconnect(ctl, &ended);
	if (ctl->json)
		return ctl_print_json(json_pack("{s:s, s:b}", "member", text, "removed", removed),
				      err);
	if (removed)
		printf("removed the second factor of %s, its recovery codes and trusted devices\n",
		       text);
	else
		printf("%s had no second factor; its failures were cleared\n", text);
	puts("its webmail sessions were ended");
	return CTL_DONE;
}
