#include "settings_row.h"

#include <stdio.h>
#include <string.h>

#include "change.h"

void pl_bind_settings(struct pl_stmt *stmt, const struct pl_settings *settings)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		enum pl_value value = (enum pl_value)settings->value[i];

		pl_bind_text(stmt, value == PL_UNSET ? NULL : pl_value_name(value));
	}
}

const char *const pl_settings_columns[PL_SETTING_COUNT] = {
#define PL_SETTING(id, name, label, kind, values, builtin, where, text) #name,
#include "settings.def"
#undef PL_SETTING
};

const char *const pl_settings_columns_of_domain[PL_SETTING_COUNT] = {
#define PL_SETTING(id, name, label, kind, values, builtin, where, text) "d_" #name,
#include "settings.def"
#undef PL_SETTING
};

const char *const pl_settings_columns_of_member[PL_SETTING_COUNT] = {
#define PL_SETTING(id, name, label, kind, values, builtin, where, text) "m_" #name,
#include "settings.def"
#undef PL_SETTING
};

void pl_col_settings(struct pl_stmt *stmt, const char *const columns[PL_SETTING_COUNT],
		     struct pl_settings *settings_r)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		const char *word = pl_col_text(stmt, columns[i]);
		enum pl_value value;

		settings_r->value[i] = PL_UNSET;
		if (word != NULL && pl_value_by_name(word, &value))
			settings_r->value[i] = (unsigned char)value;
	}
}

void pl_record_word(char *text, size_t size, const char *name, const char *value)
{
	size_t used = strlen(text);

	if (used < size)
		snprintf(text + used, size - used, "%s%s=%s", used == 0 ? "" : " ", name, value);
}

void pl_record_settings(const struct pl_settings *before, const struct pl_settings *after,
			char *before_text, char *after_text, size_t size)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		const char *name = pl_setting_info((enum pl_setting)i)->name;

		if (before->value[i] == after->value[i])
			continue;
		pl_record_word(before_text, size, name, pl_value_name((enum pl_value)before->value[i]));
		pl_record_word(after_text, size, name, pl_value_name((enum pl_value)after->value[i]));
	}
}

void pl_change_apply(const struct pl_change *change, struct pl_settings *settings)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if ((change->settings & 1u << i) != 0)
			settings->value[i] = change->value.value[i];
	}
}
