/* size.c - see size.h. */
#include "policy/base/size.h"

void pl_put_size(FILE *out, uint64_t bytes)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB" };
	double amount = (double)bytes / 1024;
	size_t unit = 0;

	while (amount >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		amount /= 1024;
		unit++;
	}
	fprintf(out, amount < 10 ? "%.1f %s" : "%.0f %s", amount, units[unit]);
}
