/* insert_many.c - see insert_many.h. */
#include "policy/store/insert_many.h"

#include <string.h>

#define INSERT "INSERT INTO "
#define VALUES ") VALUES (:"

/* Copies what is between two places; -1 when it is too long. */
static int copy_part(const char *from, const char *to, char *buf, size_t size)
{
	const size_t len = (size_t)(to - from);

	if (len >= size)
		return -1;
	memcpy(buf, from, len);
	buf[len] = '\0';
	return 0;
}

static int count_columns(const char *columns)
{
	int count = 1;

	for (; *columns != '\0'; columns++)
		count += *columns == ',';
	return count;
}

/* Names and nothing else stand between commas. */
static int is_list_of_parameters(const char *values)
{
	return values[strspn(values, ":, abcdefghijklmnopqrstuvwxyz0123456789_")] == ')';
}

int pl_insert_text(const char *sql, struct pl_insert_text *insert_r)
{
	const char *open = strstr(sql, " ("), *close = strstr(sql, VALUES), *values;
	char text[PL_SQL_TEXT_MAX];

	if (strncmp(sql, INSERT, strlen(INSERT)) != 0 || open == NULL || close == NULL ||
	    open > close)
		return -1;
	values = close + strlen(VALUES) - 1;
	if (!is_list_of_parameters(values) ||
	    copy_part(sql + strlen(INSERT), open, insert_r->table, sizeof(insert_r->table)) < 0 ||
	    copy_part(open + 2, close, insert_r->columns, sizeof(insert_r->columns)) < 0 ||
	    pl_sql_text(values, '?', text, sizeof(text), &insert_r->values) < 0)
		return -1;
	return insert_r->values.count == count_columns(insert_r->columns) ? 0 : -1;
}

/* Rows on their way to the backend. */
struct many {
	const struct pl_insert_text *insert;
	const struct pl_param_source *rows;
};

static struct pl_field field_of(const struct pl_param *param)
{
	struct pl_field field = { .kind = PL_KIND_NULL,
				  .number = param->number,
				  .data = param->data,
				  .len = param->len };

	if (param->type == PL_PARAM_INT)
		field.kind = PL_KIND_INT;
	else if (param->type == PL_PARAM_BLOB && param->data != NULL)
		field.kind = PL_KIND_BLOB;
	else if (param->type == PL_PARAM_TEXT && param->data != NULL) {
		field.kind = PL_KIND_TEXT;
		field.len = strlen(param->data);
	}
	return field;
}

/* See struct pl_row_source. */
static int next_of_many(void *context, struct pl_field *row_r, struct pl_error *err)
{
	const struct many *many = context;
	const struct pl_param *params;
	int ret = many->rows->next(many->rows->context, &params, err), place = -1, found = 0;

	for (; ret == 1 && params->type != PL_PARAM_END; params++, found++) {
		place = pl_sql_names_find(&many->insert->values, params->name, place + 1);
		if (place < 0)
			return pl_error_set(err, PL_ERR_INTERNAL, "rows have no column for %s",
					    params->name);
		row_r[place] = field_of(params);
	}
	return ret == 1 && found != many->insert->values.count
		       ? pl_error_set(err, PL_ERR_INTERNAL, "a row has not all of its values")
		       : ret;
}

int pl_insert_rows(const struct pl_backend *backend, void *db, const struct pl_insert_text *insert,
		   const struct pl_param_source *rows, struct pl_error *err)
{
	struct many many = { insert, rows };
	const struct pl_row_source source = { .table = insert->table,
					      .columns = insert->columns,
					      .column_count = insert->values.count,
					      .next = next_of_many,
					      .context = &many };

	return backend->insert_many(db, &source, err);
}
