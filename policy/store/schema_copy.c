/* schema_copy.c - see schema_copy.h. */
#include "policy/store/schema_copy.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "policy/store/backend.h"
#include "policy/store/schema.h"

#define SQL_MOST 2048
#define COLUMNS_MOST 1024
#define PROGRESS_EVERY 1000

/* Those that others refer to come first. {C} stands for the backend's word for an
 * order by bytes, where a key is text. */
static const struct {
	const char *name, *key;
	int counts; /* its id counts by itself, and is never used twice */
} tables[PL_COPY_TABLES] = {
	{ "domain", "alias_of IS NOT NULL, id", 1 }, /* aliases after the others */
	{ "member", "id", 1 },
	{ "member_use", "member_id, service {C}, credential {C}", 0 },
	{ "member_delivery", "member_id", 0 },
	{ "login_record", "id", 1 },
	{ "connection_test", "member_id", 0 },
	{ "connection_attempt", "id", 1 },
	{ "retirement_notice", "member_id", 0 },
	{ "forward", "member_id", 0 },
	{ "forward_target", "id", 1 },
	{ "forward_code", "id", 1 },
	{ "attachment_link", "id", 1 },
	{ "attachment_file", "id", 1 },
	{ "attachment_download", "file_id, ticket", 0 },
	{ "attachment_traffic", "member_id, day", 0 },
	{ "app_password", "id", 1 },
	{ "app_password_network", "app_password_id, network {C}", 0 },
	{ "profile_link", "digest", 0 },
	{ "second_factor", "member_id", 0 },
	{ "totp", "member_id", 0 },
	{ "recovery_code", "member_id, mac", 0 },
	{ "factor_failure", "member_id", 0 },
	{ "sign_in_failure", "id", 1 },
	{ "trusted_device", "id", 1 },
	{ "session", "id", 1 },
	{ "attachment_upload", "id", 1 },
	{ "totp_pending", "session_id", 0 },
	{ "passkey", "id", 1 },
	{ "passkey_challenge", "digest", 0 },
	{ "passkey_sign_in", "digest", 0 },
	{ "approval_device", "id", 1 },
	{ "web_push_key", "id", 1 },
	{ "approval_enrolment", "member_id", 0 },
	{ "approval_try", "id", 1 },
	{ "approval_request", "id", 1 },
	{ "recovery_decision", "id", 1 },
	{ "recovery_contact", "member_id, kind {C}", 0 },
	{ "recovery_change", "member_id, kind {C}", 0 },
	{ "recovery_code_sent", "id", 1 },
	{ "recovery_request", "id", 1 },
	{ "oauth_client", "id {C}", 0 },
	{ "oauth_grant", "id", 1 },
	{ "consent_request", "digest", 0 },
	{ "token", "digest", 0 },
	{ "refresh_token", "digest", 0 },
	{ "signing_key", "id {C}", 0 },
	{ "outbox", "id", 1 },
	{ "administrator", "id", 1 },
	{ "administrator_domain", "administrator_id, domain_id", 0 },
	{ "api_key", "administrator_id", 0 },
	{ "login_count",
	  "hour, domain_id, service {C}, channel {C}, credential {C}, rule {C}, outcome {C}", 0 },
	{ "guess_count", "day, domain_id, origin {C}", 0 },
	{ "adoption", "day, domain_id", 0 },
	{ "job", "id", 1 },
	{ "job_member", "job_id, member_id", 0 },
	{ "job_file", "job_id, last_line", 0 },
	{ "audit", "id", 1 },
};

struct side {
	const struct pl_backend *backend;
	const char *location;
	void *db;
};

struct copy {
	struct side from, to;
	pl_copy_progress *progress;
};

/* The rows of one table as they are read from one side, counted and summed up. */
struct reading {
	const struct copy *copy;
	const struct side *side;
	const char *table;
	void *stmt;
	int columns;
	int64_t rows, of;
	EVP_MD_CTX *sum;
};

/* -- digests: kind, length and bytes of each value, so that no two rows look alike -- */

static void add_value(EVP_MD_CTX *sum, char kind, const void *data, size_t len)
{
	char head[32];
	int size = snprintf(head, sizeof(head), "%c%zu:", kind, len);

	EVP_DigestUpdate(sum, head, (size_t)size);
	EVP_DigestUpdate(sum, data, len);
}

static void add_field(EVP_MD_CTX *sum, const struct pl_field *field)
{
	char number[32];
	int len;

	switch (field->kind) {
	case PL_KIND_NULL:
		add_value(sum, 'n', "", 0);
		break;
	case PL_KIND_INT:
		len = snprintf(number, sizeof(number), "%lld", (long long)field->number);
		add_value(sum, 'i', number, (size_t)len);
		break;
	case PL_KIND_TEXT:
		add_value(sum, 't', field->data, field->len);
		break;
	case PL_KIND_BLOB:
		add_value(sum, 'b', field->data, field->len);
		break;
	}
}

