/* schema_copy.c - see schema_copy.h. */
#include "policy/store/schema_copy.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/store/backend.h"
#include "policy/store/schema.h"

#define SQL_MOST 2048
#define PROGRESS_EVERY 500

/* Those that others refer to come first. {C} stands for the backend's word for an
 * order by bytes, where a key is text. */
static const struct {
	const char *name, *key;
	int counts; /* its id counts by itself, and is never used twice */
} tables[PL_COPY_TABLES] = {
	{ "domain", "id", 1 },
	{ "member", "id", 1 },
	{ "member_use", "member_id, service {C}", 0 },
	{ "app_password", "id", 1 },
	{ "totp", "member_id", 0 },
	{ "totp_pending", "member_id", 0 },
	{ "recovery_code", "member_id, mac", 0 },
	{ "factor_failure", "member_id", 0 },
	{ "address_failure", "id", 1 },
	{ "trusted_device", "id", 1 },
	{ "session", "id", 1 },
	{ "oauth_client", "id {C}", 0 },
	{ "oauth_grant", "id", 1 },
	{ "token", "digest", 0 },
	{ "refresh_token", "digest", 0 },
	{ "signing_key", "id {C}", 0 },
	{ "audit", "id", 1 },
};

struct side {
	const struct pl_backend *backend;
	const char *location;
	void *db;
};

struct copy {
	struct side from, to;
	int64_t done, of;
	void (*progress)(int64_t done, int64_t of);
};

/* -- digests: kind, length and bytes of each value, so that no two rows look alike -- */

static void add_value(EVP_MD_CTX *sum, char kind, const void *data, size_t len)
{
	char head[32];
	int size = snprintf(head, sizeof(head), "%c%zu:", kind, len);

	EVP_DigestUpdate(sum, head, (size_t)size);
	EVP_DigestUpdate(sum, data, len);
}

static void add_column(EVP_MD_CTX *sum, const struct side *side, void *stmt, int index)
{
	char number[32];
	const void *data;
	size_t len;

	switch (side->backend->col_kind(stmt, index)) {
	case PL_KIND_NULL:
		add_value(sum, 'n', "", 0);
		break;
	case PL_KIND_INT:
		len = (size_t)snprintf(number, sizeof(number), "%lld",
				       (long long)side->backend->col_int(stmt, index));
		add_value(sum, 'i', number, len);
		break;
	case PL_KIND_TEXT:
		data = side->backend->col_text(stmt, index);
		add_value(sum, 't', data, strlen(data));
		break;
	case PL_KIND_BLOB:
		data = side->backend->col_blob(stmt, index, &len);
		add_value(sum, 'b', data, len);
		break;
	}
}

static void add_row(EVP_MD_CTX *sum, const struct side *side, void *stmt)
{
	const int columns = side->backend->columns(stmt);

	for (int i = 0; i < columns; i++)
		add_column(sum, side, stmt, i);
	EVP_DigestUpdate(sum, "\n", 1);
}

/* -- statements over whole tables -- */

static int prepare(const struct side *side, const char *sql, void **stmt_r, struct pl_error *err)
{
	return side->backend->prepare(side->db, sql, stmt_r, err);
}

/* The key with each {C} spelled out. */
static char *expand_key(const struct side *side, const char *key, char *buf, size_t size)
{
	const char *place = strstr(key, "{C}");

	if (place == NULL)
		snprintf(buf, size, "%s", key);
	else
		snprintf(buf, size, "%.*s%s%s", (int)(place - key), key, side->backend->byte_order,
			 place + 3);
	return buf;
}

/* "a, b, c" or "?, ?, ?" for the columns of a statement. */
static void list_columns(const struct side *side, void *stmt, int as_places, char *buf, size_t size)
{
	const int columns = side->backend->columns(stmt);
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < columns && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i == 0 ? "" : ", ",
					as_places ? "?" : side->backend->column_name(stmt, i));
}

static int prepare_read(const struct side *side, size_t table, const char *columns, void **stmt_r,
			struct pl_error *err)
{
	char sql[SQL_MOST], key[128];

	snprintf(sql, sizeof(sql), "SELECT %s FROM %s ORDER BY %s", columns, tables[table].name,
		 expand_key(side, tables[table].key, key, sizeof(key)));
	return prepare(side, sql, stmt_r, err);
}

