/* console_member_explain.c - why a login of the member would be let in or refused. */
#include <string.h>

#include "policy/login/explanation.h"
#include "portal/console/console_member_answer.h"
#include "portal/console/handlers.h"

/* What the query supposes: 1; 0 and the answer. channel is where login points to. */
static int read_login(const struct request *request, struct response *response,
		      enum pl_channel *channel, struct pl_login *login_r)
{
	const char *service = request_query(request, "service");
	const char *word = request_query(request, "channel");
	const char *credential = request_query(request, "credential");
	const char *ip = request_query(request, "ip");

	login_r->offer = PL_OFFER_PROVEN;
	login_r->now = request->work.now;
	if (!pl_setting_by_name(service, &login_r->service) ||
	    pl_setting_info(login_r->service)->kind != PL_KIND_SWITCH)
		return respond_bad_field(response, "service");
	if (word != NULL && !pl_channel_by_name(word, channel))
		return respond_bad_field(response, "channel");
	if (word != NULL)
		login_r->channel = channel;
	if (credential != NULL && !pl_offer_by_name(credential, &login_r->offer))
		return respond_bad_field(response, "credential");
	if (ip != NULL && pl_ip_parse(ip, &login_r->ip, NULL) < 0)
		return respond_bad_field(response, "ip");
	return 1;
}

static int add_step(const struct pl_step *step, void *context)
{
	json_t *json = json_pack("{s:s, s:s, s:s}", "about", pl_step_name(step->kind), "state",
				 step->state, "sentence", step->sentence);

	if (step->kind == PL_STEP_SETTING)
		json_object_update_new(json, json_pack("{s:s, s:s, s:s}", "setting",
						       pl_setting_info(step->setting)->name,
						       "source", pl_source_name(step->source),
						       "value", step->value));
	return json_array_append_new(context, json);
}

static json_t *steps_of(const struct pl_login_result *result)
{
	json_t *steps = json_array();

	pl_explain(result, add_step, steps);
	return steps;
}

int get_console_explain(struct request *request, struct response *response, struct pl_error *err)
{
	char address[PL_ADDRESS_MAX + 1], sentence[PL_STEP_SENTENCE];
	enum pl_channel channel = PL_CHANNEL_CLIENT;
	struct pl_login login = { .offer = PL_OFFER_NOTHING };
	struct pl_login_result result;

	if (read_login(request, response, &channel, &login) == 0)
		return 0;
	login.user = pl_address_format(&request->target.member.address, address);
	login.user_len = strlen(address);
	if (pl_login_evaluate(request->work.store, request->policy, NULL, &login, &result, err) < 0)
		return -1;
	pl_verdict_sentence(&result.verdict, sentence, sizeof(sentence));
	return respond_json(response, 200,
			    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "member", address,
				      "service", pl_setting_info(login.service)->name, "channel",
				      pl_channel_name(result.facts.channel), "credential",
				      pl_credential_name(result.facts.credential), "verdict",
				      pl_outcome_name(result.verdict.outcome), "rule",
				      pl_rule_name(result.verdict.rule), "reason", sentence,
				      "steps", steps_of(&result)));
}
