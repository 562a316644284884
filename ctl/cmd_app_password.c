/* cmd_app_password.c - postlatch app-password ... */
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"

static int read_limits(const struct ctl *ctl, struct pl_app_password *app_password,
		       struct pl_error *err)
{
	const char *kind = ctl->option[CTL_OPTION_KIND], *label = ctl->option[CTL_OPTION_LABEL],
		   *services = ctl->option[CTL_OPTION_SERVICES];
	const char *networks = ctl->option[CTL_OPTION_NETWORKS],
		   *expires = ctl->option[CTL_OPTION_EXPIRES];

	memset(app_password, 0, sizeof(*app_password));
	if (ctl_copy("--label", label != NULL ? label : "app password", app_password->label,
		     sizeof(app_password->label), err) < 0 ||
	    (kind != NULL && pl_app_password_kind_parse(kind, &app_password->kind, err) < 0) ||
	    (networks != NULL && ctl_copy("--networks", networks, app_password->networks,
					  sizeof(app_password->networks), err) < 0) ||
	    (services != NULL && pl_services_parse(services, &app_password->services, err) < 0) ||
	    (expires != NULL &&
	     ctl_expiry(expires, ctl->work.now, &app_password->expires_at, err) < 0))
		return -1;
	return 0;
}

static int show_created(const struct ctl *ctl, const struct pl_address *address,
			const struct pl_app_password *made, const struct pl_secret *password,
			struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 1], services[PL_SERVICES_TEXT];
	struct pl_secret display;
	int ret = CTL_DONE;

	pl_address_format(address, text);
	pl_services_format(made->services, services, sizeof(services));
	pl_app_password_display(password, &display);
	if (ctl->json)
		ret = ctl_print_json(json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:I}", "member",
					       text, "id", (json_int_t)made->id, "kind",
					       pl_app_password_kind(made->kind)->name, "label",
					       made->label, "services", services, "networks",
					       made->networks, "password",
					       (const char *)display.data, "expires_at",
					       (json_int_t)made->expires_at),
				     err);
	else if (made->kind == PL_APP_PASSWORD_DECOY)
		printf("%s\n\nThis decoy of %s opens nothing, and raises an alarm when somebody "
		       "tries it. It is not shown again.\n",
		       (const char *)display.data, text);
	else
		printf("%s\n\nThis app password of %s opens %s. It is not shown again.\n",
		       (const char *)display.data, text,
		       made->services == 0 ? "imap, pop3, smtp and sieve" : services);
	pl_secret_wipe(&display);
	return ret;
}

int cmd_app_password_create(struct ctl *ctl, struct pl_error *err)
{
	struct pl_address address;
	struct pl_account before;
	struct pl_app_password app_password;
	struct pl_secret password;
	int ret = -1;

	if (ctl_address(ctl, ctl->args[0], &address, err) < 0 ||
	    read_limits(ctl, &app_password, err) < 0 ||
	    pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	if (ctl_known_domain(ctl, &address, err) == 0 &&
	    pl_account_get(ctl->work.store, &address, &before, err) == 0)
		ret = pl_app_password_issue(&ctl->work, ctl->keys,
					    (size_t)ctl->policy->app_password_length, &address,
					    &app_password, &password);
	if (ret == 0)
		ret = pl_app_password_tell_made(&ctl->work, &app_password, NULL);
	ret = ctl_finish_write(ctl, ret, err);
	if (ret == 0 && before.member.id == 0)
		fprintf(stderr,
			"postlatch: %s was not a member before; see that it is spelled right\n",
			ctl->args[0]);
	if (ret == 0)
		ret = show_created(ctl, &address, &app_password, &password, err);
	pl_secret_wipe(&password);
	return ret;
}

static int list_json(const struct pl_app_password *row, void *context)
{
	char services[PL_SERVICES_TEXT];

	json_array_append_new(context,
			      json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s}", "id",
					(json_int_t)row->id, "kind",
					pl_app_password_kind(row->kind)->name, "label", row->label,
					"services",
					pl_services_format(row->services, services,
							   sizeof(services)),
					"networks", row->networks, "expires_at",
					(json_int_t)row->expires_at, "created_at",
					(json_int_t)row->created_at, "last_used_at",
					(json_int_t)row->last_used_at, "last_used_ip",
					row->last_used_ip, "last_used_service",
					row->last_used_service));
	return 0;
}

static const char *last_use(const struct pl_app_password *row, char buf[32])
{
	return row->last_used_at == 0 ? "never" : ctl_time(row->last_used_at, buf, 32);
}

static int list_text(const struct pl_app_password *row, void *context)
{
	char services[PL_SERVICES_TEXT], created[32], used[32], expires[32];

	(void)context;
	printf("%-6lld ", (long long)row->id);
	ctl_put(stdout, row->label);
	ctl_time(row->created_at, created, sizeof(created));
	if (row->kind == PL_APP_PASSWORD_DECOY)
		printf("\n       decoy, opens nothing; created %s\n       last tried %s", created,
		       last_use(row, used));
	else
		printf("\n       %s, opens %s from %s; created %s, expires %s\n       last used %s",
		       pl_app_password_kind(row->kind)->name,
		       pl_services_format(row->services, services, sizeof(services)),
		       row->networks[0] != '\0' ? row->networks : "everywhere", created,
		       row->expires_at == 0 ? "never"
					    : ctl_time(row->expires_at, expires, sizeof(expires)),
		       last_use(row, used));
	if (row->last_used_at != 0)
		printf(" for %s from %s", row->last_used_service, row->last_used_ip);
	putchar('\n');
	return 0;
}

int cmd_app_password_list(struct ctl *ctl, struct pl_error *err)
{
	struct pl_account account;
	json_t *json;

	if (ctl_member(ctl, &account, err) < 0)
		return -1;
	if (!ctl->json)
		return pl_app_password_list(ctl->work.store, account.member.id, list_text, NULL,
					    err);
	json = json_array();
	if (pl_app_password_list(ctl->work.store, account.member.id, list_json, json, err) < 0) {
		json_decref(json);
		return -1;
	}
	return ctl_print_json(json, err);
}

static int64_t revoke(const struct pl_work *work, struct pl_account *account, int64_t id,
		      struct disconnection *ended)
{
	return disconnection_add_app_passwords(ended, work, account, id) < 0
		       ? -1
		       : pl_app_password_revoke(work, &account->member.address, id, NULL);
}

int cmd_app_password_revoke(struct ctl *ctl, struct pl_error *err)
{
	static const struct ctl_revocable kind = { "app password", revoke };

	return ctl_revoke(ctl, &kind, err);
}
