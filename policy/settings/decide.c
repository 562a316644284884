/* decide.c - the decision; see decide.h. It has no I/O, no clock and no allocation. */
#include "policy/settings/decide.h"

#include <stdio.h>
#include <string.h>

static enum pl_value layer_value(const struct pl_settings *layer, enum pl_setting setting)
{
	return layer == NULL ? PL_UNSET : (enum pl_value)layer->value[setting];
}

static int forbidden(const struct pl_layers *layers, enum pl_setting setting)
{
	return layer_value(layers->policy_domain, setting) == PL_FORBIDDEN ||
	       layer_value(layers->policy_defaults, setting) == PL_FORBIDDEN;
}

/* The day from which the layer's value holds for the member. */
static int32_t holds_from(const struct pl_layers *layers, const struct pl_settings *layer,
			  enum pl_setting setting)
{
	const int32_t from = layer->from[setting];

	return setting == PL_SETTING_TWO_FACTOR_REQUIREMENT &&
			       layer->value[setting] == PL_REQUIRED && from < layers->required_from
		       ? layers->required_from
		       : from;
}

/* The layer has a value that does not hold yet, but from a day on. Of several, the next one is
 * kept; on the same day, that of the layer which wins. */
static void keep_next(struct pl_resolved *resolved, enum pl_value value, enum pl_source source,
		      int32_t from)
{
	if (resolved->next_from != 0 && resolved->next_from <= from)
		return;
	resolved->next = value;
	resolved->next_source = source;
	resolved->next_from = from;
}

struct pl_resolved pl_resolve(const struct pl_layers *layers, enum pl_setting setting)
{
	const struct {
		const struct pl_settings *layer;
		enum pl_source source;
	} order[] = {
		{ layers->member, PL_FROM_MEMBER },
		{ layers->class_section, PL_FROM_CLASS },
		{ layers->domain, PL_FROM_DOMAIN },
		{ layers->policy_domain, PL_FROM_POLICY_DOMAIN },
		{ layers->policy_defaults, PL_FROM_POLICY_DEFAULTS },
	};
	struct pl_resolved resolved = { .value = pl_setting_info(setting)->builtin,
					.source = PL_FROM_BUILTIN };

	if (forbidden(layers, setting))
		return (struct pl_resolved){ .value = PL_OFF, .source = PL_FROM_FORBIDDEN };
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		enum pl_value value = layer_value(order[i].layer, setting);
		int32_t from;

		if (value == PL_UNSET)
			continue;
		from = holds_from(layers, order[i].layer, setting);
		if (from <= layers->today) {
			resolved.value = value;
			resolved.source = order[i].source;
			if (value == PL_LISTED)
				resolved.networks = order[i].layer->networks;
			return resolved;
		}
		keep_next(&resolved, value, order[i].source, from);
	}
	return resolved;
}

const char *pl_resolved_text(const struct pl_resolved *resolved)
{
	return resolved->networks != NULL ? resolved->networks : pl_value_name(resolved->value);
}

/* Whether the other end has authenticated as the member. */
static int is_authenticated(enum pl_credential credential)
{
	switch (credential) {
	case PL_CREDENTIAL_ACCOUNT_PASSWORD:
	case PL_CREDENTIAL_APP_PASSWORD:
	case PL_CREDENTIAL_TOKEN:
	case PL_CREDENTIAL_PASSKEY:
		return 1;
	case PL_CREDENTIAL_UNPROVEN:
	case PL_CREDENTIAL_BAD_TOKEN:
		return 0;
	}
	return 0;
}

/* Rules that give the same answer for every name in the domain. */
static int same_for_all(enum pl_rule rule)
{
	return rule == PL_RULE_NAME_INVALID || rule == PL_RULE_DOMAIN_UNKNOWN ||
	       rule == PL_RULE_DOMAIN_INACTIVE || rule == PL_RULE_SERVICE_FORBIDDEN;
}

static int is_about_password(enum pl_rule rule)
{
	return rule == PL_RULE_CLIENT_PASSWORD_NEVER ||
	       rule == PL_RULE_CLIENT_PASSWORD_SECOND_FACTOR;
}

static struct pl_verdict verdict(const struct pl_facts *facts, enum pl_rule rule,
				 enum pl_setting about)
{
	static const enum pl_outcome outcomes[] = {
#define PL_RULE(id, name, outcome, sentence) outcome,
#include "policy/settings/rules.def"
#undef PL_RULE
	};

