/* account_mail.c - what the member has to type into a mail program. */
#include "policy/settings/mail_settings.h"
#include "portal/account/account_answer.h"
#include "portal/account/handlers.h"

static json_t *list_of(const struct pl_mail_settings *settings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < settings->count; i++) {
		const struct pl_mail_service *service = &settings->services[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:s}", "service",
						pl_setting_info(service->service)->name, "port",
						(int)service->port, "encryption",
						pl_mail_encryption_name(service->encryption)));
	}
	return list;
}

int get_mail_settings(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_mail_settings settings;
	struct pl_account *account;
	struct pl_layers layers;

	if (request_account(request, &account, err) < 0)
		return -1;
	pl_account_layers(account, request->policy, request->work.now, &layers);
	pl_mail_settings(request->policy, &layers, &settings);
	return respond_json(response, 200,
			    json_pack("{s:s, s:s?, s:s, s:b, s:b, s:o}", "user", request->address,
				      "server", settings.server[0] == '\0' ? NULL : settings.server,
				      "password",
				      pl_mail_password_name(
					      pl_mail_password(&settings,
							       account->member.factor_kinds != 0)),
				      "app_passwords", settings.app_passwords, "oauth",
				      settings.oauth, "services", list_of(&settings)));
}