static int prepare_write(const struct side *from, void *read, const struct side *to, size_t table,
			 void **stmt_r, struct pl_error *err)
{
	char sql[SQL_MOST], names[SQL_MOST / 3], places[SQL_MOST / 3];

	list_columns(from, read, 0, names, sizeof(names));
	list_columns(from, read, 1, places, sizeof(places));
	snprintf(sql, sizeof(sql), "INSERT INTO %s (%s) VALUES (%s)", tables[table].name, names,
		 places);
	return prepare(to, sql, stmt_r, err);
}

static int count_rows(const struct side *side, size_t table, int64_t *count_r, struct pl_error *err)
{
	char sql[SQL_MOST];
	void *stmt;
	int ret;

	snprintf(sql, sizeof(sql), "SELECT COUNT(*) AS count FROM %s", tables[table].name);
	if (prepare(side, sql, &stmt, err) < 0)
		return -1;
	ret = side->backend->step(side->db, stmt, err);
	if (ret == 1)
		*count_r = side->backend->col_int(stmt, 0);
	if (ret == 1)
		ret = side->backend->step(side->db, stmt, err);
	side->backend->finish(stmt);
	return ret < 0 ? -1 : 0;
}

/* -- rows -- */

static void bind_column(const struct side *from, void *read, const struct side *to, void *write,
			int index)
{
	const void *data;
	size_t len;

	switch (from->backend->col_kind(read, index)) {
	case PL_KIND_NULL:
		to->backend->bind_text(write, index, NULL);
		break;
	case PL_KIND_INT:
		to->backend->bind_int(write, index, from->backend->col_int(read, index));
		break;
	case PL_KIND_TEXT:
		to->backend->bind_text(write, index, from->backend->col_text(read, index));
		break;
	case PL_KIND_BLOB:
		data = from->backend->col_blob(read, index, &len);
		to->backend->bind_blob(write, index, data, len);
		break;
	}
}

static int write_row(const struct side *from, void *read, const struct side *to, void *write,
		     struct pl_error *err)
{
	const int columns = from->backend->columns(read);
	int ret;

	for (int i = 0; i < columns; i++)
		bind_column(from, read, to, write, i);
	ret = to->backend->step(to->db, write, err);
	to->backend->reset(write);
	return ret;
}

/* Reads what is left of a statement into the sum; writes it where write is not NULL. */
static int read_rows(struct copy *copy, const struct side *side, void *read, void *write,
		     struct pl_copied *sum_r, struct pl_error *err)
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	int ret = -1;

	sum_r->rows = 0;
	if (sum == NULL || EVP_DigestInit_ex(sum, EVP_sha256(), NULL) != 1)
		pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not compute a digest");
	else
		while ((ret = side->backend->step(side->db, read, err)) == 1) {
			add_row(sum, side, read);
			sum_r->rows++;
			if (write == NULL)
				continue;
			if (write_row(side, read, &copy->to, write, err) < 0) {
				ret = -1;
				break;
			}
			if (++copy->done % PROGRESS_EVERY == 0 && copy->progress != NULL)
				copy->progress(copy->done, copy->of);
		}
	if (ret == 0 && EVP_DigestFinal_ex(sum, sum_r->sha256, NULL) != 1)
		ret = pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not compute a digest");
	EVP_MD_CTX_free(sum);
	return ret;
}

/* What is there now, in the order of the columns of the other side. */
static int compare(struct copy *copy, size_t table, const char *columns,
		   const struct pl_copied *wanted, struct pl_error *err)
{
	struct pl_copied found;
	void *read;
	int ret;

	if (prepare_read(&copy->to, table, columns, &read, err) < 0)
		return -1;
	ret = read_rows(copy, &copy->to, read, NULL, &found, err);
	copy->to.backend->finish(read);
	if (ret == 0 && (found.rows != wanted->rows ||
			 memcmp(found.sha256, wanted->sha256, sizeof(found.sha256)) != 0))
		ret = pl_error_set(err, PL_ERR_INTERNAL,
				   "what was written is not what was read (%lld rows of %lld)",
				   (long long)found.rows, (long long)wanted->rows);
	return ret;
}

