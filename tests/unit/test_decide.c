/* test_decide.c - the decision against an independent reading of the design.
 *
 * The expected values come from expect_*() below, which are written from the
 * sentences and the table of the design as flat lists of conditions, not from
 * decide.c; and from rows written by hand for what the design names singly.
 */
#include "tests/unit/test.h"

#include "policy/settings/decide.h"

/* ---- where a setting comes from ---- */

struct layer_case {
	enum pl_value member, class_section, domain, policy_domain, policy_defaults;
};

/* The first that says something, read from the list of 2.1. */
static struct pl_resolved expect_resolved(const struct layer_case *c, enum pl_value builtin)
{
	if (c->policy_domain == PL_FORBIDDEN)
		return (struct pl_resolved){ .value = PL_OFF, .source = PL_FROM_FORBIDDEN };
	if (c->policy_defaults == PL_FORBIDDEN)
		return (struct pl_resolved){ .value = PL_OFF, .source = PL_FROM_FORBIDDEN };
	if (c->member != PL_UNSET)
		return (struct pl_resolved){ .value = c->member, .source = PL_FROM_MEMBER };
	if (c->class_section != PL_UNSET)
		return (struct pl_resolved){ .value = c->class_section, .source = PL_FROM_CLASS };
	if (c->domain != PL_UNSET)
		return (struct pl_resolved){ .value = c->domain, .source = PL_FROM_DOMAIN };
	if (c->policy_domain != PL_UNSET)
		return (struct pl_resolved){ .value = c->policy_domain,
					     .source = PL_FROM_POLICY_DOMAIN };
	if (c->policy_defaults != PL_UNSET)
		return (struct pl_resolved){ .value = c->policy_defaults,
					     .source = PL_FROM_POLICY_DEFAULTS };
	return (struct pl_resolved){ .value = builtin, .source = PL_FROM_BUILTIN };
}

static void check_layers(enum pl_setting setting, const struct layer_case *c)
{
	struct pl_settings member = { 0 }, class_section = { 0 }, domain = { 0 };
	struct pl_settings policy_domain = { 0 }, policy_defaults = { 0 };
	const struct pl_layers layers = {
		&member, &class_section, &domain, &policy_domain, &policy_defaults, 0, 0
	};
	struct pl_resolved got, want;

	member.value[setting] = (unsigned char)c->member;
	class_section.value[setting] = (unsigned char)c->class_section;
	domain.value[setting] = (unsigned char)c->domain;
	policy_domain.value[setting] = (unsigned char)c->policy_domain;
	policy_defaults.value[setting] = (unsigned char)c->policy_defaults;
	got = pl_resolve(&layers, setting);
	want = expect_resolved(c, pl_setting_info(setting)->builtin);
	assert_int_equal(got.value, want.value);
	assert_int_equal(got.source, want.source);
}

/* Every combination of what each layer can say, for every setting. */
static void resolves_every_combination(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < PL_SETTING_COUNT; s++) {
		enum pl_setting setting = (enum pl_setting)s;
		enum pl_value own[PL_VALUE_COUNT], policy[PL_VALUE_COUNT], class[PL_VALUE_COUNT];
		size_t owns = 0, policies = 0, classes = 0;

		for (unsigned int v = 0; v < PL_VALUE_COUNT; v++) {
			if (pl_setting_accepts(setting, PL_AT_MEMBER, (enum pl_value)v))
				own[owns++] = (enum pl_value)v;
			if (pl_setting_accepts(setting, PL_AT_POLICY, (enum pl_value)v))
				policy[policies++] = (enum pl_value)v;
			if (v == PL_UNSET ||
			    pl_setting_accepts(setting, PL_AT_CLASS, (enum pl_value)v))
				class[classes++] = (enum pl_value)v;
		}
		for (size_t a = 0; a < owns; a++)
			for (size_t b = 0; b < classes; b++)
				for (size_t c = 0; c < owns; c++)
					for (size_t d = 0; d < policies; d++)
						for (size_t e = 0; e < policies; e++) {
							const struct layer_case layer_case = {
								own[a], class[b], own[c], policy[d],
								policy[e]
							};

							check_layers(setting, &layer_case);
						}
	}
}

static void built_in_defaults(void **state)
{
	static const struct {
		enum pl_setting setting;
		enum pl_value value;
	} rows[] = {
		{ PL_SETTING_SMTP, PL_ON },
		{ PL_SETTING_POP3, PL_ON },
		{ PL_SETTING_IMAP, PL_ON },
		{ PL_SETTING_SIEVE, PL_ON },
		{ PL_SETTING_WEBMAIL, PL_ON },
		{ PL_SETTING_FORWARDING, PL_OFF },
		{ PL_SETTING_LARGE_ATTACHMENTS, PL_OFF },
		{ PL_SETTING_CONNECTED_APPLICATIONS, PL_ON },
		{ PL_SETTING_TWO_FACTOR, PL_ON },
		{ PL_SETTING_TWO_FACTOR_REQUIREMENT, PL_OPTIONAL },
		{ PL_SETTING_TWO_FACTOR_MODE, PL_USE },
		{ PL_SETTING_CLIENT_PASSWORD, PL_ALWAYS },
		{ PL_SETTING_APP_PASSWORDS, PL_ON },
		{ PL_SETTING_WEBMAIL_ALLOWED_NETWORKS, PL_EVERYWHERE },
	};
	const struct pl_layers none = { 0 };

	(void)state;
	assert_int_equal(COUNT(rows), PL_SETTING_COUNT);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(pl_resolve(&none, rows[i].setting).value, rows[i].value);
}