/* -- statements over whole tables -- */

static int prepare(const struct side *side, const char *sql, void **stmt_r, struct pl_error *err)
{
	return side->backend->prepare(side->db, sql, stmt_r, err);
}

/* The key with each {C} spelled out. */
static char *expand_key(const struct side *side, const char *key, char *buf, size_t size)
{
	const char *place;
	size_t used = 0;

	for (; used < size && (place = strstr(key, "{C}")) != NULL; key = place + 3)
		used += (size_t)snprintf(buf + used, size - used, "%.*s%s", (int)(place - key), key,
					 side->backend->byte_order);
	if (used < size)
		snprintf(buf + used, size - used, "%s", key);
	return buf;
}

static int count_rows(const struct side *side, const char *table, int64_t *count_r,
		      struct pl_error *err)
{
	char sql[SQL_MOST];
	void *stmt;
	int ret;

	snprintf(sql, sizeof(sql), "SELECT COUNT(*) AS count FROM %s", table);
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

/* -- reading one table -- */

static int no_digest(struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not compute a digest");
}

/* end_reading() is due whatever this returns. */
static int begin_reading(struct reading *reading, size_t table, const char *columns,
			 struct pl_error *err)
{
	const struct side *side = reading->side;
	char sql[SQL_MOST], key[256];

	reading->table = tables[table].name;
	reading->sum = EVP_MD_CTX_new();
	if (reading->sum == NULL || EVP_DigestInit_ex(reading->sum, EVP_sha256(), NULL) != 1)
		return no_digest(err);
	snprintf(sql, sizeof(sql), "SELECT %s FROM %s ORDER BY %s", columns, reading->table,
		 expand_key(side, tables[table].key, key, sizeof(key)));
	if (count_rows(side, reading->table, &reading->of, err) < 0 ||
	    prepare(side, sql, &reading->stmt, err) < 0)
		return -1;
	reading->columns = side->backend->columns(reading->stmt);
	return reading->columns <= PL_COLUMNS_MAX
		       ? 0
		       : pl_error_set(err, PL_ERR_INTERNAL, "it has more than %d columns",
				      PL_COLUMNS_MAX);
}

static void end_reading(struct reading *reading)
{
	if (reading->stmt != NULL)
		reading->side->backend->finish(reading->stmt);
	EVP_MD_CTX_free(reading->sum);
}

/* "a, b, c": the columns in their order. */
static void list_columns(const struct reading *reading, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < reading->columns && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i == 0 ? "" : ", ",
					reading->side->backend->column_name(reading->stmt, i));
}

static void read_field(const struct reading *reading, int index, struct pl_field *field_r)
{
	const struct pl_backend *backend = reading->side->backend;

	*field_r = (struct pl_field){ .kind = backend->col_kind(reading->stmt, index) };
	switch (field_r->kind) {
	case PL_KIND_NULL:
		break;
	case PL_KIND_INT:
		field_r->number = backend->col_int(reading->stmt, index);
		break;
	case PL_KIND_TEXT:
		field_r->data = backend->col_text(reading->stmt, index);
		field_r->len = strlen(field_r->data);
		break;
	case PL_KIND_BLOB:
		field_r->data = backend->col_blob(reading->stmt, index, &field_r->len);
		/* SQLite has no address for no bytes, and takes none for NULL. */
		if (field_r->data == NULL)
			field_r->data = "";
		break;
	}
}

static void tell_progress(const struct reading *reading)
{
	const struct copy *copy = reading->copy;

	if (copy->progress != NULL && reading->of > 0)
		copy->progress(reading->table, reading->side == &copy->to, reading->rows,
			       reading->of);
}

/* See struct pl_row_source. */
static int read_row(void *context, struct pl_field *row_r, struct pl_error *err)
{
	struct reading *reading = context;
	int ret = reading->side->backend->step(reading->side->db, reading->stmt, err);

	if (ret != 1)
		return ret;
	for (int i = 0; i < reading->columns; i++) {
		read_field(reading, i, &row_r[i]);
		add_field(reading->sum, &row_r[i]);
	}
	EVP_DigestUpdate(reading->sum, "\n", 1);
	if (++reading->rows % PROGRESS_EVERY == 0 || reading->rows == reading->of)
		tell_progress(reading);
	return 1;
}

static int sum_up(const struct reading *reading, struct pl_copied *copied_r, struct pl_error *err)
{
	copied_r->table = reading->table;
	copied_r->rows = reading->rows;
	return EVP_DigestFinal_ex(reading->sum, copied_r->sha256, NULL) == 1 ? 0 : no_digest(err);
}

