/* settings_row.h - the settings of a domain or member as a column of its table;
 * private to the library. The text is what people write, "pop3=off two_factor_mode=skip": the
 * settings that are set, in the order of settings.def. Empty: all are inherited.
 */
#ifndef POSTLATCH_SETTINGS_ROW_H
#define POSTLATCH_SETTINGS_ROW_H

#include "policy/settings/setting.h"
#include "policy/store/store.h"

#define PL_SETTINGS_TEXT (512 + PL_VALUE_TEXT) /* room for every setting at its longest */

/* Returns text_r. */
char *pl_settings_format(const struct pl_settings *settings, char text_r[PL_SETTINGS_TEXT]);
/* PL_ERR_DATA for a word that this program does not know: to skip it could
 * open what it shuts. */
int pl_settings_parse(const char *text, struct pl_settings *settings_r, struct pl_error *err);
/* Reads such a column of a row. Returns 0 or -1. */
int pl_col_settings(struct pl_stmt *stmt, const char *column, struct pl_settings *settings_r,
		    struct pl_error *err);

/* Appends " name=value" to a record of a change; cuts what does not fit. */
void pl_record_word(char *text, size_t size, const char *name, const char *value);
/* Appends the settings that differ between before and after to both records. */
void pl_record_settings(const struct pl_settings *before, const struct pl_settings *after,
			char *before_text, char *after_text, size_t size);
/* Lays the change's settings over settings. */
struct pl_change;
void pl_change_apply(const struct pl_change *change, struct pl_settings *settings);

#endif
