/* fresh_database.c - see fresh_database.h. */
#include "tests/unit/fresh_database.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "policy/store/schema.h"
#include "tests/unit/sql.h"

/* Tables, columns, indexes, permissions, constraints, versions and triggers: what a test may
 * have changed beside rows. */
static const char shape_sql[] =
	"SELECT md5(string_agg(concat_ws(' ', relname, relacl, attname, attnum, atttypid, "
	"attnotnull), ',' ORDER BY relname, attnum)) || "
	"(SELECT md5(string_agg(conname, ',' ORDER BY conname)) FROM pg_constraint "
	"WHERE connamespace = to_regnamespace('postlatch')) || "
	"(SELECT md5(string_agg(version || title, ',' ORDER BY version)) FROM schema_history) || "
	"(SELECT COUNT(*) FROM pg_trigger) "
	"FROM pg_class c JOIN pg_attribute ON attrelid = c.oid "
	"WHERE relnamespace = to_regnamespace('postlatch')";
static const char empty_sql[] =
	"DO $$ DECLARE name text; BEGIN "
	"SET LOCAL session_replication_role = replica; "
	"FOR name IN SELECT relname FROM pg_class WHERE relnamespace = "
	"to_regnamespace('postlatch') "
	"AND relkind = 'r' AND relname <> 'schema_history' AND pg_relation_size(oid) > 0 LOOP "
	"EXECUTE format('DELETE FROM %I', name); END LOOP; "
	"FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'postlatch' "
	"AND last_value IS NOT NULL LOOP "
	"EXECUTE format('ALTER SEQUENCE %I RESTART', name); END LOOP; END $$";

static int has_shape(const char *db, const char *shape)
{
	char now[160];

	if (*shape == '\0' ||
	    sql_int(db, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'postlatch' AND "
			"tablename = 'schema_history'") == 0)
		return 0;
	sql_text(db, shape_sql, now, sizeof(now));
	return strcmp(now, shape) == 0;
}

static int fresh_on_server(const char *uri, const char *db, struct pl_error *err)
{
	static char shape[160];

	if (has_shape(db, shape)) {
		sql_run(db, empty_sql);
		return 0;
	}
	sql_run(db, "DROP SCHEMA IF EXISTS postlatch CASCADE");
	if (pl_schema_create(uri, err) < 0)
		return -1;
	sql_text(db, shape_sql, shape, sizeof(shape));
	return 0;
}

/* The file's bytes, which the program keeps until it ends. */
static char *read_model(const char *path, size_t *size)
{
	FILE *in = fopen(path, "r");
	struct stat st;
	char *bytes;

	assert_non_null(in);
	assert_int_equal(fstat(fileno(in), &st), 0);
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)st.st_size, in), st.st_size);
	fclose(in);
	*size = (size_t)st.st_size;
	return bytes;
}

static int fresh_in_file(const char *uri, const char *path, struct pl_error *err)
{
	static char *model;
	static size_t size;
	FILE *out;

	if (model == NULL) {
		if (pl_schema_create(uri, err) < 0)
			return -1;
		model = read_model(path, &size);
		return 0;
	}
	out = fopen(path, "wx");
	assert_non_null(out);
	assert_int_equal(fwrite(model, 1, size, out), size);
	assert_int_equal(fchmod(fileno(out), 0660), 0);
	assert_int_equal(fclose(out), 0);
	return 0;
}

int fresh_database(const char *uri, const char *db, struct pl_error *err)
{
	return is_postgresql(db) ? fresh_on_server(uri, db, err) : fresh_in_file(uri, db, err);
}
