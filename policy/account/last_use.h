/* last_use.h - when and from where a member last used a service, for each kind of credential.
 *
 * One row for a member, service and credential, for as long as there is the member.
 */
#ifndef POSTLATCH_LAST_USE_H
#define POSTLATCH_LAST_USE_H

#include "policy/base/address.h"
#include "policy/base/network.h"
#include "policy/settings/decide.h"
#include "policy/store/work.h"

/* By what a member was let in. */
enum pl_login_credential {
	PL_LOGIN_BY_UNKNOWN, /* it was refused, or is from before credentials were recorded */
	PL_LOGIN_BY_ACCOUNT_PASSWORD, /* in a mail client or at the sign-in page */
	PL_LOGIN_BY_APP_PASSWORD,
	PL_LOGIN_BY_WEBMAIL,     /* a token of its session, or the password that it hands on */
	PL_LOGIN_BY_APPLICATION, /* a token of another program */
	PL_LOGIN_BY_PASSKEY,     /* without a password, at the sign-in page */
	PL_LOGIN_CREDENTIAL_COUNT
};

struct pl_last_use {
	enum pl_setting service;
	enum pl_login_credential credential;
	int64_t at; /* seconds since 1970 */
	char ip[PL_IP_TEXT];
};

/* "account-password"; "unknown". The database has these words. */
const char *pl_login_credential_name(enum pl_login_credential credential);
/* PL_LOGIN_BY_UNKNOWN for any other word. */
enum pl_login_credential pl_login_credential_by_name(const char *name);
/* What the facts say of the credential. A password that has not been verified is unknown, unless
 * let_in: then somebody else has found that it is the account password. */
enum pl_login_credential pl_login_credential_of(const struct pl_facts *facts, int let_in);

/* In the caller's write transaction; does nothing when there is no such member. 0, or -1. */
int pl_last_use_set(const struct pl_work *work, int64_t member_id, const struct pl_last_use *use);
/* Calls each for every service and credential that the member has used, those of a service
 * together, the newest first, until it returns non-zero. 0, or -1. */
int pl_last_use_list(struct pl_store *store, int64_t member_id,
		     int (*each)(const struct pl_last_use *use, void *context), void *context,
		     struct pl_error *err);
/* Calls each for every member and service that has been opened with the account password by a mail
 * client since then, sorted by address. domain is "" for all. 0, or -1. */
int pl_last_use_of_account_passwords(struct pl_store *store, int64_t since, const char *domain,
				     int (*each)(const struct pl_address *member,
						 const struct pl_last_use *use, void *context),
				     void *context, struct pl_error *err);

#endif
