/* cmd_member_show.c - postlatch member show, list. */
#include <string.h>

#include "ctl/targets.h"
#include "policy/account/last_use.h"
#include "policy/account/member_times.h"
#include "policy/session/application.h"

struct shown {
	int app_passwords, applications;
	struct pl_member_times times;
	json_t *uses; /* NULL: print them */
};

static int count_app_password(const struct pl_app_password *app_password, void *context)
{
	(void)app_password;
	((struct shown *)context)->app_passwords++;
	return 0;
}

static int count_application(const struct pl_application *application, void *context)
{
	(void)application;
	((struct shown *)context)->applications++;
	return 0;
}

/* The newest of a service comes first, and stands for the service. */
static void add_use(json_t *uses, const struct pl_last_use *use)
{
	const char *service = pl_setting_info(use->service)->name;
	json_t *shown = json_object_get(uses, service);

	if (shown == NULL) {
		shown = json_pack("{s:I, s:s, s:{}}", "at", (json_int_t)use->at, "ip", use->ip,
				  "credentials");
		json_object_set_new(uses, service, shown);
	}
	json_object_set_new(json_object_get(shown, "credentials"),
			    pl_login_credential_name(use->credential),
			    json_pack("{s:I, s:s}", "at", (json_int_t)use->at, "ip", use->ip));
}

static int show_use(const struct pl_last_use *use, void *context)
{
	struct shown *shown = context;
	const char *service = pl_setting_info(use->service)->name;
	char at[32], line[128];

	if (shown->uses != NULL) {
		add_use(shown->uses, use);
		return 0;
	}
	snprintf(line, sizeof(line), "%s from %s, credential: %s",
		 ctl_time(use->at, at, sizeof(at)), use->ip[0] != '\0' ? use->ip : "-",
		 pl_login_credential_name(use->credential));
	printf("  %-*s ", CTL_NAME_WIDTH - 2, service);
	ctl_put(stdout, line);
	putchar('\n');
	return 0;
}

/* What is counted, and the times. */
static int find(struct ctl *ctl, int64_t member_id, struct shown *shown, struct pl_error *err)
{
	if (pl_app_password_list(ctl->work.store, member_id, count_app_password, shown, err) < 0 ||
	    pl_application_list(&ctl->work, member_id, count_application, shown) < 0)
		return -1;
	return pl_member_times_get(ctl->work.store, member_id, &shown->times, err);
}

static json_t *time_json(int64_t at)
{
	return at == 0 ? json_null() : json_integer(at);
}

static int show_json(struct ctl *ctl, const struct pl_account *account,
		     const struct pl_layers *layers, struct pl_error *err)
{
	const struct pl_member *member = &account->member;
	char text[PL_ADDRESS_MAX + 1];
	struct shown shown = { .uses = json_object() };

	if (find(ctl, member->id, &shown, err) < 0 ||
	    pl_last_use_list(ctl->work.store, member->id, show_use, &shown, err) < 0) {
		json_decref(shown.uses);
		return -1;
	}
	return ctl_print_json(json_pack("{s:s, s:b, s:b, s:b, s:s, s:b, s:b, s:i, s:i, s:o, s:o, "
					"s:o, s:o, s:o, s:o}",
					"member", pl_address_format(&member->address, text),
					"known", member->id != 0, "active", member->active,
					"domain_active", account->domain.active, "class",
					member->class_name, "second_factor",
					member->factor_kinds != 0, "opted_out", member->opted_out,
					"app_passwords", shown.app_passwords,
					"connected_applications", shown.applications, "own",
					ctl_settings_json(&member->settings), "settings",
					ctl_layers_json(layers), "last_used", shown.uses,
					"received_at", time_json(shown.times.received_at),
					"password_changed_at",
					time_json(shown.times.password_changed_at), "created_at",
					time_json(member->id == 0 ? 0 : member->created_at)),
			      err);
}

static void show_time(const char *name, int64_t at)
{
	char text[32];

	ctl_line(name, at == 0 ? "unknown" : ctl_time(at, text, sizeof(text)));
}

static int show_text(struct ctl *ctl, const struct pl_account *account,
		     const struct pl_layers *layers, struct pl_error *err)
{
	const struct pl_member *member = &account->member;
	char text[PL_ADDRESS_DISPLAY_MAX + 1], count[32];
	struct shown shown = { 0 };

	if (find(ctl, member->id, &shown, err) < 0)
		return -1;
	ctl_line("member", pl_address_display(&member->address, text));
	ctl_line("known", member->id != 0 ? "yes" : "no, the domain's settings apply");
	ctl_line("active", !account->domain.active ? "off, with the whole domain"
			   : member->active        ? "on"
						   : "off");
	ctl_line("class", member->class_name[0] != '\0' ? member->class_name : "-");
	ctl_line("second factor", member->factor_kinds != 0 ? "registered" : "not registered");
	ctl_line("member's choice", ctl_opted_out(member, layers));
	snprintf(count, sizeof(count), "%d", shown.app_passwords);
	ctl_line("app passwords", count);
	snprintf(count, sizeof(count), "%d", shown.applications);
	ctl_line("applications", count);
	show_time("mail received", shown.times.received_at);
	show_time("password changed", shown.times.password_changed_at);
	puts("what holds:");
	ctl_print_layers(layers);
	puts("last used:");
	return pl_last_use_list(ctl->work.store, member->id, show_use, &shown, err);
}

int cmd_member_show(struct ctl *ctl, struct pl_error *err)
{
	struct pl_address address;
	struct pl_account account;
	struct pl_layers layers;

	if (ctl_address(ctl, ctl->args[0], &address, err) < 0 ||
	    pl_account_get(ctl->work.store, &address, &account, err) < 0)
		return -1;
	pl_account_layers(&account, ctl->policy, ctl->work.now, &layers);
	return ctl->json ? show_json(ctl, &account, &layers, err)
			 : show_text(ctl, &account, &layers, err);
}

static int list_json(const struct pl_member *member, void *context)
{
	char text[PL_ADDRESS_MAX + 1];

	json_array_append_new(context,
			      json_pack("{s:s, s:b, s:s, s:b, s:o}", "member",
					pl_address_format(&member->address, text), "active",
					member->active, "class", member->class_name,
					"second_factor", member->factor_kinds != 0, "own",
					ctl_settings_json(&member->settings)));
	return 0;
}

static int list_text(const struct pl_member *member, void *context)
{
	char text[PL_ADDRESS_DISPLAY_MAX + 1], own[512];

	(void)context;
	printf("%-40s %-4s %-12s %s\n", pl_address_display(&member->address, text),
	       member->active ? "on" : "off",
	       member->class_name[0] != '\0' ? member->class_name : "-",
	       ctl_own_settings(&member->settings, own, sizeof(own)));
	return 0;
}

int cmd_member_list(struct ctl *ctl, struct pl_error *err)
{
	struct pl_member_filter filter;
	char domain[PL_DOMAIN_MAX + 1];
	json_t *json;

	if (targets_filter(ctl, &filter, domain, err) < 0)
		return -1;
	if (!ctl->json)
		return pl_member_list(ctl->work.store, &filter, list_text, NULL, err);
	json = json_array();
	if (pl_member_list(ctl->work.store, &filter, list_json, json, err) < 0) {
		json_decref(json);
		return -1;
	}
	return ctl_print_json(json, err);
}