	return (struct pl_verdict){
		.outcome = outcomes[rule],
		.rule = rule,
		.service = about,
		.tell = is_authenticated(facts->credential) || same_for_all(rule),
		.once_proven =
			facts->credential == PL_CREDENTIAL_UNPROVEN && is_about_password(rule),
	};
}

/* Returns the rule by which the service is off, or PL_RULE_COUNT when it is on. */
static enum pl_rule shut_by(const struct pl_facts *facts, enum pl_setting service)
{
	struct pl_resolved resolved = pl_resolve(&facts->layers, service);

	if (resolved.value == PL_ON)
		return PL_RULE_COUNT;
	return resolved.source == PL_FROM_FORBIDDEN ? PL_RULE_SERVICE_FORBIDDEN
						    : PL_RULE_SERVICE_OFF;
}

/* A member limited to webmail can still read and send there. */
static int webmail_needs_switch(enum pl_setting service)
{
	return service != PL_SETTING_IMAP && service != PL_SETTING_SMTP;
}

/* Returns the rule by which domain or member are switched off, or PL_RULE_COUNT. */
static enum pl_rule inactive(const struct pl_facts *facts)
{
	if (facts->domain_inactive)
		return PL_RULE_DOMAIN_INACTIVE;
	return facts->member_inactive ? PL_RULE_MEMBER_INACTIVE : PL_RULE_COUNT;
}

/* The checks that come before any credential; PL_RULE_COUNT when all are passed. *about becomes
 * the switch that was looked at last. */
static enum pl_rule gate(const struct pl_facts *facts, enum pl_setting *about)
{
	enum pl_rule shut = inactive(facts);

	if (facts->name_invalid)
		return PL_RULE_NAME_INVALID;
	if (facts->domain_unknown)
		return PL_RULE_DOMAIN_UNKNOWN;
	if (shut != PL_RULE_COUNT)
		return shut;
	if (facts->channel == PL_CHANNEL_CLIENT || webmail_needs_switch(facts->service))
		shut = shut_by(facts, facts->service);
	if (shut != PL_RULE_COUNT || facts->channel == PL_CHANNEL_CLIENT)
		return shut;
	*about = PL_SETTING_WEBMAIL;
	return shut_by(facts, PL_SETTING_WEBMAIL);
}

static enum pl_rule app_password(const struct pl_facts *facts)
{
	if (pl_resolve(&facts->layers, PL_SETTING_APP_PASSWORDS).value != PL_ON)
		return PL_RULE_APP_PASSWORDS_OFF;
	switch (facts->app_password) {
	case PL_APP_PASSWORD_COVERS:
		return PL_RULE_APP_PASSWORD;
	case PL_APP_PASSWORD_WRONG_SERVICE:
		return PL_RULE_APP_PASSWORD_SERVICE;
	case PL_APP_PASSWORD_WRONG_NETWORK:
		return PL_RULE_APP_PASSWORD_NETWORK;
	case PL_APP_PASSWORD_EXPIRED:
		return PL_RULE_APP_PASSWORD_EXPIRED;
	case PL_APP_PASSWORD_NONE:
		return PL_RULE_APP_PASSWORD_NONE;
	}
	return PL_RULE_APP_PASSWORD_NONE;
}

/* A connected application. The second factor was asked for when the member consented to it. */
static enum pl_rule application(const struct pl_facts *facts)
{
	if (pl_resolve(&facts->layers, PL_SETTING_CONNECTED_APPLICATIONS).value != PL_ON)
		return PL_RULE_APPLICATIONS_OFF;
	return facts->service_not_granted ? PL_RULE_APPLICATION_SERVICE : PL_RULE_TOKEN;
}

/* Whether the account password is sufficient for a mail client. */
static enum pl_rule client_account_password(const struct pl_facts *facts)
{
	enum pl_value allowed = pl_resolve(&facts->layers, PL_SETTING_CLIENT_PASSWORD).value;

	if (allowed == PL_NEVER)
		return PL_RULE_CLIENT_PASSWORD_NEVER;
	if (allowed == PL_UNTIL_SECOND_FACTOR && facts->factor_kinds != 0)
		return PL_RULE_CLIENT_PASSWORD_SECOND_FACTOR;
	return facts->credential == PL_CREDENTIAL_ACCOUNT_PASSWORD
		       ? PL_RULE_ACCOUNT_PASSWORD
		       : PL_RULE_ACCOUNT_PASSWORD_DECIDES;
}

