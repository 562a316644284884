/* explanation.c - see explanation.h. */
#include "policy/login/explanation.h"

#include <stdio.h>
#include <string.h>

#include "policy/settings/services.h"

struct explaining {
	const struct pl_login_result *result;
	int (*each)(const struct pl_step *step, void *context);
	void *context;
	int ended; /* what each has returned */
};

const char *pl_step_name(enum pl_step_kind kind)
{
	switch (kind) {
	case PL_STEP_DOMAIN:
		return "domain";
	case PL_STEP_MEMBER:
		return "member";
	case PL_STEP_SETTING:
		return "setting";
	case PL_STEP_FACTOR:
		return "factor";
	case PL_STEP_CHOICE:
		return "choice";
	case PL_STEP_RULE:
		return "rule";
	}
	return "";
}

int pl_offer_by_name(const char *name, enum pl_offer *offer_r)
{
	static const struct {
		enum pl_credential credential;
		enum pl_offer offer;
	} kinds[] = { { PL_CREDENTIAL_ACCOUNT_PASSWORD, PL_OFFER_PROVEN },
		      { PL_CREDENTIAL_APP_PASSWORD, PL_OFFER_ANY_APP_PASSWORD },
		      { PL_CREDENTIAL_TOKEN, PL_OFFER_ANY_TOKEN },
		      { PL_CREDENTIAL_PASSKEY, PL_OFFER_PASSKEY } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(pl_credential_name(kinds[i].credential), name) == 0) {
			*offer_r = kinds[i].offer;
			return 1;
		}
	}
	return 0;
}

static void give(struct explaining *explaining, const struct pl_step *step)
{
	if (explaining->ended == 0)
		explaining->ended = explaining->each(step, explaining->context);
}

static void give_fact(struct explaining *explaining, enum pl_step_kind kind, const char *state,
		      const char *sentence)
{
	struct pl_step step = { .kind = kind, .state = state };

	snprintf(step.sentence, sizeof(step.sentence), "%s", sentence);
	give(explaining, &step);
}

static void explain_name(struct explaining *explaining)
{
	const struct pl_facts *facts = &explaining->result->facts;
	const struct pl_account *account = &explaining->result->account;

	if (facts->domain_unknown || facts->name_invalid)
		give_fact(explaining, PL_STEP_DOMAIN, "unknown",
			  "The domain is not one of this server.");
	else if (facts->domain_inactive)
		give_fact(explaining, PL_STEP_DOMAIN, "off", "The domain is switched off.");
	else
		give_fact(explaining, PL_STEP_DOMAIN, "on", "The domain is switched on.");
	if (facts->member_inactive)
		give_fact(explaining, PL_STEP_MEMBER, "off", "The account is switched off.");
	else if (account->member.id != 0)
		give_fact(explaining, PL_STEP_MEMBER, "on", "The account is switched on.");
	else
		give_fact(explaining, PL_STEP_MEMBER, "unknown",
			  "The account is not known yet, so the settings of the domain hold.");
}

static const char *state_of(enum pl_standing standing)
{
	switch (standing) {
	case PL_STANDS_HOLDS:
		return "holds";
	case PL_STANDS_NOT_YET:
		return "not-yet";
	case PL_STANDS_PASSED:
		return "passed";
	}
	return "";
}

static const char *layer_phrase(enum pl_source source)
{
	switch (source) {
	case PL_FROM_FORBIDDEN:
		return "a prohibition in the policy file";
	case PL_FROM_MEMBER:
		return "the setting of the member";
	case PL_FROM_CLASS:
		return "the section of the class in the policy file";
	case PL_FROM_DOMAIN:
		return "the setting of the domain";
	case PL_FROM_POLICY_DOMAIN:
		return "the section of the domain in the policy file";
	case PL_FROM_POLICY_DEFAULTS:
		return "the defaults of the policy file";
	case PL_FROM_BUILTIN:
		return "the built-in default";
	}
	return "";
}

static const char *standing_phrase(enum pl_standing standing)
{
	switch (standing) {
	case PL_STANDS_HOLDS:
		return "This holds.";
	case PL_STANDS_NOT_YET:
		return "This does not hold yet.";
	case PL_STANDS_PASSED:
		return "This does not matter, as an earlier layer decides.";
	}
	return "";
}

static void give_layer(struct explaining *explaining, enum pl_setting setting,
		       enum pl_source source, enum pl_standing standing, const char *value)
{
	struct pl_step step = { .kind = PL_STEP_SETTING,
				.state = state_of(standing),
				.setting = setting,
				.source = source,
				.standing = standing };

	snprintf(step.value, sizeof(step.value), "%s", value);
	snprintf(step.sentence, sizeof(step.sentence), "%s: %s by %s. %s",
		 pl_setting_info(setting)->label, value, layer_phrase(source),
		 standing_phrase(standing));
	give(explaining, &step);
}

/* What a layer that has the setting says, and what comes of it. */
static void explain_layer(struct explaining *explaining, const struct pl_settings *layer,
			  enum pl_setting setting, enum pl_source source,
			  const struct pl_resolved *resolved)
{
	enum pl_standing standing = PL_STANDS_PASSED;
	char value[PL_VALUE_TEXT];

	if (layer == NULL || layer->value[setting] == PL_UNSET ||
	    layer->value[setting] == PL_FORBIDDEN)
		return;
	if (source == resolved->source)
		standing = PL_STANDS_HOLDS;
	else if (layer->from[setting] > explaining->result->facts.layers.today)
		standing = PL_STANDS_NOT_YET;
	give_layer(explaining, setting, source, standing, pl_setting_write(setting, layer, value));
}

