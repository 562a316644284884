/* administrator.c - see administrator.h. */
#include "policy/admin/administrator.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/audit.h"
#include "policy/admin/administrator_row.h"
#include "policy/outbox/notice.h"

static const char *const role_names[] = { "nobody", "helpdesk", "domain", "server" };

const char *pl_admin_role_name(enum pl_admin_role role)
{
	return role_names[role];
}

enum pl_admin_role pl_admin_role_by_name(const char *name)
{
	for (int role = PL_ADMIN_HELPDESK; role <= PL_ADMIN_SERVER; role++) {
		if (name != NULL && strcmp(name, role_names[role]) == 0)
			return role;
	}
	return PL_ADMIN_NOBODY;
}

int64_t pl_administrator_scope(const struct pl_administrator *administrator)
{
	if (administrator->id <= 0 || administrator->role == PL_ADMIN_NOBODY)
		return -1;
	return administrator->role == PL_ADMIN_SERVER ? 0 : administrator->id;
}

/* Whether a statement finds a row: 1, 0 or -1. */
static int finds(struct pl_stmt *stmt, struct pl_error *err)
{
	int ret = pl_step(stmt, err);

	return ret != 1 ? ret : pl_row_end(stmt, err) < 0 ? -1 : 1;
}

int pl_administrator_reaches(struct pl_store *store, const struct pl_administrator *administrator,
			     int64_t domain_id, struct pl_error *err)
{
	return finds(pl_query(store, PL_SQL_ADMINISTRATOR_REACHES,
			      PL_PARAMS(PL_INT("scope", pl_administrator_scope(administrator)),
					PL_INT("domain_id", domain_id))),
		     err);
}

int pl_administrator_may_change(struct pl_store *store,
				const struct pl_administrator *administrator, int64_t member_id,
				struct pl_error *err)
{
	struct pl_administrator other;
	int ret;

	if (administrator->role == PL_ADMIN_SERVER || administrator->member_id == member_id)
		return 1;
	ret = pl_administrator_of_member(store, member_id, &other, err);
	return ret < 0 ? -1 : ret == 0;
}

void pl_administrator_read(struct pl_stmt *stmt, struct pl_administrator *administrator_r)
{
	memset(administrator_r, 0, sizeof(*administrator_r));
	administrator_r->id = pl_col_int(stmt, "id");
	administrator_r->role = pl_admin_role_by_name(pl_col_text(stmt, "role"));
	administrator_r->member_id = pl_col_int(stmt, "member_id");
	administrator_r->factor_registered = pl_col_int(stmt, "factor_registered") != 0;
	administrator_r->made_at = pl_col_int(stmt, "made_at");
	pl_col_copy(stmt, "made_by", administrator_r->made_by, sizeof(administrator_r->made_by));
	pl_col_copy(stmt, "local", administrator_r->address.local,
		    sizeof(administrator_r->address.local));
	pl_col_copy(stmt, "domain", administrator_r->address.domain,
		    sizeof(administrator_r->address.domain));
}

static int get(struct pl_stmt *stmt, struct pl_administrator *administrator_r, struct pl_error *err)
{
	int ret = pl_step(stmt, err);

	memset(administrator_r, 0, sizeof(*administrator_r));
	if (ret != 1)
		return ret;
	pl_administrator_read(stmt, administrator_r);
	return pl_row_end(stmt, err) < 0 ? -1 : 1;
}

int pl_administrator_of_member(struct pl_store *store, int64_t member_id,
			       struct pl_administrator *administrator_r, struct pl_error *err)
{
	return get(pl_query(store, PL_SQL_ADMINISTRATOR_OF_MEMBER,
			    PL_PARAMS(PL_INT("member_id", member_id))),
		   administrator_r, err);
}

int pl_administrator_get(struct pl_store *store, int64_t id,
			 struct pl_administrator *administrator_r, struct pl_error *err)
{
	return get(pl_query(store, PL_SQL_ADMINISTRATOR_GET,
			    PL_PARAMS(PL_INT("administrator_id", id))),
		   administrator_r, err);
}

int pl_administrator_is_active(const struct pl_work *work, int64_t id)
{
	return finds(pl_query(work->store, PL_SQL_ADMINISTRATOR_IS_ACTIVE,
			      PL_PARAMS(PL_INT("administrator_id", id), PL_INT("now", work->now))),
		     work->err);
}

