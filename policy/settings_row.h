/* settings_row.h - settings to and from the columns of a table; private to the
 * library. The columns stand in the order of settings.def.
 */
#ifndef POSTLATCH_SETTINGS_ROW_H
#define POSTLATCH_SETTINGS_ROW_H

#include "setting.h"
#include "store.h"

/* Binds every setting in turn; NULL for PL_UNSET. */
void pl_bind_settings(struct pl_stmt *stmt, const struct pl_settings *settings);
/* Reads the columns whose names are prefix and the setting's name. A word that
 * this program does not know reads as PL_UNSET. */
void pl_col_settings(struct pl_stmt *stmt, const char *prefix, struct pl_settings *settings_r);

/* Appends " name=value" to a record of a change; cuts what does not fit. */
void pl_record_word(char *text, size_t size, const char *name, const char *value);
/* Appends the settings that differ between before and after to both records. */
void pl_record_settings(const struct pl_settings *before, const struct pl_settings *after,
			char *before_text, char *after_text, size_t size);
/* Lays the change's settings over settings. */
struct pl_change;
void pl_change_apply(const struct pl_change *change, struct pl_settings *settings);

#endif