/* ---- values with a date ---- */

struct dated {
	enum pl_value value;
	int32_t from;
};

/* What a layer can say of the setting, and the days before which no layer requires anything. */
struct dated_setting {
	enum pl_setting setting;
	enum pl_value builtin;
	struct dated sayings[6];
	int32_t required_from[4];
};

static const struct dated_setting dated_settings[] = {
	{ PL_SETTING_CLIENT_PASSWORD,
	  PL_ALWAYS,
	  { { PL_UNSET, 0 },
	    { PL_ALWAYS, 0 },
	    { PL_NEVER, 0 },
	    { PL_NEVER, 5 },
	    { PL_NEVER, 10 },
	    { PL_UNTIL_SECOND_FACTOR, 10 } },
	  { 0, 0, 7, 10 } },
	{ PL_SETTING_TWO_FACTOR_REQUIREMENT,
	  PL_OPTIONAL,
	  { { PL_UNSET, 0 },
	    { PL_OPTIONAL, 0 },
	    { PL_REQUIRED, 0 },
	    { PL_REQUIRED, 5 },
	    { PL_REQUIRED, 10 },
	    { PL_REQUIRED, 7 } },
	  { 0, 5, 7, 12 } },
};

#define LAYERS 5

/* The later of the date and, of a requirement, the end of the member's days of grace. */
static int32_t expect_from(const struct dated *said, int32_t required_from)
{
	return said->value == PL_REQUIRED && required_from > said->from ? required_from
									: said->from;
}

/* The first layer that says something which holds on the day; the built-in value says it always. */
static size_t expect_winner(const struct dated *said, int32_t required_from, int32_t day)
{
	size_t i = 0;

	while (i < LAYERS &&
	       (said[i].value == PL_UNSET || expect_from(&said[i], required_from) > day))
		i++;
	return i;
}

static enum pl_value value_of(const struct dated_setting *of, const struct dated *said,
			      size_t layer)
{
	return layer < LAYERS ? said[layer].value : of->builtin;
}

/* On the first later day on which another layer decides, that layer is the next. */
static void check_next(const struct dated_setting *of, const struct dated *said,
		       const struct pl_layers *layers, const struct pl_resolved *got)
{
	const size_t now = expect_winner(said, layers->required_from, layers->today);

	for (int32_t day = layers->today + 1; day <= 12; day++) {
		const size_t then = expect_winner(said, layers->required_from, day);

		if (then == now)
			continue;
		assert_int_equal(got->next_from, day);
		assert_int_equal(got->next, value_of(of, said, then));
		assert_int_equal(got->next_source, PL_FROM_MEMBER + then);
		return;
	}
	assert_int_equal(got->next_from, 0);
}

static void check_dates(const struct dated_setting *of, const struct dated *said,
			int32_t required_from, int32_t today)
{
	struct pl_settings layer[LAYERS] = { 0 };
	const struct pl_layers layers = { &layer[0], &layer[1], &layer[2],    &layer[3],
					  &layer[4], today,     required_from };
	const size_t winner = expect_winner(said, required_from, today);
	struct pl_resolved got;

	for (size_t i = 0; i < LAYERS; i++) {
		layer[i].value[of->setting] = (unsigned char)said[i].value;
		layer[i].from[of->setting] = said[i].from;
	}
	got = pl_resolve(&layers, of->setting);
	assert_int_equal(got.value, value_of(of, said, winner));
	assert_int_equal(got.source, PL_FROM_MEMBER + winner);
	check_next(of, said, &layers, &got);
}

static void check_combination(const struct dated_setting *of, const struct dated *said)
{
	static const int32_t days[] = { 0, 4, 5, 6, 7, 9, 10, 11, 12 };

	for (size_t i = 0; i < COUNT(days); i++) {
		for (size_t k = 0; k < COUNT(of->required_from); k++)
			check_dates(of, said, of->required_from[k], days[i]);
	}
}

/* The requirement of a second factor also with every end of a member's days of grace, which the
 * others ignore. */
static void dates_hold_in_every_combination(void **state)
{
	(void)state;
	for (unsigned long n = 0; n < 6 * 6 * 6 * 6 * 6 * COUNT(dated_settings); n++) {
		const struct dated_setting *of = &dated_settings[n % COUNT(dated_settings)];
		unsigned long rest = n / COUNT(dated_settings);
		struct dated said[LAYERS];

		for (size_t i = 0; i < LAYERS; i++, rest /= COUNT(of->sayings))
			said[i] = of->sayings[rest % COUNT(of->sayings)];
		check_combination(of, said);
	}
}

/* ---- the verdict ---- */

struct question {
	int name_invalid, domain_unknown, domain_inactive, member_inactive;
	enum pl_setting service;
	int service_on, service_forbidden, webmail_on;
	enum pl_channel channel;
	enum pl_credential credential;
	enum pl_app_password_limit limit;
	int applications_off, not_granted;
	enum pl_value client_password, two_factor, mode, requirement;
	int registered, trusted, opted_out;
	int app_passwords_off;
	int passkey_sign_in;
};