static int read_all(struct pl_stmt *stmt,
		    int (*each)(const struct pl_administrator *administrator, void *context),
		    void *context, struct pl_error *err)
{
	struct pl_administrator administrator;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		pl_administrator_read(stmt, &administrator);
		if (each(&administrator, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

int pl_administrator_list(struct pl_store *store,
			  int (*each)(const struct pl_administrator *administrator, void *context),
			  void *context, struct pl_error *err)
{
	return read_all(pl_query(store, PL_SQL_ADMINISTRATOR_LIST, NULL), each, context, err);
}

int pl_administrator_page(struct pl_store *store, int64_t after, int limit,
			  int (*each)(const struct pl_administrator *administrator, void *context),
			  void *context, struct pl_error *err)
{
	return read_all(pl_query(store, PL_SQL_ADMINISTRATOR_PAGE,
				 PL_PARAMS(PL_INT("after", after), PL_INT("limit", limit))),
			each, context, err);
}

/* The number in a column of the one row of a statement; -1 on error. */
static int64_t count(struct pl_stmt *stmt, const char *column, struct pl_error *err)
{
	int64_t number;

	if (pl_step(stmt, err) != 1)
		return -1;
	number = pl_col_int(stmt, column);
	return pl_row_end(stmt, err) < 0 ? -1 : number;
}

int64_t pl_administrator_count(struct pl_store *store, int programs, struct pl_error *err)
{
	return count(pl_query(store, PL_SQL_ADMINISTRATOR_COUNT, NULL),
		     programs ? "programs" : "members", err);
}

int pl_administrator_domains(struct pl_store *store, int64_t id,
			     int (*each)(const char *domain, void *context), void *context,
			     struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_ADMINISTRATOR_DOMAINS,
					PL_PARAMS(PL_INT("administrator_id", id)));
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		if (each(pl_col_text(stmt, "name"), context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

/* Gives the administrator one more domain, which domains_r then names. */
static int add_domain(const struct pl_work *work, int64_t id, const char *name, char *domains_r)
{
	const size_t used = strlen(domains_r);
	char parsed[PL_DOMAIN_MAX + 1];
	struct pl_domain domain;
	int ret = pl_domain_parse(name, parsed, NULL) < 0
			  ? 0
			  : pl_domain_get(work->store, parsed, &domain, work->err);

	if (ret == 1 && domain.alias_id != 0)
		ret = pl_domain_get(work->store, domain.alias_of, &domain, work->err);
	if (ret == 0)
		return pl_error_set(work->err, PL_ERR_CONFLICT,
				    "there is no domain %.100s; `postlatch domain add` adds it",
				    name);
	if (ret < 0)
		return -1;
	snprintf(domains_r + used, PL_AUDIT_TEXT - used, " %s", domain.name);
	return pl_exec(work->store, PL_SQL_ADMINISTRATOR_DOMAIN_ADD,
		       PL_PARAMS(PL_INT("administrator_id", id), PL_INT("domain_id", domain.id)),
		       work->err);
}

static int check_role(enum pl_admin_role role, const char *const *domains, struct pl_error *err)
{
	if (role == PL_ADMIN_NOBODY)
		return pl_error_set(err, PL_ERR_INVALID, "a role is helpdesk, domain or server");
	if (role == PL_ADMIN_SERVER && domains[0] != NULL)
		return pl_error_set(err, PL_ERR_INVALID,
				    "a server administrator has all domains: name none");
	if (role != PL_ADMIN_SERVER && domains[0] == NULL)
		return pl_error_set(err, PL_ERR_INVALID, "the role %s needs a domain at least",
				    pl_admin_role_name(role));
	return 0;
}

static int add_domains(const struct pl_work *work, int64_t id, const char *const *domains,
		       char *domains_r)
{
	domains_r[0] = '\0';
	for (; *domains != NULL; domains++) {
		if (add_domain(work, id, *domains, domains_r) < 0)
			return -1;
	}
	return 0;
}

int pl_administrator_write(const struct pl_work *work, int64_t member_id, enum pl_admin_role role,
			   const char *const *domains, int64_t *id_r, char *domains_r)
{
	return check_role(role, domains, work->err) < 0 ||
			       pl_insert(work->store, PL_SQL_ADMINISTRATOR_INSERT,
					 PL_PARAMS(PL_ID("member_id", member_id),
						   PL_TEXT("role", pl_admin_role_name(role)),
						   PL_INT("made_at", work->now),
						   PL_TEXT("made_by", work->actor.who)),
					 id_r, work->err) < 0
		       ? -1
		       : add_domains(work, *id_r, domains, domains_r);
}

/* Gives one that there is another role and other domains. Its id stays, and so its jobs. */
static int rewrite(const struct pl_work *work, int64_t id, enum pl_admin_role role,
		   const char *const *domains)
{
	char names[PL_AUDIT_TEXT];

	return check_role(role, domains, work->err) < 0 ||
			       pl_exec(work->store, PL_SQL_ADMINISTRATOR_UPDATE,
				       PL_PARAMS(PL_TEXT("role", pl_admin_role_name(role)),
						 PL_INT("made_at", work->now),
						 PL_TEXT("made_by", work->actor.who),
						 PL_INT("administrator_id", id)),
				       work->err) < 0 ||
			       pl_exec(work->store, PL_SQL_ADMINISTRATOR_DOMAINS_CLEAR,
				       PL_PARAMS(PL_INT("administrator_id", id)), work->err) < 0
		       ? -1
		       : add_domains(work, id, domains, names);
}

/* What was previewed with other rights does not go on. */
static int stop_jobs(const struct pl_work *work, int64_t id)
{
	return pl_exec(work->store, PL_SQL_JOB_STOP_ALL,
		       PL_PARAMS(PL_INT("now", work->now), PL_INT("administrator_id", id)),
		       work->err);
}

struct names {
	char text[PL_AUDIT_TEXT];
};

static int add_name(const char *domain, void *context)
{
	struct names *names = context;
	const size_t used = strlen(names->text);

	snprintf(names->text + used, sizeof(names->text) - used, " %s", domain);
	return 0;
}

/* "role=domain domains= a.test b.test", for a record. */
static int describe(const struct pl_work *work, const struct pl_administrator *administrator,
		    char *text_r)
{
	struct names names = { "" };

	if (pl_administrator_domains(work->store, administrator->id, add_name, &names, work->err) <
	    0)
		return -1;
	snprintf(text_r, PL_AUDIT_TEXT, "role=%s%s%.900s", pl_admin_role_name(administrator->role),
		 names.text[0] != '\0' ? " domains:" : "", names.text);
	return 0;
}

static int add_record(const struct pl_work *work, const struct pl_administrator *administrator,
		      const char *action, const char *before, const char *after)
{
	char object[PL_ADDRESS_MAX + 1];

	if (administrator->member_id == 0)
		snprintf(object, sizeof(object), "api-key %lld", (long long)administrator->id);
	else
		pl_address_format(&administrator->address, object);
	return pl_audit_add(work, action, object, before, after);
}

/* Makes one of the member, or gives it other rights: 1 they are others, 0, -1. */
static int set(const struct pl_work *work, const struct pl_account *account,
	       enum pl_admin_role role, const char *const *domains,
	       struct pl_administrator *administrator, char *before_r)
{
	char after[PL_AUDIT_TEXT], names[PL_AUDIT_TEXT];
	const int had = pl_administrator_of_member(work->store, account->member.id, administrator,
						   work->err);

	before_r[0] = '\0';
	if (had < 0 ||
	    (had == 1 && (describe(work, administrator, before_r) < 0 ||
			  rewrite(work, administrator->id, role, domains) < 0)) ||
	    (had == 0 && pl_administrator_write(work, account->member.id, role, domains,
						&administrator->id, names) < 0))
		return -1;
	administrator->role = role;
	administrator->member_id = account->member.id;
	administrator->address = account->member.address;
	if (describe(work, administrator, after) < 0 ||
	    add_record(work, administrator, "administrator.set", before_r, after) < 0)
		return -1;
	return strcmp(before_r, after) != 0;
}

int pl_administrator_set(const struct pl_work *work, const struct pl_account *account,
			 enum pl_admin_role role, const char *const *domains)
{
	struct pl_administrator administrator;
	char before[PL_AUDIT_TEXT];
	const int ret = set(work, account, role, domains, &administrator, before);

	if (ret != 1)
		return ret;
	return stop_jobs(work, administrator.id) < 0
		       ? -1
		       : pl_notice_add(work, administrator.member_id,
				       before[0] == '\0' ? "administrator-made"
							 : "administrator-changed",
				       NULL);
}

int pl_administrator_remove(const struct pl_work *work, int64_t id)
{
	struct pl_administrator administrator;
	char before[PL_AUDIT_TEXT];
	int ret = pl_administrator_get(work->store, id, &administrator, work->err);

	if (ret != 1)
		return ret;
	if (describe(work, &administrator, before) < 0 || stop_jobs(work, id) < 0 ||
	    pl_exec(work->store, PL_SQL_ADMINISTRATOR_DELETE,
		    PL_PARAMS(PL_INT("administrator_id", id)), work->err) < 0 ||
	    add_record(work, &administrator,
		       administrator.member_id != 0 ? "administrator.remove" : "api-key.remove",
		       before, "") < 0)
		return -1;
	return 1;
}
