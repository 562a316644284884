/* console_settings.c - see console_settings.h. */
#include "portal/console/console_settings.h"

static const struct pl_settings *own_of(const struct pl_account *account, enum pl_layer_bit layer)
{
	return layer == PL_AT_MEMBER ? &account->member.settings : &account->domain.settings;
}

/* What holds at a layer: those above it do not count. */
static void layers_of(const struct request *request, const struct pl_account *account,
		      enum pl_layer_bit layer, struct pl_layers *layers_r)
{
	pl_account_layers(account, request->policy, request->work.now, layers_r);
	if (layer == PL_AT_DOMAIN)
		layers_r->member = layers_r->class_section = NULL;
}

json_t *console_settings(const struct request *request, const struct pl_account *account,
			 enum pl_layer_bit layer)
{
	json_t *json = json_object();
	struct pl_layers layers;
	char own[PL_VALUE_TEXT];

	layers_of(request, account, layer, &layers);
	for (int setting = 0; setting < PL_SETTING_COUNT; setting++) {
		const struct pl_resolved resolved = pl_resolve(&layers, setting);

		if ((pl_setting_info(setting)->where & layer) == 0)
			continue;
		json_object_set_new(json, pl_setting_info(setting)->name,
				    json_pack("{s:s, s:s, s:s}", "value",
					      pl_resolved_text(&resolved), "source",
					      pl_source_name(resolved.source), "own",
					      pl_setting_write(setting, own_of(account, layer),
							       own)));
	}
	return json;
}

/* The words that a setting may be given at a layer, or those of them that may have a date. */
static json_t *words_of(enum pl_setting setting, enum pl_layer_bit layer, int with_date)
{
	json_t *words = json_array();

	for (unsigned int i = PL_UNSET; i < PL_VALUE_COUNT; i++) {
		const enum pl_value value = (enum pl_value)i;

		if (pl_setting_accepts(setting, layer, value) &&
		    (!with_date || pl_setting_accepts_date(setting, value)))
			json_array_append_new(words, json_string(pl_value_name(value)));
	}
	return words;
}

/* The section of the policy file that a value comes from; NULL: from none. */
static const char *section_of(const struct pl_layers *layers, const struct pl_resolved *resolved,
			      enum pl_setting setting)
{
	switch (resolved->source) {
	case PL_FROM_FORBIDDEN:
		return layers->policy_domain != NULL &&
				       layers->policy_domain->value[setting] == PL_FORBIDDEN
			       ? "domain"
			       : "defaults";
	case PL_FROM_POLICY_DOMAIN:
		return "domain";
	case PL_FROM_POLICY_DEFAULTS:
		return "defaults";
	case PL_FROM_MEMBER:
	case PL_FROM_CLASS:
	case PL_FROM_DOMAIN:
	case PL_FROM_BUILTIN:
		return NULL;
	}
	return NULL;
}

static json_t *inherited_json(const struct pl_layers *layers, enum pl_layer_bit layer,
			      enum pl_setting setting)
{
	struct pl_layers others = *layers;
	struct pl_resolved resolved;

	*(layer == PL_AT_MEMBER ? &others.member : &others.domain) = NULL;
	resolved = pl_resolve(&others, setting);
	return json_pack("{s:s, s:s}", "value", pl_resolved_text(&resolved), "source",
			 pl_source_name(resolved.source));
}

static void add_details(json_t *json, const struct pl_layers *layers, enum pl_layer_bit layer,
			enum pl_setting setting)
{
	const struct pl_resolved resolved = pl_resolve(layers, setting);
	char day[PL_DAY_TEXT];

	json_object_update_new(json,
			       json_pack("{s:b, s:s?, s:o, s:o, s:b, s:o}", "locked",
					 resolved.source == PL_FROM_FORBIDDEN, "section",
					 section_of(layers, &resolved, setting), "allowed",
					 words_of(setting, layer, 0), "dated",
					 words_of(setting, layer, 1), "no_effect_yet",
					 (pl_setting_info(setting)->where & PL_NOT_YET) != 0,
					 "inherited", inherited_json(layers, layer, setting)));
	if (resolved.next_from != 0)
		json_object_set_new(json, "next",
				    json_pack("{s:s, s:s}", "value", pl_value_name(resolved.next),
					      "from", pl_day_format(resolved.next_from, day)));
}

json_t *console_settings_in_detail(const struct request *request, const struct pl_account *account,
				   enum pl_layer_bit layer)
{
	json_t *settings = console_settings(request, account, layer);
	struct pl_layers layers;

	layers_of(request, account, layer, &layers);
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		json_t *json = json_object_get(settings, pl_setting_info((enum pl_setting)i)->name);

		if (json != NULL)
			add_details(json, &layers, layer, (enum pl_setting)i);
	}
	return settings;
}
