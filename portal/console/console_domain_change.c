/* console_domain_change.c - a change of a domain: what it would come to, and the change itself. */
#include <string.h>

#include "policy/account/outcome.h"
#include "policy/account/scope_preview.h"
#include "policy/admin/domain_job.h"
#include "portal/console/conflict.h"
#include "portal/console/console_answer.h"
#include "portal/console/console_change.h"
#include "portal/console/console_domain_answer.h"
#include "portal/console/console_lockout.h"
#include "portal/console/handlers.h"
#include "portal/console/job_runner.h"

static int read_setting(const struct request *request, enum pl_setting setting,
			struct pl_change *change)
{
	const char *text = request_text(request, pl_setting_info(setting)->name);

	if (text == NULL)
		return 0;
	change->settings |= 1u << setting;
	return pl_setting_read(setting, PL_AT_DOMAIN, text, &change->value) ? 0 : -1;
}

/* What the fields of the body say: 1; 0 and the answer. */
static int read_change(const struct request *request, struct response *response,
		       struct pl_change *change_r)
{
	const json_t *active = json_object_get(request->json, "active");
	const char *grace = request_text(request, PL_GRACE_NAME);

	memset(change_r, 0, sizeof(*change_r));
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if (read_setting(request, (enum pl_setting)i, change_r) < 0)
			return respond_bad_field(response,
						 pl_setting_info((enum pl_setting)i)->name);
	}
	if (grace != NULL && pl_grace_parse(grace, &change_r->grace, NULL) < 0)
		return respond_bad_field(response, PL_GRACE_NAME);
	change_r->has_grace = grace != NULL;
	if (active != NULL && request->administrator.role != PL_ADMIN_SERVER)
		return respond_error(response, 403, "role");
	change_r->has_active = active != NULL;
	change_r->active = json_is_true(active);
	if (!pl_change_has_settings(change_r) && !change_r->has_active)
		return respond_bad_field(response, NULL);
	return 1;
}

/* Whether the change can be made of the domain: 1; 0 and the answer. */
static int check_change(const struct request *request, struct response *response,
			const struct pl_domain *domain, const struct pl_change *change)
{
	if (!domain->known)
		return respond_conflict(response, CONFLICT_DOMAIN_NOT_KNOWN);
	if (domain->alias_id != 0 && pl_change_has_settings(change))
		return respond_conflict(response, CONFLICT_ALIAS);
	return console_is_allowed(request, response, domain->name, change);
}

static json_t *result_json(const struct pl_scope_result *result)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "members", (json_int_t)result->members, "pinned",
			 (json_int_t)result->pinned, "cleared", (json_int_t)result->cleared,
			 "affected", (json_int_t)result->affected);
}

static json_t *outcome_json(const struct pl_scope_outcome *outcome)
{
	json_t *json = result_json(&outcome->result), *loses = json_object();

	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if (outcome->loses[i] != 0)
			json_object_set_new(loses, pl_setting_info((enum pl_setting)i)->name,
					    json_integer((json_int_t)outcome->loses[i]));
	}
	json_object_update_new(json,
			       json_pack("{s:I, s:o, s:I, s:I}", "losing",
					 (json_int_t)outcome->losing, "loses", loses,
					 "must_register", (json_int_t)outcome->must_register,
					 "client_password", (json_int_t)outcome->client_password));
	return json;
}

static int answer_preview(struct response *response, const struct pl_scope_preview *preview)
{
	char day[PL_DAY_TEXT];

	return respond_json(response, 200,
			    json_pack("{s:s, s:i, s:o, s:o, s:o}", "on",
				      pl_day_format(preview->day, day), "use_days",
				      PL_OUTCOME_USE_DAYS, "new",
				      outcome_json(&preview->outcome[PL_SCOPE_NEW]), "inheriting",
				      outcome_json(&preview->outcome[PL_SCOPE_INHERITING]), "all",
				      outcome_json(&preview->outcome[PL_SCOPE_ALL])));
}

/* In a read transaction, so that members and their logins are of one state. 0, or -1. */
static int preview(struct request *request, struct response *response,
		   const struct pl_change *change, struct pl_error *err)
{
	struct pl_domain_summary summary;
	struct pl_scope_preview found;
	int ret = console_domain_read(request, response, &summary, err);

	if (ret == 1)
		ret = check_change(request, response, &summary.domain, change);
	if (ret != 1)
		return ret;
	if (pl_domain_preview(&request->work, request->policy, summary.domain.name, change,
			      &found) < 0)
		return -1;
	return answer_preview(response, &found);
}

