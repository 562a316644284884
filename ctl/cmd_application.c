/* cmd_application.c - postlatch application ... */
#include "ctl/command.h"
#include "policy/settings/services.h"
#include "policy/session/application.h"

static int list_json(const struct pl_application *row, void *context)
{
	const struct pl_session *session = &row->session;
	char services[PL_SERVICES_TEXT];

	json_array_append_new(context,
			      json_pack("{s:I, s:s, s:s, s:b, s:s, s:I, s:I, s:s, s:s, s:I}", "id",
					(json_int_t)session->id, "name", session->device, "client",
					row->client_id, "registered_itself", row->registered_itself,
					"services",
					pl_services_format(row->services, services,
							   sizeof(services)),
					"created_at", (json_int_t)session->created_at,
					"last_used_at", (json_int_t)session->seen_at,
					"last_used_ip", session->ip, "last_used_service",
					row->used_service, "expires_at",
					(json_int_t)session->expires_at));
	return 0;
}

static int list_text(const struct pl_application *row, void *context)
{
	const struct pl_session *session = &row->session;
	char services[PL_SERVICES_TEXT], created[32], used[32], expires[32];

	(void)context;
	printf("%-6lld ", (long long)session->id);
	ctl_put(stdout, session->device[0] != '\0' ? session->device : "(no name)");
	printf("%s, client %s\n       opens %s; connected %s\n       last used %s",
	       row->registered_itself ? " (unverified name)" : "", row->client_id,
	       pl_services_format(row->services, services, sizeof(services)),
	       ctl_time(session->created_at, created, sizeof(created)),
	       ctl_time(session->seen_at, used, sizeof(used)));
	if (row->used_service[0] != '\0')
		printf(" for %s", row->used_service);
	printf(" from %s; ends %s if it is not used\n", session->ip,
	       ctl_time(session->expires_at, expires, sizeof(expires)));
	return 0;
}

int cmd_application_list(struct ctl *ctl, struct pl_error *err)
{
	struct pl_account account;
	json_t *json;

	if (ctl_member(ctl, &account, err) < 0)
		return -1;
	if (!ctl->json)
		return pl_application_list(&ctl->work, account.member.id, list_text, NULL);
	json = json_array();
	if (pl_application_list(&ctl->work, account.member.id, list_json, json) < 0) {
		json_decref(json);
		return -1;
	}
	return ctl_print_json(json, err);
}

static int64_t revoke(const struct pl_work *work, struct pl_account *account, int64_t id,
		      struct disconnection *ended)
{
	struct pl_application application;
	int64_t count = 0;
	int ret;

	/* Of all, one at a time: a list is not changed while it is read. */
	while ((ret = pl_application_get(work, account->member.id, id, &application)) == 1) {
		if (pl_application_revoke(work, account, &application) < 0)
			return -1;
		disconnection_add_session(ended, &application.session);
		count++;
	}
	return ret < 0 ? -1 : count;
}

int cmd_application_revoke(struct ctl *ctl, struct pl_error *err)
{
	static const struct ctl_revocable kind = { "connected application", revoke };

	return ctl_revoke(ctl, &kind, err);
}
