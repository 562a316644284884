/* last_use.c - see last_use.h. */
#include "policy/account/last_use.h"

#include <string.h>

static const char *const names[PL_LOGIN_CREDENTIAL_COUNT] = {
	[PL_LOGIN_BY_UNKNOWN] = "unknown",
	[PL_LOGIN_BY_ACCOUNT_PASSWORD] = "account-password",
	[PL_LOGIN_BY_APP_PASSWORD] = "app-password",
	[PL_LOGIN_BY_WEBMAIL] = "webmail",
	[PL_LOGIN_BY_APPLICATION] = "application",
	[PL_LOGIN_BY_PASSKEY] = "passkey-alone",
};

const char *pl_login_credential_name(enum pl_login_credential credential)
{
	return names[credential];
}

enum pl_login_credential pl_login_credential_by_name(const char *name)
{
	for (unsigned int i = 0; name != NULL && i < PL_LOGIN_CREDENTIAL_COUNT; i++) {
		if (strcmp(names[i], name) == 0)
			return (enum pl_login_credential)i;
	}
	return PL_LOGIN_BY_UNKNOWN;
}

enum pl_login_credential pl_login_credential_of(const struct pl_facts *facts, int let_in)
{
	const int is_webmail =
		facts->channel == PL_CHANNEL_WEBMAIL && facts->service != PL_SETTING_WEBMAIL;

	switch (facts->credential) {
	case PL_CREDENTIAL_BAD_TOKEN:
		return PL_LOGIN_BY_UNKNOWN;
	case PL_CREDENTIAL_UNPROVEN:
		if (!let_in)
			return PL_LOGIN_BY_UNKNOWN;
		return is_webmail ? PL_LOGIN_BY_WEBMAIL : PL_LOGIN_BY_ACCOUNT_PASSWORD;
	case PL_CREDENTIAL_ACCOUNT_PASSWORD:
		return is_webmail ? PL_LOGIN_BY_WEBMAIL : PL_LOGIN_BY_ACCOUNT_PASSWORD;
	case PL_CREDENTIAL_APP_PASSWORD:
		return PL_LOGIN_BY_APP_PASSWORD;
	case PL_CREDENTIAL_TOKEN:
		return is_webmail ? PL_LOGIN_BY_WEBMAIL : PL_LOGIN_BY_APPLICATION;
	case PL_CREDENTIAL_PASSKEY:
		return PL_LOGIN_BY_PASSKEY;
	}
	return PL_LOGIN_BY_UNKNOWN;
}

/* The days by which lists of members are filtered. */
static int set_days(const struct pl_work *work, int64_t member_id, const struct pl_last_use *use)
{
	const int64_t day = use->at / PL_DAY_SECONDS;
	const int64_t password_day = use->credential == PL_LOGIN_BY_ACCOUNT_PASSWORD ? day : 0;

#define DAY_OF(setting) (use->service == (setting) ? password_day : 0)
	return pl_exec(work->store, PL_SQL_MEMBER_STATE_SEEN,
		       PL_PARAMS(PL_INT("day", day), PL_INT("imap_day", DAY_OF(PL_SETTING_IMAP)),
				 PL_INT("pop3_day", DAY_OF(PL_SETTING_POP3)),
				 PL_INT("smtp_day", DAY_OF(PL_SETTING_SMTP)),
				 PL_INT("member_id", member_id)),
		       work->err);
#undef DAY_OF
}

int pl_last_use_set(const struct pl_work *work, int64_t member_id, const struct pl_last_use *use)
{
	if (pl_exec(work->store, PL_SQL_LAST_USE_SET,
		    PL_PARAMS(PL_INT("member_id", member_id),
			      PL_TEXT("service", pl_setting_info(use->service)->name),
			      PL_TEXT("credential", names[use->credential]),
			      PL_INT("used_at", use->at), PL_TEXT("ip", use->ip)),
		    work->err) < 0)
		return -1;
	return set_days(work, member_id, use);
}

/* 0 for a service that nobody knows any more. */
static int read_use(struct pl_stmt *stmt, enum pl_login_credential credential,
		    struct pl_last_use *use_r)
{
	const char *service = pl_col_text(stmt, "service");

	if (service == NULL || !pl_setting_by_name(service, &use_r->service))
		return 0;
	use_r->credential = credential;
	use_r->at = pl_col_int(stmt, "used_at");
	pl_col_copy(stmt, "ip", use_r->ip, sizeof(use_r->ip));
	return 1;
}

int pl_last_use_list(struct pl_store *store, int64_t member_id,
		     int (*each)(const struct pl_last_use *use, void *context), void *context,
		     struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_LAST_USE_LIST, PL_PARAMS(PL_INT("member_id", member_id)));
	struct pl_last_use use;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		const char *name = pl_col_text(stmt, "credential");

		if (read_use(stmt, pl_login_credential_by_name(name), &use) &&
		    each(&use, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

int pl_last_use_of_account_passwords(struct pl_store *store, int64_t since, const char *domain,
				     int (*each)(const struct pl_address *member,
						 const struct pl_last_use *use, void *context),
				     void *context, struct pl_error *err)
{
	struct pl_stmt *stmt =
		pl_query(store, PL_SQL_LAST_USE_ACCOUNT_PASSWORD,
			 PL_PARAMS(PL_INT("since", since), PL_TEXT("domain", domain)));
	struct pl_address member;
	struct pl_last_use use;
	int ret;

	while ((ret = pl_step(stmt, err)) == 1) {
		if (!read_use(stmt, PL_LOGIN_BY_ACCOUNT_PASSWORD, &use))
			continue;
		pl_col_copy(stmt, "local", member.local, sizeof(member.local));
		pl_col_copy(stmt, "domain", member.domain, sizeof(member.domain));
		if (each(&member, &use, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}
