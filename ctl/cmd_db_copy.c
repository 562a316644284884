/* cmd_db_copy.c - postlatch db copy */
#include "ctl/command.h"
#include "policy/base/random.h"
#include "policy/store/schema_copy.h"

static void show_progress(const char *table, int is_comparison, int64_t done, int64_t of)
{
	char what[64];

	snprintf(what, sizeof(what), "table %s, rows %s", table,
		 is_comparison ? "compared" : "copied");
	ctl_progress(what, done, of);
}

static json_t *copied_json(const struct pl_copied copied[])
{
	json_t *list = json_array();
	char digest[2 * PL_COPY_DIGEST + 1];

	for (size_t i = 0; i < PL_COPY_TABLES; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:I, s:s}", "table", copied[i].table, "rows",
						(json_int_t)copied[i].rows, "sha256",
						pl_hex(copied[i].sha256, PL_COPY_DIGEST, digest)));
	return list;
}

/* The target is made when it is not there; what it holds, the copy itself looks at. */
static int make_target(const char *uri, struct pl_error *err)
{
	if (ctl_make_database(uri, err) == 0 || err->code == PL_ERR_CONFLICT)
		return 0;
	return -1;
}

int cmd_db_copy(struct ctl *ctl, struct pl_error *err)
{
	const char *from = ctl->option[CTL_OPTION_FROM], *to = ctl->option[CTL_OPTION_TO];
	struct pl_copied copied[PL_COPY_TABLES];
	char digest[2 * PL_COPY_DIGEST + 1];

	if (make_target(to, err) < 0 || pl_schema_copy(from, to, show_progress, copied, err) < 0)
		return -1;
	if (ctl->json)
		return ctl_print_json(json_pack("{s:o}", "tables", copied_json(copied)), err);
	for (size_t i = 0; i < PL_COPY_TABLES; i++)
		printf("%-16s %10lld rows  %s\n", copied[i].table, (long long)copied[i].rows,
		       pl_hex(copied[i].sha256, PL_COPY_DIGEST, digest));
	puts("Counts and digests agree.");
	return CTL_DONE;
}
