/* cmd_explain.c - postlatch explain: the decision, and where it comes from. */
#include <string.h>
#include <time.h>

#include "ctl/command.h"

struct question {
	struct pl_login login;
	struct pl_subject subject;
	struct pl_facts facts;
};

static int read_service(const struct ctl *ctl, struct question *question, struct pl_error *err)
{
	const char *name = ctl->option[CTL_OPTION_SERVICE];

	if (name == NULL)
		return pl_error_set(err, PL_ERR_INVALID, "explain needs --service NAME");
	if (!pl_setting_by_name(name, &question->login.service) ||
	    pl_setting_info(question->login.service)->kind != PL_KIND_SWITCH)
		return pl_error_set(err, PL_ERR_INVALID,
				    "--service %.32s: there is no such service; see "
				    "`postlatch explain --help`",
				    name);
	return 0;
}

static int read_credential(const struct ctl *ctl, enum pl_credential *credential_r,
			   struct pl_error *err)
{
	static const enum pl_credential kinds[] = { PL_CREDENTIAL_ACCOUNT_PASSWORD,
						    PL_CREDENTIAL_APP_PASSWORD,
						    PL_CREDENTIAL_TOKEN };
	const char *word = ctl->option[CTL_OPTION_CREDENTIAL];

	*credential_r = PL_CREDENTIAL_ACCOUNT_PASSWORD;
	for (size_t i = 0; word != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(pl_credential_name(kinds[i]), word) == 0) {
			*credential_r = kinds[i];
			return 0;
		}
	}
	return word == NULL ? 0
			    : pl_error_set(err, PL_ERR_INVALID,
					   "--credential %.32s: it must be account-password, "
					   "app-password or token",
					   word);
}

/* A token is a webmail session's; for the rest login.c knows the channel. */
static int read_channel(const struct ctl *ctl, struct pl_facts *facts, struct pl_error *err)
{
	const char *word = ctl->option[CTL_OPTION_CHANNEL];

	if (facts->credential == PL_CREDENTIAL_TOKEN)
		facts->channel = PL_CHANNEL_WEBMAIL;
	return word == NULL ? 0 : ctl_channel(word, &facts->channel, err);
}

/* The member's app password that comes furthest: one that covers the login, or
 * else whose limit is the one to tell about. */
static int try_app_password(const struct pl_app_password *app_password, void *context)
{
	struct question *question = context;

	question->facts.app_password =
		pl_app_password_limit(app_password, question->login.service, &question->login.ip,
				      question->login.now);
	return question->facts.app_password == PL_APP_PASSWORD_COVERS;
}

static int ask(struct ctl *ctl, struct question *question, struct pl_error *err)
{
	const char *ip = ctl->option[CTL_OPTION_IP];
	enum pl_credential credential;
	struct pl_address address;

	if (ctl_address(ctl, ctl->args[0], &address, err) < 0 ||
	    read_service(ctl, question, err) < 0 || read_credential(ctl, &credential, err) < 0)
		return -1;
	if (ip != NULL && pl_ip_parse(ip, &question->login.ip, err) < 0)
		return pl_error_prefix(err, "--ip %.64s", ip);
	question->login.user = ctl->args[0];
	question->login.user_len = strlen(ctl->args[0]);
	question->login.now = time(NULL);
	if (pl_login_gather(ctl->store, ctl->policy, NULL, &question->login, &question->subject,
			    &question->facts, err) < 0)
		return -1;
	question->facts.credential = credential;
	question->facts.device_trusted = ctl->option[CTL_OPTION_TRUSTED] != NULL;
	question->facts.app_password = PL_APP_PASSWORD_NONE;
	if (credential == PL_CREDENTIAL_APP_PASSWORD &&
	    pl_app_password_list(ctl->store, question->subject.account.member.id, try_app_password,
				 question, err) < 0)
		return -1;
	return read_channel(ctl, &question->facts, err);
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

static int answer_json(const struct question *question, const struct pl_verdict *verdict,
		       const char *sentence, struct pl_error *err)
{
	char text[PL_ADDRESS_MAX + 1];

	return ctl_print_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "member",
					pl_address_format(&question->subject.address, text),
					"service", pl_setting_info(question->login.service)->name,
					"channel", pl_channel_name(question->facts.channel),
					"credential",
					pl_credential_name(question->facts.credential), "verdict",
					pl_outcome_name(verdict->outcome), "rule",
					pl_rule_name(verdict->rule), "reason", sentence, "settings",
					ctl_layers_json(&question->facts.layers)),
			      err);
}

static void answer_text(const struct question *question, const struct pl_verdict *verdict,
			const char *sentence)
{
	char text[PL_ADDRESS_MAX + 1];

	printf("%s: %s\n", pl_outcome_name(verdict->outcome), sentence);
	ctl_line("member", pl_address_format(&question->subject.address, text));
	ctl_line("service", pl_setting_info(question->login.service)->name);
	ctl_line("channel", pl_channel_name(question->facts.channel));
	ctl_line("credential", pl_credential_name(question->facts.credential));
	ctl_line("rule", pl_rule_name(verdict->rule));
	if (question->subject.account.member.id == 0)
		ctl_line("known", "no, the domain's settings hold");
	puts("settings:");
	ctl_print_layers(&question->facts.layers);
}

int cmd_explain(struct ctl *ctl, struct pl_error *err)
{
	struct question question = { 0 };
	struct pl_verdict verdict;
	char sentence[256];

	if (ask(ctl, &question, err) < 0)
		return -1;
	verdict = pl_decide(&question.facts);
	pl_verdict_sentence(&verdict, sentence, sizeof(sentence));
	if (!ctl->json)
		answer_text(&question, &verdict, sentence);
	else if (answer_json(&question, &verdict, sentence, err) < 0)
		return -1;
	return status_of(verdict.outcome);
}
