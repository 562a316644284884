/* prune.c - see prune.h. */
#include "policy/session/prune.h"

#include <string.h>

#include "policy/account/audit.h"
#include "policy/account/connection_test.h"
#include "policy/credential/throttle.h"
#include "policy/session/grant.h"
#include "policy/session/oauth_client.h"
#include "policy/session/session.h"
#include "policy/session/signing_key.h"

/* For so long after its end, a link to files says that it has ended. */
#define APPROVAL_COUNTED_SECONDS \
	900 /* of policy/approval/request.h and enrolment.h, the longer one */
#define ATTACHMENT_TOLD_DAYS 90

/* Parameters of a statement beside the portion. */
#define KIND_PARAMS 2

/* One kind of rows to be removed. */
struct kind {
	const char *name;
	enum pl_sql sql;
	struct pl_param params[KIND_PARAMS];
};

/* 1 when there may be more, 0, or -1. */
static int remove_portion(const struct pl_work *work, const struct kind *kind, int64_t *count)
{
	struct pl_param params[1 + KIND_PARAMS + 1] = { PL_INT("portion", PL_PRUNE_PORTION) };
	int64_t removed;

	memcpy(params + 1, kind->params, sizeof(kind->params));
	params[1 + KIND_PARAMS].type = PL_PARAM_END;
	removed = pl_exec_count(work->store, kind->sql, params, work->err);
	if (removed < 0)
		return -1;
	*count += removed;
	return removed >= PL_PRUNE_PORTION;
}

static int remove_kind(const struct pl_work *work, const struct kind *kind, int portions,
		       int64_t *count)
{
	int ret = 1;

	for (int done = 0; ret == 1 && (portions == 0 || done < portions); done++)
		ret = remove_portion(work, kind, count);
	return ret < 0 ? pl_error_prefix(work->err, "removing %s", kind->name) : 0;
}

/* The first action behind this one, of all that have records: 1, 0 or -1. */
static int next_action(const struct pl_work *work, char *action, size_t size)
{
	struct pl_stmt *stmt;
	int ret;

	stmt = pl_query(work->store, PL_SQL_AUDIT_NEXT_ACTION,
			PL_PARAMS(PL_TEXT("action", action)));
	ret = pl_step(stmt, work->err);
	if (ret != 1)
		return ret;
	if (pl_col_is_null(stmt, "action")) {
		pl_reset(stmt);
		return 0;
	}
	pl_col_copy(stmt, "action", action, size);
	return pl_row_end(stmt, work->err);
}

/* One action after the other: so the index finds those that are old, however many younger
 * ones there are. */
static int prune_audit(const struct pl_work *work, const struct pl_policy *policy, int portions,
		       int64_t *records, int64_t *sign_ins)
{
	char action[64] = "";
	int ret;

	while ((ret = next_action(work, action, sizeof(action))) == 1) {
		const int is_sign_in = pl_audit_is_sign_in(action);
		const int64_t days = is_sign_in ? policy->sign_in_days : policy->audit_days;
		const struct kind kind = { "audit records",
					   PL_SQL_AUDIT_PRUNE,
					   { PL_TEXT("action", action),
					     PL_INT("before",
						    work->now - days * PL_DAY_SECONDS) } };

		if (days != 0 &&
		    remove_kind(work, &kind, portions, is_sign_in ? sign_ins : records) < 0)
			return -1;
	}
	return ret;
}

static void tell_nobody(const char *kind, int64_t count, void *context)
{
	(void)kind;
	(void)count;
	(void)context;
}

