/* settings_row.c - see settings_row.h. */
#include "policy/account/settings_row.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/change.h"

#define SHOWN_MAX 64
#define WORD_MAX (64 + PL_VALUE_TEXT)

char *pl_settings_format(const struct pl_settings *settings, char text_r[PL_SETTINGS_TEXT])
{
	char value[PL_VALUE_TEXT];

	text_r[0] = '\0';
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if (settings->value[i] != PL_UNSET)
			pl_record_word(text_r, PL_SETTINGS_TEXT,
				       pl_setting_info((enum pl_setting)i)->name,
				       pl_setting_write((enum pl_setting)i, settings, value));
	}
	return text_r;
}

/* word is "name=value", of len bytes. */
static int parse_word(const char *word, size_t len, struct pl_settings *settings)
{
	char copy[WORD_MAX + 1], *value;
	enum pl_setting setting;

	if (len > WORD_MAX)
		return -1;
	memcpy(copy, word, len);
	copy[len] = '\0';
	value = strchr(copy, '=');
	if (value == NULL)
		return -1;
	*value++ = '\0';
	return pl_setting_by_name(copy, &setting) &&
			       pl_setting_read(setting, PL_AT_MEMBER, value, settings)
		       ? 0
		       : -1;
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
					    (int)(len > SHOWN_MAX ? SHOWN_MAX : len), text);
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
		const enum pl_setting setting = (enum pl_setting)i;
		const char *name = pl_setting_info(setting)->name;
		char value[PL_VALUE_TEXT];

		if (pl_setting_same(setting, before, after))
			continue;
		pl_record_word(before_text, size, name, pl_setting_write(setting, before, value));
		pl_record_word(after_text, size, name, pl_setting_write(setting, after, value));
	}
}

void pl_change_apply(const struct pl_change *change, struct pl_settings *settings)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if ((change->settings & 1u << i) != 0)
			pl_setting_copy((enum pl_setting)i, &change->value, settings);
	}
}
