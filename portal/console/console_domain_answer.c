/* console_domain_answer.c - see console_domain_answer.h. */
#include "portal/console/console_domain_answer.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/settings_row.h"
#include "portal/console/console_answer.h"
#include "portal/console/console_settings.h"

/* An alias has the settings of the domain for which it stands, also those of the policy file. */
static void account_of(const struct pl_domain_summary *summary, struct pl_account *account_r)
{
	memset(account_r, 0, sizeof(*account_r));
	account_r->domain = summary->domain;
	if (summary->domain.alias_id != 0)
		memcpy(account_r->domain.name, summary->domain.alias_of,
		       sizeof(account_r->domain.name));
}

json_t *console_domain_row(const struct request *request, const struct pl_domain_summary *summary)
{
	const struct pl_domain *domain = &summary->domain;
	char shown[PL_DOMAIN_DISPLAY_MAX + 1];
	struct pl_account account;

	account_of(summary, &account);
	return json_pack("{s:s, s:s, s:s?, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:s?, s:o}", "domain",
			 domain->name, "display", pl_domain_display(domain->name, shown),
			 "alias_of", domain->alias_id != 0 ? domain->alias_of : NULL, "known",
			 pl_domain_is_known(domain, request->policy), "active", domain->active,
			 "created_at", (json_int_t)domain->created_at, "members",
			 (json_int_t)domain->members, "with_second_factor",
			 (json_int_t)summary->with_factor, "aliases", (json_int_t)domain->aliases,
			 "changed_at", (json_int_t)summary->changed_at, "changed_by",
			 summary->changed_at != 0 ? summary->changed_by : NULL, "settings",
			 console_settings(request, &account, PL_AT_DOMAIN));
}

int console_domain_read(const struct request *request, struct response *response,
			struct pl_domain_summary *summary_r, struct pl_error *err)
{
	char name[PL_DOMAIN_MAX + 1];
	int ret = 0;

	if (pl_domain_parse(request_parameter(request, "domain"), name, NULL) == 0)
		ret = pl_domain_summary(request->work.store, name, summary_r, err);
	return ret != 0 ? ret : respond_error(response, 404, "not-found");
}

char *console_domain_state(const struct pl_domain *domain, char state_r[CONSOLE_DOMAIN_STATE])
{
	char settings[PL_SETTINGS_TEXT], grace[PL_GRACE_TEXT];

	snprintf(state_r, CONSOLE_DOMAIN_STATE, "%lld %d %d %lld %s %s", (long long)domain->id,
		 domain->known, domain->active, (long long)domain->alias_id,
		 pl_grace_format(&domain->grace, grace),
		 pl_settings_format(&domain->settings, settings));
	return state_r;
}

/* What holds, and what the domain has of its own. */
static json_t *grace_json(const struct request *request, const struct pl_domain *domain)
{
	char own[PL_GRACE_TEXT];

	return json_pack("{s:i, s:s, s:I}", "days", pl_grace_days(&domain->grace, request->policy),
			 "own", pl_grace_format(&domain->grace, own), "inherited",
			 (json_int_t)request->policy->two_factor_grace_days);
}

int console_domain_answer(const struct request *request, struct response *response, int status,
			  const struct pl_domain_summary *summary, json_t *result,
			  struct pl_error *err)
{
	json_t *row = console_domain_row(request, summary);
	char state[CONSOLE_DOMAIN_STATE];
	struct pl_account account;

	account_of(summary, &account);
	json_object_set_new(row, "settings",
			    console_settings_in_detail(request, &account, PL_AT_DOMAIN));
	json_object_set_new(row, PL_GRACE_NAME, grace_json(request, &summary->domain));
	if (result != NULL)
		json_object_set_new(row, "result", result);
	respond_json(response, status, row);
	return console_etag(response, console_domain_state(&summary->domain, state), err);
}
