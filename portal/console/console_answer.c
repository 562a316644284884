/* console_answer.c - see console_answer.h. */
#include "portal/console/console_answer.h"

static const struct pl_settings *own_of(const struct pl_account *account, enum pl_layer_bit layer)
{
	return layer == PL_AT_MEMBER ? &account->member.settings : &account->domain.settings;
}

json_t *console_settings(const struct request *request, const struct pl_account *account,
			 enum pl_layer_bit layer)
{
	json_t *json = json_object();
	struct pl_layers layers;
	char own[PL_VALUE_TEXT];

	pl_account_layers(account, request->policy, request->work.now, &layers);
	if (layer == PL_AT_DOMAIN)
		layers.member = layers.class_section = NULL;
	for (int setting = 0; setting < PL_SETTING_COUNT; setting++) {
		const struct pl_resolved resolved = pl_resolve(&layers, setting);

		if ((pl_setting_info(setting)->where & layer) == 0)
			continue;
		json_object_set_new(json, pl_setting_info(setting)->name,
				    json_pack("{s:s, s:s, s:s}", "value",
					      pl_value_name(resolved.value), "source",
					      pl_source_name(resolved.source), "own",
					      pl_setting_write(setting, own_of(account, layer),
							       own)));
	}
	return json;
}
