/* cmd_import.c - postlatch import ...; see import.h. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/import/import.h"

static const struct import_source sources[] = {
#define IMPORT_SOURCE(name, read) { name, read },
#include "ctl/import/sources.def"
#undef IMPORT_SOURCE
};

/* commands.def has a row for each source. */
static const struct import_source *find_source(const char *name)
{
	const struct import_source *source = sources;

	while (strcmp(source->name, name) != 0)
		source++;
	return source;
}

/* The file is wiped, because it has secrets. */
static int read_file(struct import_plan *plan, const struct import_source *source)
{
	const char *path = plan->ctl->args[0];
	char *text = NULL;
	size_t len = 0;
	int ret;

	if (ctl_read_input(path, SQL_DUMP_MAX, &text, &len, plan->err) < 0)
		return -1;
	ret = source->read(plan, text, len);
	if (ret < 0)
		pl_error_prefix(plan->err, "%s", ctl_input_name(path));
	OPENSSL_cleanse(text, len);
	free(text);
	return ret;
}

/* Without --write, all is done and taken back: what is printed is what would happen. */
static int write_plan(struct ctl *ctl, struct import_plan *plan, int is_written,
		      struct pl_error *err)
{
	int ret = pl_store_begin_write(ctl->work.store, err);

	if (ret == 0)
		ret = import_write(ctl, plan);
	if (ret == 0 && !is_written) {
		pl_store_rollback(ctl->work.store);
		return 0;
	}
	return ctl_finish_write(ctl, ret, err);
}

int cmd_import(struct ctl *ctl, struct pl_error *err)
{
	const struct import_source *source = find_source(ctl->command->verb);
	const int is_written = ctl->option[CTL_OPTION_WRITE] != NULL;
	struct import_plan plan;
	int ret = import_plan_begin(&plan, ctl, err);

	if (ret == 0)
		ret = read_file(&plan, source);
	if (ret == 0)
		ret = write_plan(ctl, &plan, is_written, err);
	if (ret == 0)
		ret = import_show(&plan, source->name, is_written);
	import_plan_free(&plan);
	if (ret == CTL_DONE && is_written && !ctl->json)
		ret = ctl_tell_outsiders(ctl, err);
	return ret;
}
