/* settings_row.c - see settings_row.h. */
#include "policy/account/settings_row.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/change.h"

#define WORD_MAX 64

char *pl_settings_format(const struct pl_settings *settings, char text_r[PL_SETTINGS_TEXT])
{
	text_r[0] = '\0';
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		enum pl_value value = (enum pl_value)settings->value[i];

		if (value != PL_UNSET)
			pl_record_word(text_r, PL_SETTINGS_TEXT,
				       pl_setting_info((enum pl_setting)i)->name,
				       pl_value_name(value));
	}
	return text_r;
}

/* word is "name=value", of len bytes. */
static int parse_word(const char *word, size_t len, struct pl_settings *settings)
{
	char copy[WORD_MAX + 1], *value;
	enum pl_setting setting;
	enum pl_value number;

	if (len > WORD_MAX)
		return -1;
	memcpy(copy, word, len);
	copy[len] = '\0';
	value = strchr(copy, '=');
	if (value == NULL)
		return -1;
	*value++ = '\0';
	if (!pl_setting_by_name(copy, &setting) || !pl_value_by_name(value, &number) ||
	    !pl_setting_accepts(setting, PL_AT_MEMBER, number))
		return -1;
	settings->value[setting] = (unsigned char)number;
	return 0;
}

int pl_settings_parse(const char *text, struct pl_settings *settings_r, struct pl_error *err)
{
	memset(settings_r, 0, sizeof(*settings_r));
	while (*(text += strspn(text, " ")) != '\0') {
		size_t len = strcspn(text, " ");

		if (parse_word(text, len, settings_r) < 0)
			return pl_error_set(err, PL_ERR_DATA,
					    "its settings in the database contain \"%.*s\", which "
					    "is not valid in this version; remove it with SQL",
					    (int)(len > WORD_MAX ? WORD_MAX : len), text);
		text += len;
	}
	return 0;
}

int pl_col_settings(struct pl_stmt *stmt, const char *column, struct pl_settings *settings_r,
		    struct pl_error *err)
{
	const char *text = pl_col_text(stmt, column);

	return pl_settings_parse(text == NULL ? "" : text, settings_r, err);
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
		pl_record_word(before_text, size, name,
			       pl_value_name((enum pl_value)before->value[i]));
		pl_record_word(after_text, size, name,
			       pl_value_name((enum pl_value)after->value[i]));
	}
}

void pl_change_apply(const struct pl_change *change, struct pl_settings *settings)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if ((change->settings & 1u << i) != 0)
			settings->value[i] = change->value.value[i];
	}
}