/* -- copying one table -- */

/* columns_r gets the columns in the order of the source. */
static int write_table(const struct copy *copy, size_t table, char columns_r[COLUMNS_MOST],
		       struct pl_copied *copied_r, struct pl_error *err)
{
	struct reading reading = { .copy = copy, .side = &copy->from };
	struct pl_row_source rows = { .columns = columns_r, .next = read_row, .context = &reading };
	int ret = begin_reading(&reading, table, "*", err);

	if (ret == 0) {
		list_columns(&reading, columns_r, COLUMNS_MOST);
		rows.table = reading.table;
		rows.column_count = reading.columns;
		ret = copy->to.backend->insert_many(copy->to.db, &rows, err);
	}
	if (ret == 0)
		ret = sum_up(&reading, copied_r, err);
	end_reading(&reading);
	return ret;
}

/* Reads what is there now, and compares it with what was read. */
static int compare_table(const struct copy *copy, size_t table, const char *columns,
			 const struct pl_copied *wanted, struct pl_error *err)
{
	struct reading reading = { .copy = copy, .side = &copy->to };
	struct pl_field row[PL_COLUMNS_MAX];
	struct pl_copied found;
	int ret = begin_reading(&reading, table, columns, err);

	if (ret == 0)
		do
			ret = read_row(&reading, row, err);
		while (ret == 1);
	if (ret == 0)
		ret = sum_up(&reading, &found, err);
	end_reading(&reading);
	if (ret == 0 && (found.rows != wanted->rows ||
			 memcmp(found.sha256, wanted->sha256, sizeof(found.sha256)) != 0))
		ret = pl_error_set(err, PL_ERR_INTERNAL,
				   "what was written is not what was read (%lld rows of %lld)",
				   (long long)found.rows, (long long)wanted->rows);
	return ret;
}

static int copy_counter(const struct copy *copy, size_t table, struct pl_error *err)
{
	int64_t value;

	if (copy->from.backend->counter(copy->from.db, tables[table].name, &value, err) < 0)
		return -1;
	return value == 0
		       ? 0
		       : copy->to.backend->set_counter(copy->to.db, tables[table].name, value, err);
}

static int copy_table(const struct copy *copy, size_t table, struct pl_copied *copied_r,
		      struct pl_error *err)
{
	char columns[COLUMNS_MOST];

	if (write_table(copy, table, columns, copied_r, err) == 0 &&
	    compare_table(copy, table, columns, copied_r, err) == 0 &&
	    (!tables[table].counts || copy_counter(copy, table, err) == 0))
		return 0;
	return pl_error_prefix(err, "table %s", tables[table].name);
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

		if (count_rows(side, tables[i].name, &rows, err) < 0)
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

static int copy_all(const struct copy *copy, struct pl_copied copied_r[PL_COPY_TABLES],
		    struct pl_error *err)
{
	if (copy->from.backend->begin_long(copy->from.db, 0, err) < 0 ||
	    copy->to.backend->begin_long(copy->to.db, 1, err) < 0 || is_empty(&copy->to, err) < 0)
		return -1;
	for (size_t i = 0; i < PL_COPY_TABLES; i++) {
		if (copy_table(copy, i, &copied_r[i], err) < 0)
			return -1;
	}
	return copy->to.backend->commit(copy->to.db, err);
}

int pl_schema_copy(const char *from, const char *to, pl_copy_progress *progress,
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

/* As they count by themselves, a counter of the target may be ahead of what it holds. */
static int raise_counter(const struct copy *copy, size_t table, struct pl_error *err)
{
	int64_t from, to;

	if (copy->from.backend->counter(copy->from.db, tables[table].name, &from, err) < 0 ||
	    copy->to.backend->counter(copy->to.db, tables[table].name, &to, err) < 0)
		return -1;
	return from <= to ? 0 : copy_counter(copy, table, err);
}

static int raise_all(const struct copy *copy, struct pl_error *err)
{
	if (copy->to.backend->begin_long(copy->to.db, 1, err) < 0)
		return -1;
	for (size_t i = 0; i < PL_COPY_TABLES; i++) {
		if (tables[i].counts && raise_counter(copy, i, err) < 0)
			return pl_error_prefix(err, "table %s", tables[i].name);
	}
	return copy->to.backend->commit(copy->to.db, err);
}

int pl_schema_raise_counters(const char *from, const char *to, struct pl_error *err)
{
	struct copy copy = { .progress = NULL };
	int ret = -1;

	if (open_side(&copy.from, from, err) == 0 && open_side(&copy.to, to, err) == 0)
		ret = raise_all(&copy, err);
	close_side(&copy.from);
	close_side(&copy.to);
	return ret;
}
