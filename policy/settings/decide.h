/* decide.h - the one decision.
 *
 * Pure: it has no I/O, clock, allocation or state. Other code gathers the facts
 * (policy/login/login.h) or carries out the verdict (the Dovecot driver, the milter, the
 * portal); `postlatch explain` prints it.
 */
#ifndef POSTLATCH_DECIDE_H
#define POSTLATCH_DECIDE_H

#include <stddef.h>
#include "policy/settings/factor_kind.h"
#include "policy/settings/setting.h"

enum pl_channel { PL_CHANNEL_CLIENT, PL_CHANNEL_WEBMAIL };

/* The credential that the other end offered, as far as the caller could find out. */
enum pl_credential {
	/* None yet, or a password that is not an app password of the member: whether it is the
	 * account password is decided elsewhere. */
	PL_CREDENTIAL_UNPROVEN,
	PL_CREDENTIAL_ACCOUNT_PASSWORD, /* the account password, which has been verified */
	PL_CREDENTIAL_APP_PASSWORD,     /* an app password of the member; see app_password */
	PL_CREDENTIAL_TOKEN,            /* a valid token of a session of the member */
	/* A passkey of the member, with user verification, and no password: at the sign-in page. */
	PL_CREDENTIAL_PASSKEY,
	PL_CREDENTIAL_BAD_TOKEN, /* a bearer token that is not valid */
};

/* Whether the login is within the limits of the app password. */
enum pl_app_password_limit {
	PL_APP_PASSWORD_COVERS,
	PL_APP_PASSWORD_WRONG_SERVICE,
	PL_APP_PASSWORD_WRONG_NETWORK,
	PL_APP_PASSWORD_EXPIRED,
	PL_APP_PASSWORD_NONE, /* explain only: the member has no app password */
};

/* The layers from which a setting is inherited, on a day. A NULL layer sets nothing. */
struct pl_layers {
	const struct pl_settings *member;
	const struct pl_settings *class_section;   /* of the policy file */
	const struct pl_settings *domain;          /* in the database */
	const struct pl_settings *policy_domain;   /* section of the policy file */
	const struct pl_settings *policy_defaults; /* of the policy file */
	int32_t today; /* policy/base/day.h: values with a later date do not hold yet */
	/* No layer requires a second factor of the member before this day; 0: there is none. */
	int32_t required_from;
};

/* Where the value of a setting came from. */
enum pl_source {
	PL_FROM_FORBIDDEN, /* the policy file forbids it */
	PL_FROM_MEMBER,
	PL_FROM_CLASS,
	PL_FROM_DOMAIN,
	PL_FROM_POLICY_DOMAIN,
	PL_FROM_POLICY_DEFAULTS,
	PL_FROM_BUILTIN,
};

struct pl_resolved {
	enum pl_value value; /* never PL_UNSET, never PL_FORBIDDEN */
	enum pl_source source;
	const char *networks; /* with PL_LISTED, those of the layer; else NULL */
	/* What holds from the next date on, as far as it is known today. next_from 0: none. */
	enum pl_value next;
	enum pl_source next_source;
	int32_t next_from;
};

struct pl_facts {
	struct pl_layers layers;
	/* Domains are known, but the name is not an address, or is one in another domain. */
	int name_invalid, domain_unknown;
	int domain_inactive; /* unknown domains and members are active */
	int member_inactive;
	enum pl_setting service; /* a service; PL_SETTING_WEBMAIL is the sign-in page itself */
	enum pl_channel channel;
	enum pl_credential credential;
	enum pl_app_password_limit app_password;
	int service_not_granted;   /* the member has not given the application of the token it */
	unsigned int factor_kinds; /* a set of kinds that are registered */
	int opted_out;             /* the member's own choice to leave the second factor out */
	int device_trusted;
	int passkey_sign_in; /* the policy file lets a passkey stand for the password, too */
	/* On the webmail channel: where the browser is, as the portal knows it. Of a token, where
	 * its session was last seen. Unknown: in no network. */
	struct pl_ip browser;
	int from_any_network; /* it is supposed to be in one that is allowed */
};

enum pl_outcome { PL_ALLOW, PL_DENY, PL_NEED_CREDENTIAL, PL_NEED_SECOND_FACTOR };

enum pl_rule {
#define PL_RULE(id, name, outcome, sentence) PL_RULE_##id,
#include "policy/settings/rules.def"
#undef PL_RULE
	PL_RULE_COUNT
};

struct pl_verdict {
	enum pl_outcome outcome;
	enum pl_rule rule;
	/* The service that the sentence names: the one asked for, or the one that is off. */
	enum pl_setting service;
	/* 1: the sentence may be shown to the other end, because it has authenticated or because
	 * every name of the domain gets the same answer. */
	int tell;
	/* 1, of a denial: it is the account password that does not open the service. Whoever offers
	 * the right one may be told so; so it is verified first, and refused then. */
	int once_proven;
};

/* What holds for a setting, and which layer says so. */
struct pl_resolved pl_resolve(const struct pl_layers *layers, enum pl_setting setting);
/* The value as people write it, without its date. */
const char *pl_resolved_text(const struct pl_resolved *resolved);
/* The decision: no I/O, no clock, no allocation. */
struct pl_verdict pl_decide(const struct pl_facts *facts);

/* Names for explain, logs and --json. */
const char *pl_rule_name(enum pl_rule rule);
const char *pl_outcome_name(enum pl_outcome outcome);
const char *pl_source_name(enum pl_source source);
const char *pl_channel_name(enum pl_channel channel);
/* 1, or 0 for another word. */
int pl_channel_by_name(const char *name, enum pl_channel *channel_r);
const char *pl_credential_name(enum pl_credential credential);
/* Writes the sentence of the rule, about the service of the verdict. Returns buf. */
char *pl_verdict_sentence(const struct pl_verdict *verdict, char *buf, size_t size);

#endif
