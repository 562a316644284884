/* cmd_explain.c - postlatch explain: the decision, and where it comes from. */
#include <string.h>

#include "ctl/command.h"
#include "policy/login/explanation.h"

struct question {
	struct pl_login login;
	enum pl_channel channel; /* login.channel points here when one is supposed */
	struct pl_login_result result;
};

static int read_service(const struct ctl *ctl, struct question *question, struct pl_error *err)
{
	const char *name = ctl->option[CTL_OPTION_SERVICE];

	if (!pl_setting_by_name(name, &question->login.service) ||
	    pl_setting_info(question->login.service)->kind != PL_KIND_SWITCH)
		return pl_error_set(err, PL_ERR_INVALID,
				    "--service %.32s: no such service; see "
				    "`postlatch explain --help`",
				    name);
	return 0;
}

static int read_credential(const struct ctl *ctl, enum pl_offer *offer_r, struct pl_error *err)
{
	const char *word = ctl->option[CTL_OPTION_CREDENTIAL];

	*offer_r = PL_OFFER_PROVEN;
	return word == NULL || pl_offer_by_name(word, offer_r)
		       ? 0
		       : pl_error_set(err, PL_ERR_INVALID,
				      "--credential %.32s: it must be account-password, "
				      "app-password, token or passkey",
				      word);
}

/* Without the option login.c finds out the channel. */
static int read_channel(const struct ctl *ctl, struct question *question, struct pl_error *err)
{
	const char *word = ctl->option[CTL_OPTION_CHANNEL];

	if (word == NULL)
		return 0;
	question->login.channel = &question->channel;
	return ctl_channel(word, &question->channel, err);
}

/* What is asked about every service. */
static int read_question(struct ctl *ctl, struct question *question, struct pl_error *err)
{
	const char *ip = ctl->option[CTL_OPTION_IP];

	if (read_credential(ctl, &question->login.offer, err) < 0 ||
	    read_channel(ctl, question, err) < 0)
		return -1;
	if (ip != NULL && pl_ip_parse(ip, &question->login.ip, err) < 0)
		return pl_error_prefix(err, "--ip %.64s", ip);
	question->login.user = ctl->args[0];
	question->login.user_len = strlen(ctl->args[0]);
	question->login.now = ctl->work.now;
	question->login.device_trusted = ctl->option[CTL_OPTION_TRUSTED] != NULL;
	return 0;
}

static int evaluate(struct ctl *ctl, struct question *question, struct pl_error *err)
{
	if (pl_login_evaluate(ctl->work.store, ctl->policy, NULL, &question->login,
			      &question->result, err) < 0)
		return -1;
	/* While no domain is known, a name that is not an address is rather a mistake. */
	if (question->result.address.domain[0] == '\0' &&
	    question->result.verdict.rule != PL_RULE_NAME_INVALID)
		return ctl_address(ctl, ctl->args[0], &question->result.address, err);
	return 0;
}

static int status_of(enum pl_outcome outcome)
{
	switch (outcome) {
	case PL_ALLOW:
		return 0;
	case PL_DENY:
		return 1;
	case PL_NEED_CREDENTIAL:
	case PL_NEED_SECOND_FACTOR:
		return 2;
	}
	return 2;
}

/* The member, or the name that is not an address. */
static const char *name_of(const struct question *question, char text[PL_ADDRESS_MAX + 1])
{
	return question->result.address.domain[0] == '\0'
		       ? question->login.user
		       : pl_address_format(&question->result.address, text);
}

/* Whether default_domain completes the name. */
static int is_completed(const struct question *question)
{
	return question->result.address.domain[0] != '\0' &&
	       strchr(question->login.user, '@') == NULL;
}

static int answer_json(const struct ctl *ctl, const struct question *question, const char *sentence,
		       struct pl_error *err)
{
	const struct pl_login_result *result = &question->result;
	char text[PL_ADDRESS_MAX + 1];

	return ctl_print_json(json_pack("{s:s, s:b, s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o}",
					"member", name_of(question, text), "default_domain",
					is_completed(question), "domain_known",
					pl_domain_is_known(&result->account.domain, ctl->policy),
					"service", pl_setting_info(question->login.service)->name,
					"channel", pl_channel_name(result->facts.channel),
					"credential", pl_credential_name(result->facts.credential),
					"verdict", pl_outcome_name(result->verdict.outcome), "rule",
					pl_rule_name(result->verdict.rule), "reason", sentence,
					"opted_out", result->facts.opted_out, "settings",
					ctl_layers_json(&result->facts.layers)),
			      err);
}

