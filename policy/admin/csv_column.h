/* csv_column.h - what a column of a members' CSV file holds, by the name in its first line.
 *
 * Names are those of the settings, and what people write for them: in any case, with blanks for
 * underscores, the labels of the portal, and Korean.
 */
#ifndef POSTLATCH_CSV_COLUMN_H
#define POSTLATCH_CSV_COLUMN_H

#include "policy/settings/setting.h"

/* A setting's number, or one of these. */
enum {
	PL_CSV_ADDRESS = PL_SETTING_COUNT,
	PL_CSV_ACTIVE,
	PL_CSV_CLASS,
	PL_CSV_TOTP_SECRET,
	PL_CSV_NOTHING,
	/* From here on: what an import leaves as it is. The one behind it has its number again. */
	PL_CSV_LEFT,
	PL_CSV_LEFT_BEFORE = PL_CSV_LEFT - 1,
#define PL_CSV_ALSO(name, column)
#define PL_CSV_SHOWN(name) PL_CSV_SHOWN_##name,
#include "policy/admin/csv_column.def"
#undef PL_CSV_ALSO
#undef PL_CSV_SHOWN
	PL_CSV_COLUMNS
};
#define PL_CSV_LEFT_BIT(column) (1u << ((column)-PL_CSV_LEFT))

/* PL_CSV_NOTHING for no name at all, as spreadsheets write for columns without cells; -1 for a name
 * that is none. */
int pl_csv_column_by_name(const char *name);
/* The name in the files that `member export` and the console write. */
const char *pl_csv_column_name(int column);
/* The first column behind one, or behind 0, of those whose PL_CSV_LEFT_BIT()s are set. 0: there is
 * none. */
int pl_csv_left_next(unsigned int bits, int column);
/* The nearest of these names, or NULL. */
const char *pl_csv_column_suggest(const char *name);

#endif