static int copy_counter(struct copy *copy, size_t table, struct pl_error *err)
{
	int64_t value;

	if (copy->from.backend->counter(copy->from.db, tables[table].name, &value, err) < 0)
		return -1;
	return value == 0
		       ? 0
		       : copy->to.backend->set_counter(copy->to.db, tables[table].name, value, err);
}

static int copy_table(struct copy *copy, size_t table, struct pl_copied *copied,
		      struct pl_error *err)
{
	char columns[SQL_MOST / 3];
	void *read, *write = NULL;
	int ret = -1;

	copied->table = tables[table].name;
	if (prepare_read(&copy->from, table, "*", &read, err) < 0)
		return pl_error_prefix(err, "table %s", tables[table].name);
	list_columns(&copy->from, read, 0, columns, sizeof(columns));
	if (prepare_write(&copy->from, read, &copy->to, table, &write, err) == 0)
		ret = read_rows(copy, &copy->from, read, write, copied, err);
	copy->from.backend->finish(read);
	if (write != NULL)
		copy->to.backend->finish(write);
	if (ret == 0)
		ret = compare(copy, table, columns, copied, err);
	if (ret == 0 && tables[table].counts)
		ret = copy_counter(copy, table, err);
	return ret < 0 ? pl_error_prefix(err, "table %s", tables[table].name) : 0;
}

/* -- the whole -- */

static int open_side(struct side *side, const char *uri, struct pl_error *err)
{
	int version;

	side->backend = pl_backend_find(uri, &side->location, err);
	if (side->backend == NULL)
		return -1;
	if (pl_schema_read_version(uri, &version, err) < 0)
		return -1;
	if (version != PL_SCHEMA_VERSION) {
		pl_error_set(err, PL_ERR_CONFLICT,
			     "it has version %d, and this program copies version %d", version,
			     PL_SCHEMA_VERSION);
		return pl_backend_error(side->backend, side->location, err);
	}
	return side->backend->open(side->location, PL_ROLE_COMMAND, &side->db, err) < 0
		       ? pl_backend_error(side->backend, side->location, err)
		       : 0;
}

static void close_side(struct side *side)
{
	if (side->db == NULL)
		return;
	side->backend->rollback(side->db);
	side->backend->close(side->db);
}

static int is_empty(const struct side *side, struct pl_error *err)
{
	for (size_t i = 0; i < PL_COPY_TABLES; i++) {
		int64_t rows = 0;

		if (count_rows(side, i, &rows, err) < 0)
			return -1;
		if (rows != 0) {
			pl_error_set(err, PL_ERR_CONFLICT,
				     "there is something in table %s: only an empty "
				     "database is copied to",
				     tables[i].name);
			return pl_backend_error(side->backend, side->location, err);
		}
	}
	return 0;
}

static int count_all(struct copy *copy, struct pl_error *err)
{
	for (size_t i = 0; i < PL_COPY_TABLES; i++) {
		int64_t rows = 0;

		if (count_rows(&copy->from, i, &rows, err) < 0)
			return -1;
		copy->of += rows;
	}
	return 0;
}

static int copy_all(struct copy *copy, struct pl_copied copied_r[PL_COPY_TABLES],
		    struct pl_error *err)
{
	if (copy->from.backend->begin_long(copy->from.db, 0, err) < 0 ||
	    copy->to.backend->begin_long(copy->to.db, 1, err) < 0 || is_empty(&copy->to, err) < 0 ||
	    count_all(copy, err) < 0)
		return -1;
	for (size_t i = 0; i < PL_COPY_TABLES; i++) {
		if (copy_table(copy, i, &copied_r[i], err) < 0)
			return -1;
	}
	if (copy->progress != NULL)
		copy->progress(copy->done, copy->of);
	return copy->to.backend->commit(copy->to.db, err);
}

int pl_schema_copy(const char *from, const char *to, void (*progress)(int64_t done, int64_t of),
		   struct pl_copied copied_r[PL_COPY_TABLES], struct pl_error *err)
{
	struct copy copy = { .progress = progress };
	int ret = -1;

	if (open_side(&copy.from, from, err) == 0 && open_side(&copy.to, to, err) == 0)
		ret = copy_all(&copy, copied_r, err);
	close_side(&copy.from);
	close_side(&copy.to);
	return ret;
}