static void explain_setting(struct explaining *explaining, enum pl_setting setting)
{
	const struct pl_layers *layers = &explaining->result->facts.layers;
	const struct pl_resolved resolved = pl_resolve(layers, setting);

	if (resolved.source == PL_FROM_FORBIDDEN)
		give_layer(explaining, setting, PL_FROM_FORBIDDEN, PL_STANDS_HOLDS,
			   pl_value_name(PL_FORBIDDEN));
	explain_layer(explaining, layers->member, setting, PL_FROM_MEMBER, &resolved);
	explain_layer(explaining, layers->class_section, setting, PL_FROM_CLASS, &resolved);
	explain_layer(explaining, layers->domain, setting, PL_FROM_DOMAIN, &resolved);
	explain_layer(explaining, layers->policy_domain, setting, PL_FROM_POLICY_DOMAIN, &resolved);
	explain_layer(explaining, layers->policy_defaults, setting, PL_FROM_POLICY_DEFAULTS,
		      &resolved);
	if (resolved.source == PL_FROM_BUILTIN)
		give_layer(explaining, setting, PL_FROM_BUILTIN, PL_STANDS_HOLDS,
			   pl_resolved_text(&resolved));
}

static void explain_client(struct explaining *explaining)
{
	switch (explaining->result->facts.credential) {
	case PL_CREDENTIAL_APP_PASSWORD:
		explain_setting(explaining, PL_SETTING_APP_PASSWORDS);
		break;
	case PL_CREDENTIAL_TOKEN:
		explain_setting(explaining, PL_SETTING_CONNECTED_APPLICATIONS);
		break;
	case PL_CREDENTIAL_UNPROVEN:
	case PL_CREDENTIAL_ACCOUNT_PASSWORD:
		explain_setting(explaining, PL_SETTING_CLIENT_PASSWORD);
		break;
	case PL_CREDENTIAL_PASSKEY:
	case PL_CREDENTIAL_BAD_TOKEN:
		break;
	}
}

static void explain_second_factor(struct explaining *explaining)
{
	const struct pl_facts *facts = &explaining->result->facts;
	const int required =
		pl_resolve(&facts->layers, PL_SETTING_TWO_FACTOR_REQUIREMENT).value == PL_REQUIRED;

	explain_setting(explaining, PL_SETTING_TWO_FACTOR);
	explain_setting(explaining, PL_SETTING_TWO_FACTOR_MODE);
	explain_setting(explaining, PL_SETTING_TWO_FACTOR_REQUIREMENT);
	if (facts->opted_out)
		give_fact(explaining, PL_STEP_CHOICE, required ? "void" : "skip",
			  required ? "The member has chosen to leave the second factor out, which "
				     "is void while it "
				     "is required."
				   : "The member has chosen to leave the second factor out.");
	give_fact(explaining, PL_STEP_FACTOR, facts->factor_kinds != 0 ? "registered" : "none",
		  facts->factor_kinds != 0 ? "The member has registered a second factor."
					   : "The member has not registered a second factor.");
}

/* The settings that the decision may look at, in its order. */
static void explain_settings(struct explaining *explaining)
{
	const struct pl_facts *facts = &explaining->result->facts;
	const enum pl_setting service = facts->service;
	const int is_feature =
		(PL_SERVICES_OF_CLIENTS & 1u << service) == 0 && service != PL_SETTING_WEBMAIL;

	if (is_feature || facts->channel == PL_CHANNEL_CLIENT ||
	    (service != PL_SETTING_IMAP && service != PL_SETTING_SMTP &&
	     service != PL_SETTING_WEBMAIL))
		explain_setting(explaining, service);
	if (is_feature)
		return;
	if (facts->channel == PL_CHANNEL_CLIENT) {
		explain_client(explaining);
		return;
	}
	explain_setting(explaining, PL_SETTING_WEBMAIL);
	explain_setting(explaining, PL_SETTING_WEBMAIL_ALLOWED_NETWORKS);
	if (facts->credential == PL_CREDENTIAL_ACCOUNT_PASSWORD ||
	    facts->credential == PL_CREDENTIAL_UNPROVEN)
		explain_second_factor(explaining);
	if (facts->credential == PL_CREDENTIAL_PASSKEY) {
		explain_setting(explaining, PL_SETTING_TWO_FACTOR);
		give_fact(explaining, PL_STEP_FACTOR, facts->passkey_sign_in ? "on" : "off",
			  facts->passkey_sign_in
				  ? "The policy file lets a passkey stand for the account password."
				  : "The policy file does not let a passkey stand for the account "
				    "password.");
	}
}

int pl_explain(const struct pl_login_result *result,
	       int (*each)(const struct pl_step *step, void *context), void *context)
{
	struct explaining explaining = { .result = result, .each = each, .context = context };
	struct pl_step rule = { .kind = PL_STEP_RULE, .state = pl_rule_name(result->verdict.rule) };

	explain_name(&explaining);
	explain_settings(&explaining);
	pl_verdict_sentence(&result->verdict, rule.sentence, sizeof(rule.sentence));
	give(&explaining, &rule);
	return explaining.ended;
}