static enum pl_rule client(const struct pl_facts *facts)
{
	switch (facts->credential) {
	case PL_CREDENTIAL_APP_PASSWORD:
		return app_password(facts);
	case PL_CREDENTIAL_UNPROVEN:
	case PL_CREDENTIAL_ACCOUNT_PASSWORD:
		return client_account_password(facts);
	case PL_CREDENTIAL_TOKEN:
		return application(facts);
	case PL_CREDENTIAL_PASSKEY:
		return PL_RULE_PASSKEY_ELSEWHERE;
	case PL_CREDENTIAL_BAD_TOKEN:
		return PL_RULE_TOKEN_INVALID;
	}
	return PL_RULE_TOKEN_INVALID;
}

/* What comes after the account password was right. */
static enum pl_rule second_factor(const struct pl_facts *facts)
{
	const enum pl_value requirement =
		pl_resolve(&facts->layers, PL_SETTING_TWO_FACTOR_REQUIREMENT).value;

	if (pl_resolve(&facts->layers, PL_SETTING_TWO_FACTOR).value != PL_ON)
		return PL_RULE_FACTOR_OFF;
	if (pl_resolve(&facts->layers, PL_SETTING_TWO_FACTOR_MODE).value == PL_SKIP)
		return PL_RULE_FACTOR_SKIPPED;
	if (facts->opted_out && requirement != PL_REQUIRED)
		return PL_RULE_FACTOR_OPTED_OUT;
	if (facts->factor_kinds != 0 && requirement == PL_STEP_UP)
		return PL_RULE_FACTOR_STEP_UP;
	if (facts->factor_kinds != 0)
		return facts->device_trusted ? PL_RULE_FACTOR_TRUSTED_DEVICE : PL_RULE_FACTOR_CODE;
	return requirement == PL_REQUIRED ? PL_RULE_FACTOR_REGISTER : PL_RULE_FACTOR_OFFERED;
}

/* Whether the browser is in none of the networks from which the member may use webmail. */
static int is_outside(const struct pl_facts *facts)
{
	const struct pl_resolved allowed =
		pl_resolve(&facts->layers, PL_SETTING_WEBMAIL_ALLOWED_NETWORKS);

	return allowed.value == PL_LISTED && !facts->from_any_network &&
	       pl_network_list_contains(allowed.networks, &facts->browser, NULL) != 1;
}

/* Webmail without OAuth, known by its network: it cannot ask for a code. */
static enum pl_rule webmail_password(const struct pl_facts *facts)
{
	enum pl_rule factor = second_factor(facts);
	const int at_sign_in_page = facts->service == PL_SETTING_WEBMAIL;

	/* The sign-in page asks again when the password was right: then it may tell why. */
	if ((facts->credential == PL_CREDENTIAL_ACCOUNT_PASSWORD || !at_sign_in_page) &&
	    is_outside(facts))
		return PL_RULE_WEBMAIL_NETWORK;
	if (!at_sign_in_page &&
	    (factor == PL_RULE_FACTOR_CODE || factor == PL_RULE_FACTOR_REGISTER ||
	     factor == PL_RULE_FACTOR_TRUSTED_DEVICE))
		return PL_RULE_WEBMAIL_NEEDS_SIGN_IN_PAGE;
	return facts->credential == PL_CREDENTIAL_ACCOUNT_PASSWORD
		       ? factor
		       : PL_RULE_ACCOUNT_PASSWORD_DECIDES;
}

/* With user verification it is two factors, so no other one is due. Where the second factor is off,
 * so are those that were registered before. */
static enum pl_rule passkey(const struct pl_facts *facts)
{
	if (facts->service != PL_SETTING_WEBMAIL)
		return PL_RULE_PASSKEY_ELSEWHERE;
	if (!facts->passkey_sign_in ||
	    pl_resolve(&facts->layers, PL_SETTING_TWO_FACTOR).value != PL_ON)
		return PL_RULE_PASSKEY_SIGN_IN_OFF;
	return is_outside(facts) ? PL_RULE_WEBMAIL_NETWORK : PL_RULE_PASSKEY;
}

static enum pl_rule webmail(const struct pl_facts *facts)
{
	switch (facts->credential) {
	case PL_CREDENTIAL_APP_PASSWORD:
		return PL_RULE_APP_PASSWORD_ON_WEBMAIL;
	case PL_CREDENTIAL_UNPROVEN:
	case PL_CREDENTIAL_ACCOUNT_PASSWORD:
		return webmail_password(facts);
	case PL_CREDENTIAL_TOKEN:
		return is_outside(facts) ? PL_RULE_WEBMAIL_NETWORK : PL_RULE_TOKEN;
	case PL_CREDENTIAL_PASSKEY:
		return passkey(facts);
	case PL_CREDENTIAL_BAD_TOKEN:
		return PL_RULE_TOKEN_INVALID;
	}
	return PL_RULE_TOKEN_INVALID;
}