/* The rules of the second factor, row by row. */
static enum pl_outcome expect_factor(const struct question *q)
{
	if (q->two_factor == PL_OFF)
		return PL_ALLOW;
	if (q->mode == PL_SKIP)
		return PL_ALLOW;
	if (q->opted_out && q->requirement != PL_REQUIRED)
		return PL_ALLOW;
	if (q->registered && (q->trusted || q->requirement == PL_STEP_UP))
		return PL_ALLOW;
	if (q->registered)
		return PL_NEED_SECOND_FACTOR;
	if (q->requirement == PL_REQUIRED)
		return PL_NEED_SECOND_FACTOR;
	return PL_ALLOW;
}

/* A second factor is needed for a password from a webmail network: nobody trusts a device there. */
static int expect_second_factor(const struct question *q)
{
	return q->two_factor != PL_OFF && q->mode != PL_SKIP &&
	       (q->requirement == PL_REQUIRED ||
		(q->requirement == PL_OPTIONAL && q->registered && !q->opted_out));
}

static enum pl_outcome expect_client_password(const struct question *q)
{
	if (q->client_password == PL_NEVER ||
	    (q->client_password == PL_UNTIL_SECOND_FACTOR && q->registered))
		return PL_DENY;
	return q->credential == PL_CREDENTIAL_UNPROVEN ? PL_NEED_CREDENTIAL : PL_ALLOW;
}

static enum pl_outcome expect_gate(const struct question *q)
{
	int on = q->service_on && !q->service_forbidden;

	if (q->name_invalid || q->domain_unknown || q->domain_inactive || q->member_inactive)
		return PL_DENY;
	if (q->channel == PL_CHANNEL_CLIENT)
		return on ? PL_ALLOW : PL_DENY;
	if (q->service == PL_SETTING_IMAP || q->service == PL_SETTING_SMTP)
		on = 1;
	if (q->service == PL_SETTING_WEBMAIL)
		return on ? PL_ALLOW : PL_DENY;
	return on && q->webmail_on ? PL_ALLOW : PL_DENY;
}

static enum pl_outcome expect(const struct question *q)
{
	if (expect_gate(q) == PL_DENY || q->credential == PL_CREDENTIAL_BAD_TOKEN)
		return PL_DENY;
	/* Those of a webmail session are no connected application's. */
	if (q->credential == PL_CREDENTIAL_TOKEN)
		return q->channel == PL_CHANNEL_CLIENT && (q->applications_off || q->not_granted)
			       ? PL_DENY
			       : PL_ALLOW;
	if (q->credential == PL_CREDENTIAL_APP_PASSWORD)
		return q->channel == PL_CHANNEL_CLIENT && !q->app_passwords_off &&
				       q->limit == PL_APP_PASSWORD_COVERS
			       ? PL_ALLOW
			       : PL_DENY;
	/* Both factors, at the sign-in page, where the operator allows it. */
	if (q->credential == PL_CREDENTIAL_PASSKEY)
		return q->channel == PL_CHANNEL_WEBMAIL && q->service == PL_SETTING_WEBMAIL &&
				       q->passkey_sign_in && q->two_factor == PL_ON
			       ? PL_ALLOW
			       : PL_DENY;
	if (q->channel == PL_CHANNEL_CLIENT)
		return expect_client_password(q);
	if (q->service != PL_SETTING_WEBMAIL && expect_second_factor(q))
		return PL_DENY;
	if (q->credential == PL_CREDENTIAL_UNPROVEN)
		return PL_NEED_CREDENTIAL;
	return expect_factor(q);
}

/* May the sentence be shown? Only to the member, or when
 * nobody in the domain could get another. */
static int expect_tell(const struct question *q)
{
	if (q->credential != PL_CREDENTIAL_UNPROVEN && q->credential != PL_CREDENTIAL_BAD_TOKEN)
		return 1;
	if (q->name_invalid || q->domain_unknown || q->domain_inactive)
		return 1;
	if (q->member_inactive || !q->service_forbidden)
		return 0;
	return q->channel == PL_CHANNEL_CLIENT ||
	       (q->service != PL_SETTING_IMAP && q->service != PL_SETTING_SMTP);
}

/* A password that nobody has verified is refused in vain: whose it is may be told why. */
static int expect_once_proven(const struct question *q)
{
	return expect_gate(q) == PL_ALLOW && q->channel == PL_CHANNEL_CLIENT &&
	       q->credential == PL_CREDENTIAL_UNPROVEN && expect_client_password(q) == PL_DENY;
}

static struct pl_verdict ask(const struct question *q)
{
	struct pl_settings member = { 0 }, policy = { 0 };
	const struct pl_facts facts = {
		.layers = { .member = &member, .policy_defaults = &policy },
		.name_invalid = q->name_invalid,
		.domain_unknown = q->domain_unknown,
		.domain_inactive = q->domain_inactive,
		.member_inactive = q->member_inactive,
		.service = q->service,
		.channel = q->channel,
		.credential = q->credential,
		.app_password = q->limit,
		.service_not_granted = q->not_granted,
		.factor_kinds = q->registered ? PL_FACTOR_BIT(PL_FACTOR_TOTP) : 0,
		.device_trusted = q->trusted,
		.opted_out = q->opted_out,
		.passkey_sign_in = q->passkey_sign_in,
	};