int preview_console_domain(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_change change;
	int ret = read_change(request, response, &change);

	if (ret != 1)
		return ret;
	if (pl_store_begin_read(request->work.store, err) < 0)
		return -1;
	ret = preview(request, response, &change, err);
	pl_store_end_read(request->work.store);
	return ret;
}

/* Whether the administrator could not sign in at the portal any more: 1, 0 or -1. */
static int locks_out(const struct request *request, struct pl_error *err)
{
	struct pl_account account;

	if (request->session.id == 0)
		return 0;
	if (pl_account_get(request->work.store, &request->session.address, &account, err) < 0)
		return -1;
	return console_is_locked_out(request, &account);
}

struct scoped_change {
	struct pl_change change;
	enum pl_scope scope;
	struct pl_scope_result result;
	struct pl_job job; /* id 0: there is none */
	int is_made;
};

/* In a read transaction, so that nobody who wants to write waits for it: 1; 0 and the answer;
 * -1. */
static int count_members(struct request *request, struct response *response,
			 struct scoped_change *scoped)
{
	struct pl_domain_summary summary;
	int ret = console_domain_read(request, response, &summary, request->work.err);

	if (ret == 1)
		ret = check_change(request, response, &summary.domain, &scoped->change);
	if (ret != 1)
		return ret;
	return pl_scope_count(&request->work, request->policy, summary.domain.name, &scoped->change,
			      scoped->scope, &scoped->result) < 0
		       ? -1
		       : 1;
}

/* With the job that still changes members, or null. */
static json_t *made_json(const struct scoped_change *scoped)
{
	json_t *json = result_json(&scoped->result);

	json_object_set_new(json, "job",
			    scoped->job.id == 0 ? json_null() : json_integer(scoped->job.id));
	return json;
}

/* Without the numbers of members, for which many rows are read: others wait. */
static int read_domain(const struct request *request, struct response *response,
		       struct pl_domain *domain_r)
{
	char name[PL_DOMAIN_MAX + 1];
	int ret = 0;

	if (pl_domain_parse(request_parameter(request, "domain"), name, NULL) == 0)
		ret = pl_domain_get(request->work.store, name, domain_r, request->work.err);
	return ret != 0 ? ret : respond_error(response, 404, "not-found");
}

/* In the write transaction. It is answered behind it. */
static int change_domain(struct request *request, struct response *response, void *context)
{
	struct scoped_change *scoped = context;
	char state[CONSOLE_DOMAIN_STATE];
	struct pl_domain domain;
	int ret = read_domain(request, response, &domain);

	if (ret == 1)
		ret = console_if_match(request, response, console_domain_state(&domain, state),
				       request->work.err);
	if (ret == 1)
		ret = check_change(request, response, &domain, &scoped->change);
	if (ret != 1)
		return ret;
	if (pl_domain_change(&request->work, request->policy, &request->administrator, domain.name,
			     &scoped->change, scoped->scope, &scoped->result, &scoped->job) < 0)
		return -1;
	ret = locks_out(request, request->work.err);
	if (ret != 0)
		return ret < 0 ? -1 : respond_conflict(response, CONFLICT_OWN_ACCOUNT);
	scoped->is_made = 1;
	return 1;
}

static int answer_change(struct request *request, struct response *response,
			 const struct scoped_change *scoped, struct pl_error *err)
{
	struct pl_domain_summary summary;
	int ret = console_domain_read(request, response, &summary, err);

	return ret != 1 ? ret
			: console_domain_answer(request, response, 200, &summary, made_json(scoped),
						err);
}

int patch_console_domain(struct request *request, struct response *response, struct pl_error *err)
{
	const char *word = request_text(request, "scope");
	struct scoped_change scoped = { .scope = PL_SCOPE_INHERITING };
	int ret = read_change(request, response, &scoped.change);

	if (ret != 1)
		return ret;
	if (word != NULL && !pl_scope_by_name(word, &scoped.scope))
		return respond_bad_field(response, "scope");
	if (pl_store_begin_read(request->work.store, err) < 0)
		return -1;
	ret = count_members(request, response, &scoped);
	pl_store_end_read(request->work.store);
	if (ret != 1)
		return ret;
	ret = console_write(request, response, change_domain, &scoped);
	/* What has an answer by now was taken back. */
	if (ret < 0 || !scoped.is_made || response->json != NULL)
		return ret;
	if (scoped.job.id != 0)
		job_runner_wake();
	return answer_change(request, response, &scoped, err);
}