/* A feature has no login: only its switch decides, and whether domain and member are active. Mail
 * of accounts of which Postlatch knows nothing goes where it went before. */
static int is_feature(enum pl_setting service)
{
	return service == PL_SETTING_FORWARDING || service == PL_SETTING_LARGE_ATTACHMENTS ||
	       service == PL_SETTING_TWO_FACTOR || service == PL_SETTING_APP_PASSWORDS ||
	       service == PL_SETTING_CONNECTED_APPLICATIONS;
}

static enum pl_rule feature(const struct pl_facts *facts)
{
	enum pl_rule shut = inactive(facts);

	if (shut == PL_RULE_COUNT)
		shut = shut_by(facts, facts->service);
	return shut != PL_RULE_COUNT ? shut : PL_RULE_FEATURE_ON;
}

struct pl_verdict pl_decide(const struct pl_facts *facts)
{
	enum pl_setting about = facts->service;
	enum pl_rule shut;

	if (is_feature(facts->service))
		return verdict(facts, feature(facts), facts->service);
	shut = gate(facts, &about);
	if (shut != PL_RULE_COUNT)
		return verdict(facts, shut, about);
	return verdict(facts, facts->channel == PL_CHANNEL_CLIENT ? client(facts) : webmail(facts),
		       facts->service);
}

const char *pl_rule_name(enum pl_rule rule)
{
	static const char *const names[] = {
#define PL_RULE(id, name, outcome, sentence) name,
#include "policy/settings/rules.def"
#undef PL_RULE
	};

	return names[rule];
}

const char *pl_outcome_name(enum pl_outcome outcome)
{
	static const char *const names[] = {
		[PL_ALLOW] = "allow",
		[PL_DENY] = "deny",
		[PL_NEED_CREDENTIAL] = "need credential",
		[PL_NEED_SECOND_FACTOR] = "need second factor",
	};

	return names[outcome];
}

const char *pl_source_name(enum pl_source source)
{
	static const char *const names[] = {
		[PL_FROM_FORBIDDEN] = "forbidden",
		[PL_FROM_MEMBER] = "member",
		[PL_FROM_CLASS] = "class",
		[PL_FROM_DOMAIN] = "domain",
		[PL_FROM_POLICY_DOMAIN] = "policy-domain",
		[PL_FROM_POLICY_DEFAULTS] = "policy-defaults",
		[PL_FROM_BUILTIN] = "built-in",
	};

	return names[source];
}

const char *pl_channel_name(enum pl_channel channel)
{
	return channel == PL_CHANNEL_WEBMAIL ? "webmail" : "client";
}

int pl_channel_by_name(const char *name, enum pl_channel *channel_r)
{
	*channel_r = strcmp(name, pl_channel_name(PL_CHANNEL_WEBMAIL)) == 0 ? PL_CHANNEL_WEBMAIL
									    : PL_CHANNEL_CLIENT;
	return strcmp(name, pl_channel_name(*channel_r)) == 0;
}

const char *pl_credential_name(enum pl_credential credential)
{
	static const char *const names[] = {
		[PL_CREDENTIAL_UNPROVEN] = "unproven",
		[PL_CREDENTIAL_ACCOUNT_PASSWORD] = "account-password",
		[PL_CREDENTIAL_APP_PASSWORD] = "app-password",
		[PL_CREDENTIAL_TOKEN] = "token",
		[PL_CREDENTIAL_PASSKEY] = "passkey",
		[PL_CREDENTIAL_BAD_TOKEN] = "bad-token",
	};

	return names[credential];
}

char *pl_verdict_sentence(const struct pl_verdict *verdict, char *buf, size_t size)
{
	static const char *const sentences[] = {
#define PL_RULE(id, name, outcome, sentence) sentence,
#include "policy/settings/rules.def"
#undef PL_RULE
	};
	const char *sentence = sentences[verdict->rule];
	const char *placeholder = strstr(sentence, "{}");

	if (placeholder == NULL)
		snprintf(buf, size, "%s", sentence);
	else
		snprintf(buf, size, "%.*s%s%s", (int)(placeholder - sentence), sentence,
			 pl_setting_info(verdict->service)->label, placeholder + 2);
	return buf;
}
