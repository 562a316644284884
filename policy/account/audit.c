/* audit.c - see audit.h. */
#include "policy/account/audit.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/audit_action.h"

enum kind { CHANGE, SIGN_IN };

static const struct action {
	const char *name;
	enum kind kind;
} actions[] = {
#define ACTION(name, effect, kind) { name, kind },
	PL_AUDIT_ACTIONS(ACTION)
#undef ACTION
};

static const struct action *find_action(const char *name)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	}
	return NULL;
}

int pl_audit_is_sign_in(const char *action)
{
	const struct action *found = find_action(action);

	return found != NULL && found->kind == SIGN_IN;
}

/* Of which domain the object is, or is a member; NULL: of none. */
static const char *domain_of(const char *action, const char *object)
{
	const char *at = strrchr(object, '@');

	if (at != NULL)
		return at + 1;
	return strncmp(action, "domain.", strlen("domain.")) == 0 ? object : NULL;
}

static const char *with_reason(const char *after, const char *reason, char text[PL_AUDIT_TEXT])
{
	if (reason == NULL)
		return after;
	snprintf(text, PL_AUDIT_TEXT, "%s%s" PL_AUDIT_REASON "%s", after,
		 after[0] == '\0' ? "" : " ", reason);
	return text;
}

/* What a job has written has its number in front. */
static const char *behind_job(const char *after)
{
	const size_t word = strlen("job=");
	size_t digits;

	if (strncmp(after, "job=", word) != 0)
		return after;
	digits = strspn(after + word, "0123456789");
	return after[word + digits] == ' ' ? after + word + digits + 1 : after;
}

const char *pl_audit_reason(const struct pl_audit_record *record)
{
	const char *text = behind_job(record->after);

	return strncmp(text, PL_AUDIT_REASON, strlen(PL_AUDIT_REASON)) == 0
		       ? text + strlen(PL_AUDIT_REASON)
		       : "";
}

int pl_audit_add(const struct pl_work *work, const char *action, const char *object,
		 const char *before, const char *after)
{
	char text[PL_AUDIT_TEXT];

	if (find_action(action) == NULL)
		return pl_error_set(work->err, PL_ERR_INTERNAL,
				    "audit: the action %s is not in the table", action);
	return pl_exec(work->store, PL_SQL_AUDIT_INSERT,
		       PL_PARAMS(PL_INT("at", work->now), PL_TEXT("who", work->actor.who),
				 PL_TEXT("source", work->actor.from), PL_TEXT("action", action),
				 PL_TEXT("object", object),
				 PL_TEXT("domain", domain_of(action, object)),
				 PL_TEXT("before", before),
				 PL_TEXT("after", with_reason(after, work->actor.reason, text))),
		       work->err) < 0
		       ? pl_error_prefix(work->err, "audit")
		       : 0;
}

/* Records that are added together. */
struct many {
	const struct pl_work *work;
	const char *action;
	int (*next)(void *context, struct pl_audit_text *record_r, struct pl_error *err);
	void *context;
	char after[PL_AUDIT_TEXT];
	struct pl_param params[9];
};

static int next_row(void *context, const struct pl_param **params_r, struct pl_error *err)
{
	struct many *many = context;
	const struct pl_work *work = many->work;
	struct pl_audit_text text;
	int ret = many->next(many->context, &text, err);

	if (ret == 1)
		memcpy(many->params,
		       PL_PARAMS(PL_INT("at", work->now), PL_TEXT("who", work->actor.who),
				 PL_TEXT("source", work->actor.from),
				 PL_TEXT("action", many->action), PL_TEXT("object", text.object),
				 PL_TEXT("domain", domain_of(many->action, text.object)),
				 PL_TEXT("before", text.before),
				 PL_TEXT("after",
					 with_reason(text.after, work->actor.reason, many->after))),
		       sizeof(many->params));
	*params_r = many->params;
	return ret;
}