/* Whose login it is. */
static void print_name(const struct ctl *ctl, const struct question *question)
{
	const struct pl_login_result *result = &question->result;
	char text[PL_ADDRESS_MAX + 1];

	ctl_line("member", name_of(question, text));
	if (is_completed(question))
		ctl_line("completed by", "default_domain");
	ctl_line("domain known",
		 pl_domain_is_known(&result->account.domain, ctl->policy) ? "yes" : "no");
}

/* What the database and the policy file say about the member. */
static void print_facts(const struct question *question)
{
	const struct pl_login_result *result = &question->result;

	if (result->account.member.id == 0)
		ctl_line("known", "no, the domain's settings apply");
	ctl_line("member's choice", ctl_opted_out(&result->account.member, &result->facts.layers));
	puts("settings:");
	ctl_print_layers(&result->facts.layers);
}

static void answer_text(const struct ctl *ctl, const struct question *question,
			const char *sentence)
{
	const struct pl_login_result *result = &question->result;

	printf("%s: %s\n", pl_outcome_name(result->verdict.outcome), sentence);
	print_name(ctl, question);
	ctl_line("service", pl_setting_info(question->login.service)->name);
	ctl_line("channel", pl_channel_name(result->facts.channel));
	ctl_line("credential", pl_credential_name(result->facts.credential));
	ctl_line("rule", pl_rule_name(result->verdict.rule));
	print_facts(question);
}

static int explain_one(struct ctl *ctl, struct question *question, struct pl_error *err)
{
	char sentence[256];

	if (evaluate(ctl, question, err) < 0)
		return -1;
	pl_verdict_sentence(&question->result.verdict, sentence, sizeof(sentence));
	if (!ctl->json)
		answer_text(ctl, question, sentence);
	else if (answer_json(ctl, question, sentence, err) < 0)
		return -1;
	return status_of(question->result.verdict.outcome);
}

static void print_service(const struct question *question)
{
	const struct pl_verdict *verdict = &question->result.verdict;
	char sentence[256], answer[320];

	snprintf(answer, sizeof(answer), "%s: %s", pl_outcome_name(verdict->outcome),
		 pl_verdict_sentence(verdict, sentence, sizeof(sentence)));
	ctl_line(pl_setting_info(question->login.service)->name, answer);
}

static json_t *service_json(const struct question *question)
{
	const struct pl_login_result *result = &question->result;
	char sentence[256];

	return json_pack("{s:s, s:s, s:s, s:s}", "channel", pl_channel_name(result->facts.channel),
			 "verdict", pl_outcome_name(result->verdict.outcome), "rule",
			 pl_rule_name(result->verdict.rule), "reason",
			 pl_verdict_sentence(&result->verdict, sentence, sizeof(sentence)));
}

/* Evaluates the question for every service; the last one stays in it. */
static int explain_services(struct ctl *ctl, struct question *question, json_t *services,
			    struct pl_error *err)
{
	int count = 0;

	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		const struct pl_setting_info *info = pl_setting_info((enum pl_setting)i);

		if (info->kind != PL_KIND_SWITCH)
			continue;
		question->login.service = (enum pl_setting)i;
		if (evaluate(ctl, question, err) < 0)
			return -1;
		if (services != NULL) {
			json_object_set_new(services, info->name, service_json(question));
			continue;
		}
		if (count++ == 0)
			print_name(ctl, question);
		print_service(question);
	}
	return 0;
}

static int explain_all(struct ctl *ctl, struct question *question, struct pl_error *err)
{
	json_t *services = ctl->json ? json_object() : NULL;
	char text[PL_ADDRESS_MAX + 1];

	if (explain_services(ctl, question, services, err) < 0) {
		json_decref(services);
		return -1;
	}
	if (ctl->json)
		return ctl_print_json(json_pack("{s:s, s:s, s:o, s:o}", "member",
						name_of(question, text), "credential",
						pl_credential_name(
							question->result.facts.credential),
						"services", services, "settings",
						ctl_layers_json(&question->result.facts.layers)),
				      err);
	print_facts(question);
	return CTL_DONE;
}

int cmd_explain(struct ctl *ctl, struct pl_error *err)
{
	struct question question = { 0 };

	if (read_question(ctl, &question, err) < 0)
		return -1;
	if (ctl->option[CTL_OPTION_SERVICE] == NULL)
		return explain_all(ctl, &question, err);
	return read_service(ctl, &question, err) < 0 ? -1 : explain_one(ctl, &question, err);
}
