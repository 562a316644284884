/* outcome.c - see outcome.h. */
#include "policy/account/outcome.h"

#include <string.h>

#include "policy/settings/decide.h"

int32_t pl_outcome_day(const struct pl_change *change, int64_t now)
{
	int32_t day = pl_day_of(now);

	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if ((change->settings & 1u << i) != 0 && change->value.from[i] > day)
			day = change->value.from[i];
	}
	return day;
}

int32_t pl_outcome_used_from(int64_t now)
{
	return pl_day_of(now) - PL_OUTCOME_USE_DAYS;
}

void pl_outcome_side_begin(struct pl_outcome_side *side_r, const struct pl_account *account,
			   const struct pl_policy *policy, int32_t day)
{
	side_r->account = *account;
	pl_account_layers(&side_r->account, policy, (int64_t)day * PL_DAY_SECONDS, &side_r->layers);
}

void pl_recent_use_from(struct pl_recent_use *use, const char *ip)
{
	if (ip == NULL || pl_ip_parse(ip, &use->ip, NULL) < 0)
		memset(&use->ip, 0, sizeof(use->ip));
}

static struct pl_verdict decide(const struct pl_outcome_side *side, enum pl_setting service,
				enum pl_channel channel, enum pl_credential credential,
				const struct pl_ip *browser)
{
	const struct pl_facts facts = {
		.layers = side->layers,
		.domain_inactive = !side->account.domain.active,
		.member_inactive = !side->account.member.active,
		.service = service,
		.channel = channel,
		.credential = credential,
		.app_password = PL_APP_PASSWORD_COVERS,
		.factor_kinds = side->account.member.factor_kinds,
		.opted_out = side->account.member.opted_out,
		.browser = browser != NULL ? *browser : (struct pl_ip){ .known = 0 },
		.from_any_network = browser == NULL,
	};

	return pl_decide(&facts);
}

/* Uses from before credentials were recorded may have been by the account password, which
 * also opens the sign-in page to who has used a passkey there. */
static enum pl_credential offered(const struct pl_recent_use *use)
{
	switch (use->credential) {
	case PL_LOGIN_BY_ACCOUNT_PASSWORD:
	case PL_LOGIN_BY_PASSKEY:
	case PL_LOGIN_BY_UNKNOWN:
		return PL_CREDENTIAL_ACCOUNT_PASSWORD;
	case PL_LOGIN_BY_APP_PASSWORD:
		return PL_CREDENTIAL_APP_PASSWORD;
	case PL_LOGIN_BY_WEBMAIL:
	case PL_LOGIN_BY_APPLICATION:
	case PL_LOGIN_CREDENTIAL_COUNT:
		return PL_CREDENTIAL_TOKEN;
	}
	return PL_CREDENTIAL_TOKEN;
}

static struct pl_verdict decide_use(const struct pl_outcome_side *side,
				    const struct pl_recent_use *use)
{
	const int webmail =
		use->service == PL_SETTING_WEBMAIL || use->credential == PL_LOGIN_BY_WEBMAIL;

	return decide(side, use->service, webmail ? PL_CHANNEL_WEBMAIL : PL_CHANNEL_CLIENT,
		      offered(use),
		      use->service == PL_SETTING_WEBMAIL && use->ip.known ? &use->ip : NULL);
}

static int is_about_client_password(enum pl_rule rule)
{
	return rule == PL_RULE_CLIENT_PASSWORD_NEVER ||
	       rule == PL_RULE_CLIENT_PASSWORD_SECOND_FACTOR;
}

unsigned int pl_outcome_lost(const struct pl_outcome_side *before,
			     const struct pl_outcome_side *after, const struct pl_recent_use *uses,
			     size_t count, int *password_r)
{
	unsigned int lost = 0;

	*password_r = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pl_verdict verdict = decide_use(after, &uses[i]);

		if (verdict.outcome != PL_DENY || decide_use(before, &uses[i]).outcome == PL_DENY)
			continue;
		if (is_about_client_password(verdict.rule))
			*password_r = 1;
		else
			lost |= 1u << uses[i].service;
	}
	return lost;
}

/* A service that the member may have used in any way. */
static int shuts_out_anywhere(const struct pl_outcome_side *was, const struct pl_outcome_side *is)
{
	static const enum pl_setting services[] = { PL_SETTING_WEBMAIL, PL_SETTING_IMAP,
						    PL_SETTING_POP3, PL_SETTING_SIEVE };
	const size_t count = sizeof(services) / sizeof(services[0]);
	struct pl_recent_use
		uses[sizeof(services) / sizeof(services[0]) * PL_LOGIN_CREDENTIAL_COUNT];
	int password;

	for (size_t i = 0; i < count * PL_LOGIN_CREDENTIAL_COUNT; i++)
		uses[i] = (struct pl_recent_use){
			.service = services[i % count],
			.credential = (enum pl_login_credential)(i / count),
		};
	return pl_outcome_lost(was, is, uses, count * PL_LOGIN_CREDENTIAL_COUNT, &password) != 0 ||
	       password;
}

/* A member whose uses are looked at. */
struct used {
	const struct pl_outcome_side *was, *is;
	int is_lost;
};

static int look_at_use(const struct pl_last_use *use, void *context)
{
	struct used *used = context;
	struct pl_recent_use recent = { .service = use->service, .credential = use->credential };
	int password;

	pl_recent_use_from(&recent, use->ip);
	used->is_lost = use->service == PL_SETTING_WEBMAIL &&
			pl_outcome_lost(used->was, used->is, &recent, 1, &password) != 0;
	return used->is_lost;
}

int pl_outcome_shuts_out(const struct pl_work *work, const struct pl_policy *policy,
			 const struct pl_account *before, const struct pl_account *after)
{
	struct pl_outcome_side was, is;
	struct used used = { .was = &was, .is = &is };

	pl_outcome_side_begin(&was, before, policy, pl_day_of(work->now));
	pl_outcome_side_begin(&is, after, policy, pl_day_of(work->now));
	if (shuts_out_anywhere(&was, &is))
		return 1;
	if (pl_last_use_list(work->store, after->member.id, look_at_use, &used, work->err) < 0)
		return -1;
	return used.is_lost;
}

static int must_register(const struct pl_outcome_side *side)
{
	return decide(side, PL_SETTING_WEBMAIL, PL_CHANNEL_WEBMAIL, PL_CREDENTIAL_ACCOUNT_PASSWORD,
		      NULL)
		       .rule == PL_RULE_FACTOR_REGISTER;
}

int pl_outcome_must_register(const struct pl_outcome_side *before,
			     const struct pl_outcome_side *after)
{
	return must_register(after) && !must_register(before);
}
