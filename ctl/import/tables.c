/* tables.c - sources that are dumps of databases; see import.h. */
#include "ctl/import/import.h"

#include <string.h>
#include <strings.h>

#define TABLES_MAX 32

struct pass {
	struct import_plan *plan;
	const struct import_table *tables;
	int number;
	int is_seen[TABLES_MAX];
};

/* The table of that name, behind the prefix; NULL when nothing is wanted of it. */
static const struct import_table *find(const struct pass *pass, const char *name)
{
	const size_t len = strlen(pass->plan->prefix);

	if (strncmp(name, pass->plan->prefix, len) != 0)
		return NULL;
	for (const struct import_table *table = pass->tables; table->name != NULL; table++) {
		if (strcmp(table->name, name + len) == 0)
			return table;
	}
	return NULL;
}

/* A table is seen when it is created, whether it has rows or not. */
static int wants(const char *name, void *context)
{
	struct pass *pass = context;
	const struct import_table *table = find(pass, name);

	if (table == NULL)
		return 0;
	pass->is_seen[table - pass->tables] = 1;
	return pass->number != 0 && table->pass == pass->number;
}

static int has_columns(const struct pass *pass, const struct import_table *table,
		       const struct sql_row *row)
{
	for (size_t i = 0; i < 4 && table->columns[i] != NULL; i++) {
		if (sql_row_value(row, table->columns[i]) == NULL)
			return pl_error_set(pass->plan->err, PL_ERR_INVALID,
					    "line %zu: the table %s has no column %s", row->line,
					    row->table, table->columns[i]);
	}
	return 0;
}

static int on_row(const struct sql_row *row, void *context)
{
	const struct pass *pass = context;
	const struct import_table *table = find(pass, row->table);

	if (has_columns(pass, table, row) < 0)
		return -1;
	if (table->row != NULL)
		return table->row(pass->plan, row);
	return import_leave(pass->plan, table->kind, table->reason,
			    import_text(row, table->name_column));
}

/* Programs have tables of the same names, and what only one of them has would be lost. */
static int check_others(const struct pass *pass, const char *what)
{
	for (size_t i = 0; pass->tables[i].name != NULL; i++) {
		const struct import_table *table = &pass->tables[i];

		if (table->other != NULL && pass->is_seen[i])
			return pl_error_set(pass->plan->err, PL_ERR_INVALID,
					    "it has a table %s%s, so it is not a dump of %s: use "
					    "`postlatch import %s`",
					    pass->plan->prefix, table->name, what, table->other);
	}
	return 0;
}

int import_tables(struct import_plan *plan, const char *what, const struct import_table *tables,
		  const char *text, size_t len)
{
	struct pass pass = { .plan = plan, .tables = tables };
	const struct sql_dump_reader reader = {
		.wants = wants, .row = on_row, .context = &pass, .err = plan->err
	};

	/* Before any row is read it is known whose dump it is. */
	for (pass.number = 0; pass.number <= 2; pass.number++) {
		if (sql_dump_read(text, len, &reader) < 0 ||
		    (pass.number == 0 && check_others(&pass, what) < 0))
			return -1;
	}
	for (size_t i = 0; tables[i].name != NULL; i++) {
		if (tables[i].is_needed && !pass.is_seen[i])
			return pl_error_set(plan->err, PL_ERR_INVALID,
					    "it has no table %s%s, so it is not a dump of %s (if "
					    "the "
					    "tables have a prefix, give --table-prefix)",
					    plan->prefix, tables[i].name, what);
	}
	return 0;
}

const char *import_text(const struct sql_row *row, const char *column)
{
	const char *text = sql_row_text(row, column);

	return text == NULL ? "" : text;
}

int import_is_true(const struct sql_row *row, const char *column)
{
	const char *text = import_text(row, column);

	return *text != '\0' && strcmp(text, "0") != 0 && strcasecmp(text, "f") != 0 &&
	       strcasecmp(text, "false") != 0;
}

int import_alias_domain_row(struct import_plan *plan, const struct sql_row *row)
{
	return import_add_alias_domain(plan, import_text(row, "alias_domain"),
				       import_text(row, "target_domain"),
				       import_is_true(row, "active"));
}

int import_alias_row(struct import_plan *plan, const struct sql_row *row)
{
	return import_add_alias(plan, import_text(row, "address"), import_text(row, "goto"),
				import_is_true(row, "active"));
}

int import_leave_password(struct import_plan *plan, const struct sql_row *row)
{
	return *import_text(row, "password") == '\0'
		       ? 0
		       : import_leave(plan, "account passwords",
				      "Postlatch has none: your passdb goes on verifying them",
				      NULL);
}