int pl_prune(const struct pl_work *work, const struct pl_policy *policy, int portions,
	     void (*each)(const char *kind, int64_t count, void *context), void *context)
{
	const int64_t audited_since =
		policy->audit_days == 0 ? 0 : work->now - policy->audit_days * PL_DAY_SECONDS;
	const int64_t decided_since =
		policy->recovery_record_days == 0
			? 0
			: work->now - policy->recovery_record_days * PL_DAY_SECONDS;
	const struct kind kinds[] = {
		{ "sessions",
		  PL_SQL_SESSION_PRUNE,
		  { PL_INT("now", work->now), PL_INT("idle_since", work->now - PL_SESSION_IDLE) } },
		{ "connection_tests",
		  PL_SQL_CONNECTION_TEST_PRUNE,
		  { PL_INT("before", work->now - PL_CONNECTION_TEST_KEPT) } },
		{ "trusted_devices", PL_SQL_TRUSTED_PRUNE, { PL_INT("now", work->now) } },
		{ "tokens", PL_SQL_TOKEN_PRUNE, { PL_INT("now", work->now) } },
		{ "codes", PL_SQL_GRANT_PRUNE, { PL_INT("now", work->now) } },
		{ "refresh_tokens",
		  PL_SQL_REFRESH_PRUNE,
		  { PL_INT("before", work->now - PL_REFRESH_USED_SECONDS) } },
		{ "consents", PL_SQL_CONSENT_PRUNE, { PL_INT("now", work->now) } },
		{ "clients",
		  PL_SQL_OAUTH_CLIENT_PRUNE,
		  { PL_INT("unauthorized_before", work->now - PL_CLIENT_UNAUTHORIZED_SECONDS),
		    PL_INT("authorized_before",
			   work->now - policy->connected_application_days * PL_DAY_SECONDS) } },
		{ "registrations", PL_SQL_TOTP_PENDING_PRUNE, { PL_INT("now", work->now) } },
		{ "passkey_challenges",
		  PL_SQL_PASSKEY_CHALLENGE_PRUNE,
		  { PL_INT("now", work->now) } },
		{ "passkey_sign_ins", PL_SQL_PASSKEY_SIGN_IN_PRUNE, { PL_INT("now", work->now) } },
		{ "approval_enrolments",
		  PL_SQL_APPROVAL_ENROLMENT_PRUNE,
		  { PL_INT("now", work->now) } },
		{ "approval_tries",
		  PL_SQL_APPROVAL_TRY_PRUNE,
		  { PL_INT("before", work->now - APPROVAL_COUNTED_SECONDS) } },
		{ "approval_requests",
		  PL_SQL_APPROVAL_REQUEST_PRUNE,
		  { PL_INT("before", work->now - APPROVAL_COUNTED_SECONDS) } },
		{ "profile_links", PL_SQL_PROFILE_LINK_PRUNE, { PL_INT("now", work->now) } },
		{ "forward_codes",
		  PL_SQL_FORWARD_CODE_PRUNE,
		  { PL_INT("before", work->now - PL_DAY_SECONDS) } },
		{ "recovery_decisions",
		  PL_SQL_RECOVERY_DECISION_PRUNE,
		  { PL_INT("before", decided_since) } },
		{ "recovery_changes", PL_SQL_RECOVERY_CHANGE_PRUNE, { PL_INT("now", work->now) } },
		{ "recovery_codes_sent",
		  PL_SQL_RECOVERY_CODE_PRUNE,
		  { PL_INT("before", work->now - PL_DAY_SECONDS) } },
		{ "recovery_requests",
		  PL_SQL_RECOVERY_REQUEST_PRUNE,
		  { PL_INT("before", work->now - PL_DAY_SECONDS) } },
		/* Their blobs go with the next sweep. */
		{ "attachments", PL_SQL_LINK_FILE_PRUNE, { PL_INT("now", work->now) } },
		{ "attachment_links",
		  PL_SQL_LINK_PRUNE,
		  { PL_INT("before", work->now - ATTACHMENT_TOLD_DAYS * PL_DAY_SECONDS) } },
		{ "downloads",
		  PL_SQL_LINK_DOWNLOAD_PRUNE,
		  { PL_INT("before", work->now - PL_DAY_SECONDS) } },
		{ "traffic",
		  PL_SQL_LINK_TRAFFIC_PRUNE,
		  { PL_INT("before", work->now - policy->count_days * PL_DAY_SECONDS) } },
		{ "uploads",
		  PL_SQL_UPLOAD_PRUNE,
		  { PL_INT("before", work->now - PL_DAY_SECONDS) } },
		{ "signing_keys",
		  PL_SQL_SIGNING_KEY_PRUNE,
		  { PL_INT("retired_since", work->now - PL_ID_TOKEN_SECONDS) } },
		{ "login_records",
		  PL_SQL_LOGIN_RECORD_PRUNE,
		  { PL_INT("before", work->now - policy->activity_days * PL_DAY_SECONDS) } },
		{ "login_counts",
		  PL_SQL_LOGIN_COUNT_PRUNE,
		  { PL_INT("before", work->now - policy->count_days * PL_DAY_SECONDS) } },
		{ "guess_counts",
		  PL_SQL_GUESS_COUNT_PRUNE,
		  { PL_INT("before", work->now - policy->activity_days * PL_DAY_SECONDS) } },
		{ "adoption",
		  PL_SQL_ADOPTION_PRUNE,
		  { PL_INT("before", work->now - policy->count_days * PL_DAY_SECONDS) } },
		{ "member_changes",
		  PL_SQL_MEMBER_CHANGE_PRUNE,
		  { PL_INT("before", work->now - PL_MEMBER_CHANGE_KEPT) } },
		{ "job_members", PL_SQL_JOB_MEMBER_PRUNE, { PL_INT("before", audited_since) } },
		{ "jobs", PL_SQL_JOB_PRUNE, { PL_INT("before", audited_since) } },
		{ "messages",
		  PL_SQL_OUTBOX_PRUNE,
		  { PL_INT("before", work->now - PL_DAY_SECONDS) } },
		{ "failures",
		  PL_SQL_SIGN_IN_FAILURE_PRUNE,
		  { PL_INT("forget_before", work->now - PL_THROTTLE_FORGET),
		    PL_INT("enough", PL_THROTTLE_ENOUGH) } },
	};
	int64_t records = 0, sign_ins = 0;

	if (each == NULL)
		each = tell_nobody;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int64_t count = 0;

		if (remove_kind(work, &kinds[i], portions, &count) < 0)
			return -1;
		each(kinds[i].name, count, context);
	}
	if (prune_audit(work, policy, portions, &records, &sign_ins) < 0)
		return -1;
	each("sign_in_records", sign_ins, context);
	each("audit_records", records, context);
	return 0;
}
