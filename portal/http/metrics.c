/* metrics.c - what the portal counts, and what all programs have counted in the database, for
 * Prometheus.
 *
 * The route has no connection to the database, so that it answers while the database is away. */
#include "portal/http/metrics.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/metrics.h"
#include "policy/admin/adoption.h"
#include "policy/base/file.h"
#include "policy/outbox/outbox.h"
#include "policy/store/version.h"
#include "portal/http/handlers.h"
#include "portal/http/portal.h"

#define BEARER "Bearer "
#define TOKEN_MAX 512
#define THIS_MACHINE "127.0.0.0/8, ::1"

/* Whether the file has what was sent: 1, 0 or -1. The first line is the token. */
static int is_token(const char *file, const char *sent, struct pl_error *err)
{
	char *token;
	size_t len;
	int ret;

	if (pl_file_read(AT_FDCWD, file, TOKEN_MAX, &token, &len, err) < 0)
		return pl_error_prefix(err, "metrics_token_file %s", file);
	token[strcspn(token, "\r\n")] = '\0';
	ret = token[0] != '\0' && strlen(token) == strlen(sent) &&
	      CRYPTO_memcmp(token, sent, strlen(sent)) == 0;
	OPENSSL_cleanse(token, len);
	free(token);
	return ret;
}

int guard_metrics(struct request *request, struct response *response, struct pl_error *err)
{
	const char *file = request->policy->metrics_token_file, *sent = request->authorization;
	int ret = sent == NULL ? pl_network_list_contains(THIS_MACHINE, &request->ip, err) : 0;

	if (sent != NULL && file[0] != '\0' && strncasecmp(sent, BEARER, strlen(BEARER)) == 0)
		ret = is_token(file, sent + strlen(BEARER), err);
	if (ret != 0)
		return ret;
	response->authenticate = "Bearer realm=\"metrics\"";
	return respond_error(response, 401, "invalid_token");
}

/* ---- what is in the database ---- */

static int add_logins(const struct pl_login_count *count, void *context)
{
	metrics_add(context, "postlatch_logins_total",
		    METRICS_LABELS({ "service", count->service }, { "channel", count->channel },
				   { "credential", count->credential }, { "rule", count->rule },
				   { "outcome", pl_login_outcome_name(count->outcome) }),
		    (double)count->count);
	return 0;
}

static int add_members(const struct pl_adoption *adoption, void *context)
{
	const struct {
		const char *state;
		int64_t count;
	} rows[] = {
		{ "active", adoption->members },
		{ "second-factor-required", adoption->required },
		{ "second-factor-registered", adoption->registered },
		{ "second-factor-overdue", adoption->overdue },
		{ "second-factor-opted-out", adoption->opted_out },
		{ "different-from-domain", adoption->different },
		{ "account-password-in-clients", adoption->account_password },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		metrics_add(context, "postlatch_members",
			    METRICS_LABELS({ "state", rows[i].state }), (double)rows[i].count);
	return 0;
}

static int add_outbox(const struct pl_work *work, struct metrics *metrics)
{
	struct pl_outbox_state state;

	if (pl_outbox_read_state(work, &state) < 0)
		return -1;
	metrics_add_one(metrics, "postlatch_outbox_waiting_seconds", "gauge",
			"How long the oldest message to members has waited for a sender.",
			state.due_since == 0 ? 0 : (double)(work->now - state.due_since));
	metrics_add_one(metrics, "postlatch_outbox_refused_messages", "gauge",
			"Messages to members that could not be sent three times or more.",
			(double)state.refused);
	return 0;
}

/* Counts of logins begin anew at midnight (UTC), as rows of old days are removed some day. */
static int add_stored(const struct pl_work *work, const struct pl_policy *policy, void *context)
{
	const int64_t today = work->now - work->now % PL_DAY_SECONDS;

	(void)policy;
	metrics_describe(context, "postlatch_logins_total", "counter",
			 "Logins since midnight (UTC), on all machines.");
	if (pl_login_count_list(work->store, today, add_logins, context, work->err) < 0)
		return -1;
	metrics_describe(context, "postlatch_members", "gauge", "Members, counted once a day.");
	if (pl_adoption_list(work->store, 0, 0, today, add_members, context, work->err) < 0)
		return -1;
	return add_outbox(work, context);
}

/* What the database says, or that it does not answer. */
static int add_database(struct portal *portal, struct metrics *metrics, struct pl_error *err)
{
	struct metrics stored;
	char *text;
	size_t len;
	int is_up;

	if (metrics_begin(&stored, err) < 0)
		return -1;
	is_up = portal_run_as(portal, PL_ROLE_CONSOLE, "metrics", add_stored, &stored) == 0;
	if (metrics_end(&stored, &text, &len, err) < 0)
		return -1;
	metrics_add_one(metrics, "postlatch_database_up", "gauge",
			"1 when the database answers this portal.", is_up);
	if (is_up)
		fwrite(text, 1, len, metrics->out);
	free(text);
	return 0;
}

int get_metrics(struct request *request, struct response *response, struct pl_error *err)
{
	struct metrics metrics;
	int ret;

	if (metrics_begin(&metrics, err) < 0)
		return -1;
	metrics_add_process(&metrics, "postlatch-portal");
	metrics_add_one(&metrics, "postlatch_schema_version", "gauge",
			"Version of the database's schema that this program knows.",
			PL_SCHEMA_VERSION);
	portal_add_metrics(request->portal, &metrics);
	ret = add_database(request->portal, &metrics, err);
	if (metrics_end(&metrics, &response->body, &response->body_len, err) < 0 || ret < 0)
		return -1;
	response->type = METRICS_TYPE;
	response->status = 200;
	return 0;
}
