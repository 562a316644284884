#include "policy/account/audit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int pl_audit_add(struct pl_store *store, const struct pl_actor *actor, const char *action,
		 const char *object, const char *before, const char *after, struct pl_error *err)
{
	struct pl_stmt *stmt = pl_stmt(store, PL_SQL_AUDIT_INSERT);

	pl_bind_int(stmt, time(NULL));
	pl_bind_text(stmt, actor->who);
	pl_bind_text(stmt, actor->from);
	pl_bind_text(stmt, action);
	pl_bind_text(stmt, object);
	pl_bind_text(stmt, before);
	pl_bind_text(stmt, after);
	return pl_run(stmt, err) < 0 ? pl_error_prefix(err, "audit") : 0;
}

/* "@example.com" becomes the LIKE pattern of its members, "%@example.com". */
static int domain_pattern(const char *object, char *pattern, size_t size)
{
	size_t used = 1;

	pattern[0] = '%';
	for (; *object != '\0'; object++) {
		if (used + 3 > size)
			return -1;
		if (*object == '%' || *object == '_' || *object == '\\')
			pattern[used++] = '\\';
		pattern[used++] = *object;
	}
	pattern[used] = '\0';
	return 0;
}

static void read_record(struct pl_stmt *stmt, struct pl_audit_record *record)
{
	record->id = pl_col_int(stmt, "id");
	record->at = pl_col_int(stmt, "at");
	pl_col_copy(stmt, "who", record->who, sizeof(record->who));
	pl_col_copy(stmt, "source", record->source, sizeof(record->source));
	pl_col_copy(stmt, "action", record->action, sizeof(record->action));
	pl_col_copy(stmt, "object", record->object, sizeof(record->object));
	pl_col_copy(stmt, "before", record->before, sizeof(record->before));
	pl_col_copy(stmt, "after", record->after, sizeof(record->after));
}

int pl_audit_list(struct pl_store *store, const struct pl_audit_filter *filter,
		  int (*each)(const struct pl_audit_record *record, void *context), void *context,
		  struct pl_error *err)
{
	char pattern[2 * PL_AUDIT_TEXT];
	struct pl_audit_record record;
	struct pl_stmt *stmt;
	int ret;

	if (filter->object == NULL) {
		stmt = pl_stmt(store, PL_SQL_AUDIT_LIST);
	} else if (filter->object[0] == '@') {
		if (domain_pattern(filter->object, pattern, sizeof(pattern)) < 0)
			return pl_error_set(err, PL_ERR_INVALID, "the domain name is too long");
		stmt = pl_stmt(store, PL_SQL_AUDIT_LIST_DOMAIN);
		pl_bind_text(stmt, filter->object + 1);
		pl_bind_text(stmt, pattern);
	} else {
		stmt = pl_stmt(store, PL_SQL_AUDIT_LIST_OBJECT);
		pl_bind_text(stmt, filter->object);
	}
	pl_bind_int(stmt, filter->since);
	pl_bind_int(stmt, filter->limit);
	while ((ret = pl_step(stmt, err)) == 1) {
		read_record(stmt, &record);
		if (each(&record, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret < 0 ? pl_error_prefix(err, "audit") : 0;
}