	member.value[PL_SETTING_WEBMAIL] = q->webmail_on ? PL_ON : PL_OFF;
	member.value[q->service] = q->service_on ? PL_ON : PL_OFF;
	member.value[PL_SETTING_CONNECTED_APPLICATIONS] = q->applications_off ? PL_OFF : PL_ON;
	member.value[PL_SETTING_CLIENT_PASSWORD] = (unsigned char)q->client_password;
	member.value[PL_SETTING_TWO_FACTOR] = (unsigned char)q->two_factor;
	member.value[PL_SETTING_TWO_FACTOR_MODE] = (unsigned char)q->mode;
	member.value[PL_SETTING_TWO_FACTOR_REQUIREMENT] = (unsigned char)q->requirement;
	member.value[PL_SETTING_APP_PASSWORDS] = q->app_passwords_off ? PL_OFF : PL_ON;
	if (q->service_forbidden)
		policy.value[q->service] = PL_FORBIDDEN;
	return pl_decide(&facts);
}

/* Takes the next digit of *n in that base: generates all combinations. */
static unsigned int digit(unsigned long *n, unsigned int base)
{
	unsigned int value = (unsigned int)(*n % base);

	*n /= base;
	return value;
}

static void decides_every_combination(void **state)
{
	static const enum pl_setting services[] = { PL_SETTING_WEBMAIL, PL_SETTING_IMAP,
						    PL_SETTING_POP3, PL_SETTING_SMTP,
						    PL_SETTING_SIEVE };
	static const enum pl_value passwords[] = { PL_ALWAYS, PL_UNTIL_SECOND_FACTOR, PL_NEVER };
	static const enum pl_value requirements[] = { PL_OPTIONAL, PL_REQUIRED, PL_STEP_UP };
	unsigned long total = 0;

	(void)state;
	for (unsigned long n = 0;; n++) {
		unsigned long rest = n;
		struct question q = {
			.name_invalid = (int)digit(&rest, 2),
			.domain_unknown = (int)digit(&rest, 2),
			.domain_inactive = (int)digit(&rest, 2),
			.member_inactive = (int)digit(&rest, 2),
			.service = services[digit(&rest, 5)],
			.service_on = (int)digit(&rest, 2),
			.service_forbidden = (int)digit(&rest, 2),
			.webmail_on = (int)digit(&rest, 2),
			.channel = digit(&rest, 2) ? PL_CHANNEL_WEBMAIL : PL_CHANNEL_CLIENT,
			.credential = digit(&rest, PL_CREDENTIAL_BAD_TOKEN + 1),
			.limit = digit(&rest, PL_APP_PASSWORD_NONE + 1),
			.applications_off = (int)digit(&rest, 2),
			.not_granted = (int)digit(&rest, 2),
			.client_password = passwords[digit(&rest, 3)],
			.two_factor = digit(&rest, 2) ? PL_ON : PL_OFF,
			.mode = digit(&rest, 2) ? PL_USE : PL_SKIP,
			.requirement = requirements[digit(&rest, 3)],
			.registered = (int)digit(&rest, 2),
			.trusted = (int)digit(&rest, 2),
			.opted_out = (int)digit(&rest, 2),
			.app_passwords_off = (int)digit(&rest, 2),
			.passkey_sign_in = (int)digit(&rest, 2),
		};
		struct pl_verdict verdict;

		if (rest != 0)
			break;
		/* One switch cannot be both on and off; and of a setting that others ignore, one
		 * value is enough for them. */
		if ((q.service == PL_SETTING_WEBMAIL && q.webmail_on != q.service_on) ||
		    (q.passkey_sign_in && q.credential != PL_CREDENTIAL_PASSKEY))
			continue;
		verdict = ask(&q);
		if (verdict.outcome != expect(&q) || verdict.tell != expect_tell(&q) ||
		    verdict.once_proven != expect_once_proven(&q))
			fail_msg("combination %lu: %s by %s, tell %d %d; expected %s, tell %d %d",
				 n, pl_outcome_name(verdict.outcome), pl_rule_name(verdict.rule),
				 verdict.tell, verdict.once_proven, pl_outcome_name(expect(&q)),
				 expect_tell(&q), expect_once_proven(&q));
		total++;
	}
	assert_true(total > 3000000);
}

/* The second factor decides the rest. */
#define RIGHT_PASSWORD_AT_WEBMAIL                                                    \
	.service = PL_SETTING_WEBMAIL, .service_on = 1, .webmail_on = 1,             \
	.channel = PL_CHANNEL_WEBMAIL, .credential = PL_CREDENTIAL_ACCOUNT_PASSWORD, \
	.two_factor = PL_ON

#define PASSKEY_AT_WEBMAIL(on, allowed, factor)                                \
	.service = PL_SETTING_WEBMAIL, .service_on = (on), .webmail_on = (on), \
	.channel = PL_CHANNEL_WEBMAIL, .credential = PL_CREDENTIAL_PASSKEY,    \
	.passkey_sign_in = (allowed), .two_factor = (factor), .registered = 1