int pl_audit_add_many(const struct pl_work *work, const char *action,
		      int (*next)(void *context, struct pl_audit_text *record_r,
				  struct pl_error *err),
		      void *context)
{
	struct many many = { .work = work, .action = action, .next = next, .context = context };

	if (find_action(action) == NULL)
		return pl_error_set(work->err, PL_ERR_INTERNAL,
				    "audit: the action %s is not in the table", action);
	return pl_insert_many(work->store, PL_SQL_AUDIT_INSERT, next_row, &many, work->err) < 0
		       ? pl_error_prefix(work->err, "audit")
		       : 0;
}

static void read_row(struct pl_stmt *stmt, struct pl_audit_record *record)
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

int pl_audit_read_all(struct pl_stmt *stmt,
		      int (*each)(const struct pl_audit_record *record, void *context),
		      void *context, struct pl_error *err)
{
	struct pl_audit_record record;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		read_row(stmt, &record);
		if (each(&record, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret < 0 ? pl_error_prefix(err, "audit") : 0;
}

int pl_audit_list(struct pl_store *store, const struct pl_audit_filter *filter,
		  int (*each)(const struct pl_audit_record *record, void *context), void *context,
		  struct pl_error *err)
{
	const struct pl_param since = PL_INT("since", filter->since);
	const struct pl_param limit = PL_INT("limit", filter->limit);
	struct pl_stmt *stmt;

	if (filter->object == NULL) {
		stmt = pl_query(store, PL_SQL_AUDIT_LIST, PL_PARAMS(since, limit));
	} else if (filter->object[0] == '@') {
		stmt = pl_query(store, PL_SQL_AUDIT_LIST_DOMAIN,
				PL_PARAMS(PL_TEXT("domain", filter->object + 1), since, limit));
	} else {
		stmt = pl_query(store, PL_SQL_AUDIT_LIST_OBJECT,
				PL_PARAMS(PL_TEXT("object", filter->object), since, limit));
	}
	return pl_audit_read_all(stmt, each, context, err);
}

int pl_audit_list_below(struct pl_store *store, const char *object, int64_t since, int64_t below,
			int limit, int (*each)(const struct pl_audit_record *record, void *context),
			void *context, struct pl_error *err)
{
	return pl_audit_read_all(pl_query(store, PL_SQL_AUDIT_LIST_BELOW,
					  PL_PARAMS(PL_TEXT("object", object),
						    PL_INT("since", since), PL_INT("below", below),
						    PL_INT("limit", limit))),
				 each, context, err);
}

int64_t pl_audit_count(struct pl_store *store, const char *object, int64_t since,
		       struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_AUDIT_COUNT_OBJECT,
			 PL_PARAMS(PL_TEXT("object", object), PL_INT("since", since)));
	int64_t count;

	if (pl_step(stmt, err) != 1)
		return pl_error_prefix(err, "audit");
	count = pl_col_int(stmt, "count");
	return pl_row_end(stmt, err) < 0 ? -1 : count;
}

int pl_audit_newest(struct pl_store *store, int64_t *newest_r, struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_AUDIT_NEWEST, NULL);

	if (pl_step(stmt, err) != 1)
		return pl_error_prefix(err, "audit");
	*newest_r = pl_col_int(stmt, "newest");
	return pl_row_end(stmt, err) < 0 ? -1 : 0;
}

int pl_audit_concerns(struct pl_store *store, const struct pl_address *member, int64_t since,
		      struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_AUDIT_CHANGES,
			 PL_PARAMS(PL_TEXT("local", member->local),
				   PL_TEXT("domain", member->domain), PL_INT("seen", since)));
	int concerns;

	if (pl_step(stmt, err) != 1)
		return pl_error_prefix(err, "audit");
	concerns = pl_col_int(stmt, "changes") > 0 || pl_col_int(stmt, "newest") < since;
	return pl_row_end(stmt, err) < 0 ? -1 : concerns;
}
