/* csv_column.c - see csv_column.h. */
#include "policy/admin/csv_column.h"

#include <stdio.h>
#include <string.h>

#include "policy/base/nearest.h"

#define NAME_MAX_BYTES 64

static const struct {
	const char *name;
	int column;
} also[] = {
#define PL_CSV_ALSO(name, column) { name, column },
#define PL_CSV_SHOWN(name)
#include "policy/admin/csv_column.def"
#undef PL_CSV_ALSO
#undef PL_CSV_SHOWN
};

static const char *const left[] = {
#define PL_CSV_ALSO(name, column)
#define PL_CSV_SHOWN(name) #name,
#include "policy/admin/csv_column.def"
#undef PL_CSV_ALSO
#undef PL_CSV_SHOWN
};

/* "Two-factor mode" becomes "two_factor_mode". */
static void fold_name(const char *name, char *folded_r)
{
	size_t len = strnlen(name, NAME_MAX_BYTES), begin = strspn(name, " ");

	while (len > begin && name[len - 1] == ' ')
		len--;
	for (size_t i = begin; i < len; i++) {
		const char c = name[i];

		*folded_r++ = (char)(c == ' ' || c == '-'   ? '_'
				     : c >= 'A' && c <= 'Z' ? c + 32
							    : c);
	}
	*folded_r = '\0';
}

const char *pl_csv_column_name(int column)
{
	switch (column) {
	case PL_CSV_ADDRESS:
		return "address";
	case PL_CSV_ACTIVE:
		return "active";
	case PL_CSV_CLASS:
		return "class";
	case PL_CSV_TOTP_SECRET:
		return "totp_secret";
	case PL_CSV_NOTHING:
		return "";
	}
	return column >= PL_CSV_LEFT ? left[column - PL_CSV_LEFT]
				     : pl_setting_info((enum pl_setting)column)->name;
}

int pl_csv_column_by_name(const char *name)
{
	char folded[NAME_MAX_BYTES + 1], label[NAME_MAX_BYTES + 1];

	fold_name(name, folded);
	for (int column = 0; column < PL_CSV_COLUMNS; column++) {
		if (strcmp(pl_csv_column_name(column), folded) == 0)
			return column;
		if (column >= PL_SETTING_COUNT)
			continue;
		fold_name(pl_setting_info((enum pl_setting)column)->label, label);
		if (strcmp(label, folded) == 0)
			return column;
	}
	for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++) {
		if (strcmp(also[i].name, folded) == 0)
			return also[i].column;
	}
	return -1;
}

int pl_csv_left_next(unsigned int bits, int column)
{
	column = column < PL_CSV_LEFT ? PL_CSV_LEFT : column + 1;
	while (column < PL_CSV_COLUMNS && (bits & PL_CSV_LEFT_BIT(column)) == 0)
		column++;
	return column < PL_CSV_COLUMNS ? column : 0;
}

const char *pl_csv_column_suggest(const char *name)
{
	char folded[NAME_MAX_BYTES + 1];
	struct pl_nearest nearest;

	fold_name(name, folded);
	pl_nearest_begin(&nearest, folded);
	for (int column = 0; column < PL_CSV_NOTHING; column++)
		pl_nearest_offer(&nearest, pl_csv_column_name(column));
	return nearest.found;
}