/* Single sentences, with the rule that must decide. */
static void rules_by_hand(void **state)
{
	static const struct {
		const char *name;
		struct question q;
		enum pl_outcome outcome;
		enum pl_rule rule;
	} rows[] = {
		{ "a domain that is not known comes before all else",
		  { .service = PL_SETTING_POP3,
		    .domain_unknown = 1,
		    .domain_inactive = 1,
		    .credential = PL_CREDENTIAL_TOKEN },
		  PL_DENY,
		  PL_RULE_DOMAIN_UNKNOWN },
		{ "a name that is not an address",
		  { .service = PL_SETTING_WEBMAIL,
		    .name_invalid = 1,
		    .service_on = 1,
		    .webmail_on = 1,
		    .channel = PL_CHANNEL_WEBMAIL,
		    .credential = PL_CREDENTIAL_ACCOUNT_PASSWORD },
		  PL_DENY,
		  PL_RULE_NAME_INVALID },
		{ "a connected application where they are off",
		  { .service = PL_SETTING_IMAP,
		    .service_on = 1,
		    .applications_off = 1,
		    .credential = PL_CREDENTIAL_TOKEN },
		  PL_DENY,
		  PL_RULE_APPLICATIONS_OFF },
		{ "a connected application at a service that it was not given",
		  { .service = PL_SETTING_SMTP,
		    .service_on = 1,
		    .not_granted = 1,
		    .credential = PL_CREDENTIAL_TOKEN },
		  PL_DENY,
		  PL_RULE_APPLICATION_SERVICE },
		{ "a connected application is asked for no second factor",
		  { .service = PL_SETTING_SMTP,
		    .service_on = 1,
		    .credential = PL_CREDENTIAL_TOKEN,
		    .two_factor = PL_ON,
		    .mode = PL_USE,
		    .requirement = PL_REQUIRED,
		    .registered = 1 },
		  PL_ALLOW,
		  PL_RULE_TOKEN },
		{ "a client with the account password",
		  { .service = PL_SETTING_POP3,
		    .service_on = 1,
		    .webmail_on = 1,
		    .client_password = PL_ALWAYS,
		    .credential = PL_CREDENTIAL_ACCOUNT_PASSWORD,
		    .two_factor = PL_ON,
		    .mode = PL_USE,
		    .requirement = PL_REQUIRED,
		    .registered = 1 },
		  PL_ALLOW,
		  PL_RULE_ACCOUNT_PASSWORD },
		{ "an app password never outranks a service that is off",
		  { .service = PL_SETTING_SMTP,
		    .webmail_on = 1,
		    .credential = PL_CREDENTIAL_APP_PASSWORD,
		    .client_password = PL_ALWAYS },
		  PL_DENY,
		  PL_RULE_SERVICE_OFF },
		{ "where app passwords are off, none opens anything",
		  { .service = PL_SETTING_SMTP,
		    .service_on = 1,
		    .credential = PL_CREDENTIAL_APP_PASSWORD,
		    .client_password = PL_NEVER,
		    .app_passwords_off = 1 },
		  PL_DENY,
		  PL_RULE_APP_PASSWORDS_OFF },
		{ "which takes nothing from the account password",
		  { .service = PL_SETTING_SMTP,
		    .service_on = 1,
		    .credential = PL_CREDENTIAL_ACCOUNT_PASSWORD,
		    .client_password = PL_ALWAYS,
		    .app_passwords_off = 1 },
		  PL_ALLOW,
		  PL_RULE_ACCOUNT_PASSWORD },
		{ "an app password is good when the account password is not",
		  { .service = PL_SETTING_SMTP,
		    .service_on = 1,
		    .credential = PL_CREDENTIAL_APP_PASSWORD,
		    .client_password = PL_NEVER },
		  PL_ALLOW,
		  PL_RULE_APP_PASSWORD },
		{ "the account password works until a second factor is registered",
		  { .service = PL_SETTING_IMAP,
		    .service_on = 1,
		    .client_password = PL_UNTIL_SECOND_FACTOR,
		    .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_NEED_CREDENTIAL,
		  PL_RULE_ACCOUNT_PASSWORD_DECIDES },
		{ "and no longer then",
		  { .service = PL_SETTING_IMAP,
		    .service_on = 1,
		    .client_password = PL_UNTIL_SECOND_FACTOR,
		    .credential = PL_CREDENTIAL_ACCOUNT_PASSWORD,
		    .registered = 1 },
		  PL_DENY,
		  PL_RULE_CLIENT_PASSWORD_SECOND_FACTOR },
		{ "skip beats required",
		  { RIGHT_PASSWORD_AT_WEBMAIL, .mode = PL_SKIP, .requirement = PL_REQUIRED,
		    .registered = 1 },
		  PL_ALLOW,
		  PL_RULE_FACTOR_SKIPPED },
		{ "a member may leave out what is optional",
		  { RIGHT_PASSWORD_AT_WEBMAIL, .mode = PL_USE, .requirement = PL_OPTIONAL,
		    .registered = 1, .opted_out = 1 },
		  PL_ALLOW,
		  PL_RULE_FACTOR_OPTED_OUT },
		{ "a member's own choice is void once the factor is required",
		  { RIGHT_PASSWORD_AT_WEBMAIL, .mode = PL_USE, .requirement = PL_REQUIRED,
		    .opted_out = 1 },
		  PL_NEED_SECOND_FACTOR,
		  PL_RULE_FACTOR_REGISTER },
		{ "a trusted device leaves the code out",
		  { RIGHT_PASSWORD_AT_WEBMAIL, .mode = PL_USE, .requirement = PL_REQUIRED,
		    .registered = 1, .trusted = 1 },
		  PL_ALLOW,
		  PL_RULE_FACTOR_TRUSTED_DEVICE },
		{ "the code is asked for",
		  { RIGHT_PASSWORD_AT_WEBMAIL, .mode = PL_USE, .requirement = PL_OPTIONAL,
		    .registered = 1 },
		  PL_NEED_SECOND_FACTOR,
		  PL_RULE_FACTOR_CODE },
		{ "must register",
		  { RIGHT_PASSWORD_AT_WEBMAIL, .mode = PL_USE, .requirement = PL_REQUIRED },
		  PL_NEED_SECOND_FACTOR,
		  PL_RULE_FACTOR_REGISTER },
		{ "may register later",
		  { RIGHT_PASSWORD_AT_WEBMAIL, .mode = PL_USE, .requirement = PL_OPTIONAL },
		  PL_ALLOW,
		  PL_RULE_FACTOR_OFFERED },
		{ "a factor that is asked for on sensitive pages alone",
		  { RIGHT_PASSWORD_AT_WEBMAIL, .mode = PL_USE, .requirement = PL_STEP_UP,
		    .registered = 1 },
		  PL_ALLOW,
		  PL_RULE_FACTOR_STEP_UP },
		{ "whoever has none yet is offered one there, too",
		  { RIGHT_PASSWORD_AT_WEBMAIL, .mode = PL_USE, .requirement = PL_STEP_UP },
		  PL_ALLOW,
		  PL_RULE_FACTOR_OFFERED },
		{ "a password from a webmail network where the sign-in asks for no factor",
		  { .service = PL_SETTING_IMAP,
		    .service_on = 1,
		    .webmail_on = 1,
		    .channel = PL_CHANNEL_WEBMAIL,
		    .credential = PL_CREDENTIAL_ACCOUNT_PASSWORD,
		    .two_factor = PL_ON,
		    .mode = PL_USE,
		    .requirement = PL_STEP_UP,
		    .registered = 1 },
		  PL_ALLOW,
		  PL_RULE_FACTOR_STEP_UP },
		{ "a passkey is both factors, also where one is required",
		  { PASSKEY_AT_WEBMAIL(1, 1, PL_ON), .mode = PL_USE, .requirement = PL_REQUIRED },
		  PL_ALLOW,
		  PL_RULE_PASSKEY },
		{ "a passkey of a member whose webmail is off",
		  { PASSKEY_AT_WEBMAIL(0, 1, PL_ON) },
		  PL_DENY,
		  PL_RULE_SERVICE_OFF },
		{ "a passkey of a member who is switched off",
		  { PASSKEY_AT_WEBMAIL(1, 1, PL_ON), .member_inactive = 1 },
		  PL_DENY,
		  PL_RULE_MEMBER_INACTIVE },
		{ "a passkey alone where the policy file does not allow it",
		  { PASSKEY_AT_WEBMAIL(1, 0, PL_ON) },
		  PL_DENY,
		  PL_RULE_PASSKEY_SIGN_IN_OFF },
		{ "a passkey from before the second factor was switched off",
		  { PASSKEY_AT_WEBMAIL(1, 1, PL_OFF) },
		  PL_DENY,
		  PL_RULE_PASSKEY_SIGN_IN_OFF },
		{ "a passkey elsewhere than at the sign-in page",
		  { .service = PL_SETTING_IMAP,
		    .service_on = 1,
		    .webmail_on = 1,
		    .channel = PL_CHANNEL_WEBMAIL,
		    .credential = PL_CREDENTIAL_PASSKEY,
		    .passkey_sign_in = 1,
		    .two_factor = PL_ON },
		  PL_DENY,
		  PL_RULE_PASSKEY_ELSEWHERE },
		{ "webmail reads with imap off",
		  { .service = PL_SETTING_IMAP,
		    .webmail_on = 1,
		    .channel = PL_CHANNEL_WEBMAIL,
		    .credential = PL_CREDENTIAL_TOKEN },
		  PL_ALLOW,
		  PL_RULE_TOKEN },
		{ "a password from a webmail network while a second factor is needed",
		  { .service = PL_SETTING_IMAP,
		    .service_on = 1,
		    .webmail_on = 1,
		    .channel = PL_CHANNEL_WEBMAIL,
		    .credential = PL_CREDENTIAL_ACCOUNT_PASSWORD,
		    .two_factor = PL_ON,
		    .mode = PL_USE,
		    .requirement = PL_OPTIONAL,
		    .registered = 1,
		    .trusted = 1 },
		  PL_DENY,
		  PL_RULE_WEBMAIL_NEEDS_SIGN_IN_PAGE },
		{ "forwarding is a switch",
		  { .service = PL_SETTING_FORWARDING,
		    .service_on = 1,
		    .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_ALLOW,
		  PL_RULE_FEATURE_ON },
		{ "forwarding in a domain that is switched off",
		  { .domain_inactive = 1,
		    .service = PL_SETTING_FORWARDING,
		    .service_on = 1,
		    .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_DENY,
		  PL_RULE_DOMAIN_INACTIVE },
		{ "forwarding of a member who is switched off",
		  { .member_inactive = 1,
		    .service = PL_SETTING_FORWARDING,
		    .service_on = 1,
		    .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_DENY,
		  PL_RULE_MEMBER_INACTIVE },
		{ "forwarding in a domain that is not known",
		  { .domain_unknown = 1,
		    .service = PL_SETTING_FORWARDING,
		    .service_on = 1,
		    .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_ALLOW,
		  PL_RULE_FEATURE_ON },
		{ "large attachments on",
		  { .service = PL_SETTING_LARGE_ATTACHMENTS,
		    .service_on = 1,
		    .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_ALLOW,
		  PL_RULE_FEATURE_ON },
		{ "large attachments off",
		  { .service = PL_SETTING_LARGE_ATTACHMENTS, .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_DENY,
		  PL_RULE_SERVICE_OFF },
		{ "second factor on",
		  { .service = PL_SETTING_TWO_FACTOR,
		    .two_factor = PL_ON,
		    .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_ALLOW,
		  PL_RULE_FEATURE_ON },
		{ "second factor off",
		  { .service = PL_SETTING_TWO_FACTOR,
		    .two_factor = PL_OFF,
		    .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_DENY,
		  PL_RULE_SERVICE_OFF },
		{ "connected applications on",
		  { .service = PL_SETTING_CONNECTED_APPLICATIONS,
		    .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_ALLOW,
		  PL_RULE_FEATURE_ON },
		{ "connected applications off",
		  { .service = PL_SETTING_CONNECTED_APPLICATIONS,
		    .applications_off = 1,
		    .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_DENY,
		  PL_RULE_SERVICE_OFF },
		{ "app passwords on",
		  { .service = PL_SETTING_APP_PASSWORDS, .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_ALLOW,
		  PL_RULE_FEATURE_ON },
		{ "app passwords off",
		  { .service = PL_SETTING_APP_PASSWORDS,
		    .app_passwords_off = 1,
		    .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_DENY,
		  PL_RULE_SERVICE_OFF },
		{ "forwarding off",
		  { .service = PL_SETTING_FORWARDING, .credential = PL_CREDENTIAL_UNPROVEN },
		  PL_DENY,
		  PL_RULE_SERVICE_OFF },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_verdict verdict = ask(&rows[i].q);

		if (verdict.outcome != rows[i].outcome || verdict.rule != rows[i].rule)
			fail_msg("%s: %s by %s", rows[i].name, pl_outcome_name(verdict.outcome),
				 pl_rule_name(verdict.rule));
	}
}

/* Where the browser is, and what is allowed. */
static void webmail_networks_by_hand(void **state)
{
#define OFFICE "192.0.2.0/24,2001:db8::/32"
	static const struct {
		const char *name, *allowed, *browser; /* NULL: not set, not known */
		enum pl_setting service;
		enum pl_channel channel;
		enum pl_credential credential;
		enum pl_rule rule;
	} rows[] = {
#define AT_PAGE PL_SETTING_WEBMAIL, PL_CHANNEL_WEBMAIL, PL_CREDENTIAL_ACCOUNT_PASSWORD
#define BY_PASSKEY PL_SETTING_WEBMAIL, PL_CHANNEL_WEBMAIL, PL_CREDENTIAL_PASSKEY
#define BY_TOKEN PL_SETTING_IMAP, PL_CHANNEL_WEBMAIL, PL_CREDENTIAL_TOKEN
		{ "no limit", NULL, "203.0.113.7", AT_PAGE, PL_RULE_FACTOR_OFFERED },
		{ "inside", OFFICE, "192.0.2.7", AT_PAGE, PL_RULE_FACTOR_OFFERED },
		{ "inside, mapped", OFFICE, "::ffff:192.0.2.7", AT_PAGE, PL_RULE_FACTOR_OFFERED },
		{ "inside, IPv6", OFFICE, "2001:db8::7", AT_PAGE, PL_RULE_FACTOR_OFFERED },
		{ "outside", OFFICE, "203.0.113.7", AT_PAGE, PL_RULE_WEBMAIL_NETWORK },
		{ "outside, IPv6", OFFICE, "2001:db9::7", AT_PAGE, PL_RULE_WEBMAIL_NETWORK },
		{ "not known", OFFICE, NULL, AT_PAGE, PL_RULE_WEBMAIL_NETWORK },
		{ "a stranger learns nothing", OFFICE, "203.0.113.7", PL_SETTING_WEBMAIL,
		  PL_CHANNEL_WEBMAIL, PL_CREDENTIAL_UNPROVEN, PL_RULE_ACCOUNT_PASSWORD_DECIDES },
		{ "a session inside", OFFICE, "192.0.2.7", BY_TOKEN, PL_RULE_TOKEN },
		{ "a session outside", OFFICE, "203.0.113.7", BY_TOKEN, PL_RULE_WEBMAIL_NETWORK },
		{ "a passkey inside", OFFICE, "192.0.2.7", BY_PASSKEY, PL_RULE_PASSKEY },
		{ "a passkey outside", OFFICE, "203.0.113.7", BY_PASSKEY, PL_RULE_WEBMAIL_NETWORK },
		{ "a bad token", OFFICE, "203.0.113.7", PL_SETTING_IMAP, PL_CHANNEL_WEBMAIL,
		  PL_CREDENTIAL_BAD_TOKEN, PL_RULE_TOKEN_INVALID },
		{ "webmail without OAuth", OFFICE, NULL, PL_SETTING_IMAP, PL_CHANNEL_WEBMAIL,
		  PL_CREDENTIAL_UNPROVEN, PL_RULE_WEBMAIL_NETWORK },
		{ "which hands the address on", OFFICE, "192.0.2.7", PL_SETTING_IMAP,
		  PL_CHANNEL_WEBMAIL, PL_CREDENTIAL_UNPROVEN, PL_RULE_ACCOUNT_PASSWORD_DECIDES },
		{ "a mail program", OFFICE, "203.0.113.7", PL_SETTING_IMAP, PL_CHANNEL_CLIENT,
		  PL_CREDENTIAL_ACCOUNT_PASSWORD, PL_RULE_ACCOUNT_PASSWORD },
		{ "a connected application", OFFICE, "203.0.113.7", PL_SETTING_IMAP,
		  PL_CHANNEL_CLIENT, PL_CREDENTIAL_TOKEN, PL_RULE_TOKEN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pl_settings member = { 0 }, domain = { 0 };
		struct pl_facts facts = {
			.layers = { .member = &member, .domain = &domain },
			.service = rows[i].service,
			.channel = rows[i].channel,
			.credential = rows[i].credential,
			.passkey_sign_in = 1,
		};
		enum pl_rule rule;

		if (rows[i].allowed != NULL)
			assert_int_equal(pl_setting_read(PL_SETTING_WEBMAIL_ALLOWED_NETWORKS,
							 PL_AT_DOMAIN, rows[i].allowed, &domain),
					 1);
		if (rows[i].browser != NULL)
			assert_int_equal(pl_ip_parse(rows[i].browser, &facts.browser, NULL), 0);
		rule = pl_decide(&facts).rule;
		if (rule != rows[i].rule)
			fail_msg("%s: %s", rows[i].name, pl_rule_name(rule));
		if (rule != PL_RULE_WEBMAIL_NETWORK)
			continue;
		assert_int_equal(pl_decide(&facts).outcome, PL_DENY);
		facts.from_any_network = 1;
		assert_int_not_equal(pl_decide(&facts).rule, PL_RULE_WEBMAIL_NETWORK);
		facts.from_any_network = 0;
		/* The member's own list goes before the domain's. */
		member.value[PL_SETTING_WEBMAIL_ALLOWED_NETWORKS] = PL_EVERYWHERE;
		assert_int_not_equal(pl_decide(&facts).rule, PL_RULE_WEBMAIL_NETWORK);
	}
}

/* Every rule has a sentence without a placeholder left in it. */
static void sentences(void **state)
{
	char sentence[256];

	(void)state;
	for (unsigned int rule = 0; rule < PL_RULE_COUNT; rule++) {
		const struct pl_verdict verdict = { .rule = (enum pl_rule)rule,
						    .service = PL_SETTING_POP3 };

		pl_verdict_sentence(&verdict, sentence, sizeof(sentence));
		assert_non_null(strchr(sentence, '.'));
		assert_null(strstr(sentence, "{}"));
		assert_true(strlen(pl_rule_name(verdict.rule)) > 0);
	}
}

/* Each has one of its own, and that of a channel finds it again. */
static void names(void **state)
{
	const struct pl_resolved networks = { .value = PL_ON, .networks = "192.0.2.0/24" };
	const struct pl_resolved on = { .value = PL_ON };
	enum pl_channel channel;

	(void)state;
	for (unsigned int a = 0; a <= PL_NEED_SECOND_FACTOR; a++) {
		for (unsigned int b = 0; b < a; b++)
			assert_string_not_equal(pl_outcome_name((enum pl_outcome)a),
						pl_outcome_name((enum pl_outcome)b));
	}
	for (unsigned int a = 0; a <= PL_FROM_BUILTIN; a++) {
		for (unsigned int b = 0; b < a; b++)
			assert_string_not_equal(pl_source_name((enum pl_source)a),
						pl_source_name((enum pl_source)b));
	}
	for (unsigned int a = 0; a <= PL_CREDENTIAL_BAD_TOKEN; a++) {
		for (unsigned int b = 0; b < a; b++)
			assert_string_not_equal(pl_credential_name((enum pl_credential)a),
						pl_credential_name((enum pl_credential)b));
	}
	assert_int_equal(pl_channel_by_name("webmail", &channel), 1);
	assert_int_equal(channel, PL_CHANNEL_WEBMAIL);
	assert_int_equal(pl_channel_by_name("client", &channel), 1);
	assert_int_equal(channel, PL_CHANNEL_CLIENT);
	assert_int_equal(pl_channel_by_name("web", &channel), 0);
	assert_string_equal(pl_resolved_text(&networks), "192.0.2.0/24");
	assert_string_equal(pl_resolved_text(&on), "on");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolves_every_combination),
		cmocka_unit_test(built_in_defaults),
		cmocka_unit_test(dates_hold_in_every_combination),
		cmocka_unit_test(decides_every_combination),
		cmocka_unit_test(rules_by_hand),
		cmocka_unit_test(webmail_networks_by_hand),
		cmocka_unit_test(sentences),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
