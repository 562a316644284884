/* settings_row.h - settings to and from the columns of a table; private to the
 * library. The columns stand in the order of settings.def.
 */
#ifndef POSTLATCH_SETTINGS_ROW_H
#define POSTLATCH_SETTINGS_ROW_H

#include "setting.h"
#include "store.h"

/* Binds every setting in turn; NULL for PL_UNSET. */
void pl_bind_settings(struct pl_stmt *stmt, const struct pl_settings *settings);
/* Reads the columns of these names. A word that this program does not know reads
 * as PL_UNSET. */
void pl_col_settings(struct pl_stmt *stmt, const char *const columns[PL_SETTING_COUNT],
		     struct pl_settings *settings_r);
/* The columns alone, and with the prefixes of a statement that has two sets. They
 * are spelled out here and not put together for each login, which reads 22. */
extern const char *const pl_settings_columns[PL_SETTING_COUNT];
extern const char *const pl_settings_columns_of_domain[PL_SETTING_COUNT];
extern const char *const pl_settings_columns_of_member[PL_SETTING_COUNT];

/* Appends " name=value" to a record of a change; cuts what does not fit. */
void pl_record_word(char *text, size_t size, const char *name, const char *value);
/* Appends the settings that differ between before and after to both records. */
void pl_record_settings(const struct pl_settings *before, const struct pl_settings *after,
			char *before_text, char *after_text, size_t size);
/* Lays the change's settings over settings. */
struct pl_change;
void pl_change_apply(const struct pl_change *change, struct pl_settings *settings);

#endif
