/* login_record.c - see login_record.h. */
#include "policy/account/login_record.h"

#include <string.h>

#include "policy/account/decoy.h"
#include "policy/account/denied_service.h"
#include "policy/account/member_row.h"

#define PORTION 1000 /* removed at once of a member that has too many */

static int is_same_rule(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

int pl_login_record_is_like(const struct pl_login_record *a, const struct pl_login_record *b)
{
	return a->member_id == b->member_id && a->app_password_id == b->app_password_id &&
	       a->application_id == b->application_id && a->service == b->service &&
	       a->refused == b->refused && a->credential == b->credential &&
	       is_same_rule(a->rule, b->rule) && a->at / PL_DAY_SECONDS == b->at / PL_DAY_SECONDS &&
	       memcmp(&a->ip, &b->ip, sizeof(a->ip)) == 0 &&
	       strcmp(a->denied_service, b->denied_service) == 0 &&
	       strcmp(a->address.local, b->address.local) == 0 &&
	       strcmp(a->address.domain, b->address.domain) == 0;
}

static int write_last_use(const struct pl_work *work, int64_t member_id,
			  const struct pl_login_record *record)
{
	struct pl_last_use use = { .service = record->service,
				   .credential = record->credential,
				   .at = record->at };

	pl_ip_format(&record->ip, use.ip);
	return pl_last_use_set(work, member_id, &use);
}

static struct pl_app_password_use use_of(const struct pl_login_record *record)
{
	return (struct pl_app_password_use){ record->app_password_id, record->service, record->ip,
					     record->at, record->renewal };
}

static int write_app_password_use(const struct pl_work *work, const struct pl_login_record *record)
{
	const struct pl_app_password_use used = use_of(record);

	return pl_app_password_used(work, &used);
}

static int write_decoy_try(const struct pl_work *work, const struct pl_login_record *record)
{
	const struct pl_app_password_use tried = use_of(record);

	return pl_decoy_tried(work, &tried);
}

static int write_application_use(const struct pl_work *work, const struct pl_login_record *record)
{
	char ip[PL_IP_TEXT];

	return pl_exec(work->store, PL_SQL_APPLICATION_USED,
		       PL_PARAMS(PL_INT("used_at", record->at),
				 PL_TEXT("ip", pl_ip_format(&record->ip, ip)),
				 PL_TEXT("service", pl_setting_info(record->service)->name),
				 PL_INT("session_id", record->application_id)),
		       work->err);
}

/* Those beyond the newest. */
static int trim(const struct pl_work *work, int64_t member_id, int refused)
{
	return pl_exec(work->store, PL_SQL_LOGIN_RECORD_TRIM,
		       PL_PARAMS(PL_INT("member_id", member_id), PL_INT("refused", refused),
				 PL_INT("portion", PORTION), PL_INT("keep", PL_LOGIN_RECORDS)),
		       work->err);
}

/* One more of the same day, or the first of it. */
static int write_row(const struct pl_work *work, int64_t member_id,
		     const struct pl_login_record *record)
{
	char ip[PL_IP_TEXT];
	const struct pl_param params[] = {
		PL_INT("member_id", member_id),
		PL_INT("refused", record->refused),
		PL_INT("at", record->at),
		PL_TEXT("service", pl_setting_info(record->service)->name),
		PL_TEXT("ip", pl_ip_format(&record->ip, ip)),
		PL_TEXT("credential", pl_login_credential_name(record->credential)),
		PL_INT("app_password_id", record->app_password_id),
		PL_TEXT("rule", record->rule),
		PL_INT("times", record->times),
		PL_INT("day", record->at / PL_DAY_SECONDS * PL_DAY_SECONDS),
		{ .type = PL_PARAM_END },
	};
	int64_t changed = pl_exec_count(work->store, PL_SQL_LOGIN_RECORD_COUNT, params, work->err);

	if (changed != 0)
		return changed < 0 ? -1 : 0;
	if (pl_exec(work->store, PL_SQL_LOGIN_RECORD_INSERT, params, work->err) < 0)
		return -1;
	return trim(work, member_id, record->refused);
}

/* Whoever removed the domain does not want it back. */
static int is_removed(const struct pl_account *account, const struct pl_login_record *record)
{
	return account->member.id == 0 && record->domain_id != 0 &&
	       record->domain_id != account->domain.id;
}

/* The member whose first login it was, who may have been added meanwhile. 1 when there is none. */
static int add_member(const struct pl_work *work, const struct pl_login_record *record,
		      int64_t *member_id_r)
{
	struct pl_account account;

	if (record->refused)
		return 1;
	if (pl_account_get(work->store, &record->address, &account, work->err) < 0)
		return -1;
	if (is_removed(&account, record))
		return 1;
	if (pl_member_ensure(work, &account) < 0)
		return -1;
	*member_id_r = account.member.id;
	return 0;
}

static int write_denial(const struct pl_work *work, const struct pl_login_record *record)
{
	struct pl_work denial = *work;

	denial.actor = (struct pl_actor){ .who = "dovecot", .from = "" };
	denial.now = record->at;
	return pl_denied_service_add(&denial, record->denied_service);
}

int pl_login_record_write(const struct pl_work *work, const struct pl_login_record *record)
{
	int64_t member_id = record->member_id;
	int ret;

	if (record->denied_service[0] != '\0')
		return write_denial(work, record);
	ret = member_id == 0 ? add_member(work, record, &member_id) : 0;
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if (write_row(work, member_id, record) < 0)
		return -1;
	if (record->is_decoy)
		return write_decoy_try(work, record);
	if (record->refused)
		return 0;
	if (write_last_use(work, member_id, record) < 0)
		return -1;
	if (record->application_id != 0)
		return write_application_use(work, record);
	return record->app_password_id == 0 ? 0 : write_app_password_use(work, record);
}

/* 0 for a service that nobody knows any more. */
static int read_row(struct pl_stmt *stmt, struct pl_login_row *row_r)
{
	const char *service = pl_col_text(stmt, "service");

	if (service == NULL || !pl_setting_by_name(service, &row_r->service))
		return 0;
	row_r->id = pl_col_int(stmt, "id");
	row_r->first_at = pl_col_int(stmt, "first_at");
	row_r->at = pl_col_int(stmt, "at");
	row_r->times = pl_col_int(stmt, "times");
	row_r->refused = pl_col_int(stmt, "refused") != 0;
	row_r->credential = pl_login_credential_by_name(pl_col_text(stmt, "credential"));
	row_r->app_password_id = pl_col_int(stmt, "app_password_id");
	pl_col_copy(stmt, "label", row_r->label, sizeof(row_r->label));
	pl_col_copy(stmt, "rule", row_r->rule, sizeof(row_r->rule));
	pl_col_copy(stmt, "ip", row_r->ip, sizeof(row_r->ip));
	return 1;
}

static const char *left_out(const struct pl_login_filter *filter)
{
	return filter->without_webmail ? pl_login_credential_name(PL_LOGIN_BY_WEBMAIL) : "";
}

int64_t pl_login_record_count(struct pl_store *store, const struct pl_login_filter *filter,
			      struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_LOGIN_RECORD_TOTAL,
					PL_PARAMS(PL_INT("member_id", filter->member_id),
						  PL_TEXT("without", left_out(filter))));
	int64_t count;

	if (pl_step(stmt, err) != 1)
		return pl_error_prefix(err, "records of logins");
	count = pl_col_int(stmt, "count");
	return pl_row_end(stmt, err) < 0 ? -1 : count;
}

int pl_login_record_list(struct pl_store *store, const struct pl_login_filter *filter,
			 int (*each)(const struct pl_login_row *row, void *context), void *context,
			 struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_LOGIN_RECORD_LIST,
			 PL_PARAMS(PL_INT("member_id", filter->member_id),
				   PL_INT("before", filter->at), PL_INT("below", filter->id),
				   PL_TEXT("without", left_out(filter)),
				   PL_INT("limit", filter->limit)));
	struct pl_login_row row;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		if (read_row(stmt, &row) && each(&row, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret < 0 ? pl_error_prefix(err, "records of logins") : 0;
}
