/* cmd_session.c - postlatch session ... and postlatch device ... */
#include <time.h>

#include "ctl/command.h"
#include "policy/credential/trusted.h"

/* ---- sessions ---- */

/* Those of programs are connected applications, which have commands of their own. */
static int session_json(const struct pl_session *row, void *context)
{
	if (row->channel != PL_CHANNEL_WEBMAIL)
		return 0;
	json_array_append_new(context, json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:b}", "id",
						 (json_int_t)row->id, "device", row->device, "ip",
						 row->ip, "channel", pl_channel_name(row->channel),
						 "created_at", (json_int_t)row->created_at,
						 "seen_at", (json_int_t)row->seen_at, "expires_at",
						 (json_int_t)row->expires_at, "device_trusted",
						 row->trusted_id != 0));
	return 0;
}

static int session_text(const struct pl_session *row, void *context)
{
	char created[32], seen[32], expires[32];

	(void)context;
	if (row->channel != PL_CHANNEL_WEBMAIL)
		return 0;
	printf("%-6lld ", (long long)row->id);
	ctl_put(stdout, row->device[0] != '\0' ? row->device : "(no name)");
	printf("%s\n       signed in %s, last seen %s from ",
	       row->trusted_id != 0 ? ", trusted" : "",
	       ctl_time(row->created_at, created, sizeof(created)),
	       ctl_time(row->seen_at, seen, sizeof(seen)));
	ctl_put(stdout, row->ip[0] != '\0' ? row->ip : "an unknown address");
	printf("; ends %s\n", ctl_time(row->expires_at, expires, sizeof(expires)));
	return 0;
}

int cmd_session_list(struct ctl *ctl, struct pl_error *err)
{
	struct pl_account account;
	json_t *json;

	if (ctl_member(ctl, &account, err) < 0)
		return -1;
	if (!ctl->json)
		return pl_session_list(&ctl->work, account.member.id, session_text, NULL);
	json = json_array();
	if (pl_session_list(&ctl->work, account.member.id, session_json, json) < 0) {
		json_decref(json);
		return -1;
	}
	return ctl_print_json(json, err);
}

static int64_t revoke_session(const struct pl_work *work, const struct pl_account *account,
			      int64_t id, struct disconnection *ended)
{
	struct pl_session session;
	int found = pl_session_get(work->store, id, &session, work->err);

	if (found < 0)
		return -1;
	if (found == 1 && session.member_id == account->member.id)
		disconnection_add_session(ended, &session);
	return pl_session_sign_out(work, account, id);
}

static int64_t revoke_sessions(const struct pl_work *work, struct pl_account *account, int64_t id,
			       struct disconnection *ended)
{
	int64_t count;

	if (id != 0)
		return revoke_session(work, account, id, ended);
	count = ctl_add_sessions(work, account, ended);
	return count < 0 || pl_session_revoke_all(work, account) < 0 ? -1 : count;
}

int cmd_session_revoke(struct ctl *ctl, struct pl_error *err)
{
	static const struct ctl_revocable kind = { "session", revoke_sessions };

	return ctl_revoke(ctl, &kind, err);
}

/* ---- trusted devices ---- */

static int device_json(const struct pl_trusted *row, void *context)
{
	json_array_append_new(context, json_pack("{s:I, s:s, s:s, s:I, s:I, s:I}", "id",
						 (json_int_t)row->id, "name", row->name, "ip",
						 row->ip, "created_at", (json_int_t)row->created_at,
						 "used_at", (json_int_t)row->used_at, "expires_at",
						 (json_int_t)row->expires_at));
	return 0;
}

static int device_text(const struct pl_trusted *row, void *context)
{
	char created[32], used[32], expires[32];

	(void)context;
	printf("%-6lld ", (long long)row->id);
	ctl_put(stdout, row->name[0] != '\0' ? row->name : "(no name)");
	printf("\n       trusted since %s, last used %s from ",
	       ctl_time(row->created_at, created, sizeof(created)),
	       ctl_time(row->used_at, used, sizeof(used)));
	ctl_put(stdout, row->ip[0] != '\0' ? row->ip : "an unknown address");
	printf("; until %s\n", ctl_time(row->expires_at, expires, sizeof(expires)));
	return 0;
}

int cmd_device_list(struct ctl *ctl, struct pl_error *err)
{
	struct pl_account account;
	json_t *json;

	if (ctl_member(ctl, &account, err) < 0)
		return -1;
	if (!ctl->json)
		return pl_trusted_list(&ctl->work, account.member.id, device_text, NULL);
	json = json_array();
	if (pl_trusted_list(&ctl->work, account.member.id, device_json, json) < 0) {
		json_decref(json);
		return -1;
	}
	return ctl_print_json(json, err);
}

/* Who is signed in on one of them stays so. */
static int64_t revoke_devices(const struct pl_work *work, struct pl_account *account, int64_t id,
			      struct disconnection *ended)
{
	(void)ended;
	return pl_trusted_remove(work, account, id);
}

int cmd_device_revoke(struct ctl *ctl, struct pl_error *err)
{
	static const struct ctl_revocable kind = { "trusted device", revoke_devices };

	return ctl_revoke(ctl, &kind, err);
}
