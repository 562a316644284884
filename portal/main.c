/* main.c - postlatch-portal as a daemon. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "config.h"
#include "daemon/daemon.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "dovecot/doveadm.h"
#include "policy/account/retirement.h"
#include "policy/admin/adoption.h"
#include "policy/admin/digest.h"
#include "policy/attachment/link_notice.h"
#include "policy/base/monotonic.h"
#include "policy/recovery/contact.h"
#include "policy/session/prune.h"
#include "portal/console/openapi.h"
#include "portal/console/job_runner.h"
#include "portal/download/cutter.h"
#include "portal/http/http.h"
#include "portal/http/portal.h"
#include "portal/routes.h"
#include "portal/signin/forgotten_runner.h"

#define WORK_EVERY_MS (10 * 1000)
#define PRUNE_EVERY_MS (10 * 60 * 1000)
#define TELL_EVERY_MS (6 * 3600 * INT64_C(1000))
#define SWEEP_EVERY_MS (3600 * INT64_C(1000))
#define PRUNE_PORTIONS 100 /* of a kind in one run, so that a signal is answered soon */
/* Each connection has a socket, and while it is served one to Dovecot and the
 * three files of a database. */
#define FILES_MAX 8192

static int listener = -1; /* until the server has it */
static struct portal *portal;
static struct http *http;
static struct cutter *cutter;
static struct job_runner *job_runner;
static struct forgotten_runner *forgotten_runner;

static int print(const char *table)
{
	if (strcmp(table, "routes") == 0)
		routes_print(stdout);
	else if (strcmp(table, "access") == 0)
		guards_print(stdout);
	else
		return -1;
	return 0;
}

static int open_portal(const struct daemon_arguments *arguments, struct pl_error *err)
{
	daemon_allow_files(FILES_MAX);
	doveadm_open();
	listener = listen_open(arguments->of['p'], err);
	return listener >= 0 ? EX_OK : EX_UNAVAILABLE;
}

static int start(const struct daemon_arguments *arguments, struct pl_error *err)
{
	if (portal_new(arguments->of['c'], arguments->of['w'], portal_table, &portal, err) < 0)
		return EX_CONFIG;
	if (job_runner_start(portal, &job_runner, err) < 0 ||
	    forgotten_runner_start(portal, &forgotten_runner, err) < 0)
		return EX_OSERR;
	if (http_start(portal, listener, &http, err) < 0)
		return EX_UNAVAILABLE;
	return cutter_start(portal, http, &cutter, err) < 0 ? EX_OSERR : EX_OK;
}

static int prune(const struct pl_work *work, const struct pl_policy *policy)
{
	return pl_prune(work, policy, PRUNE_PORTIONS, NULL, NULL);
}

static int sweep(const struct pl_work *work, const struct pl_policy *policy)
{
	int64_t removed;

	return pl_link_sweep(work, policy, &removed);
}

/* Each in a transaction of its own: others write between them. */
static int tell_of_retirement(const struct pl_work *work, const struct pl_policy *policy)
{
	struct pl_retirement next = { .member_id = 0 };
	int ret;

	while ((ret = pl_retirement_next(work, policy, next.member_id, &next)) == 1) {
		if (pl_store_begin_write(work->store, work->err) < 0)
			return -1;
		if (pl_retirement_tell(work, &next) < 0 ||
		    pl_store_commit(work->store, work->err) < 0) {
			pl_store_rollback(work->store);
			return -1;
		}
	}
	return ret;
}

static int tell_of_links(const struct pl_work *work, const struct pl_policy *policy)
{
	struct pl_link_notice next = { .link_id = 0 };
	int ret;

	while ((ret = pl_link_notice_next(work, policy, &next)) == 1) {
		if (pl_store_begin_write(work->store, work->err) < 0)
			return -1;
		if (pl_link_notice_tell(work, &next) < 0 ||
		    pl_store_commit(work->store, work->err) < 0) {
			pl_store_rollback(work->store);
			return -1;
		}
	}
	return ret;
}

static int tell_of_week(const struct pl_work *work, const struct pl_policy *policy, void *context)
{
	(void)context;
	return pl_digest_tell(work, policy);
}

static int apply_contacts(const struct pl_work *work, const struct pl_policy *policy)
{
	(void)policy;
	if (pl_store_begin_write(work->store, work->err) < 0)
		return -1;
	return pl_store_finish(work->store, pl_contact_apply(work), work->err);
}

static int add_up_counts(const struct pl_work *work, const struct pl_policy *policy)
{
	(void)policy;
	return pl_login_count_add_up_commit(work);
}

/* A job in which portal_run() looks at the clock, so that a leap is noticed soon. */
static int do_nothing(const struct pl_work *work, const struct pl_policy *policy)
{
	(void)work;
	(void)policy;
	return 0;
}

static void work(void)
{
	static int64_t prune_at_ms, sweep_at_ms, tell_at_ms;
	const int64_t now_ms = pl_monotonic_ms();

	if (now_ms < prune_at_ms) {
		portal_run(portal, "looking at the clock", do_nothing);
		return;
	}
	prune_at_ms = now_ms + PRUNE_EVERY_MS;
	pl_member_index_rest(portal_members(portal));
	if (portal_run(portal, "removing what has expired", prune) == 0)
		portal_note_prune(portal);
	portal_run(portal, "changing recovery contacts that are due", apply_contacts);
	portal_run(portal, "counting members with a second factor", pl_adoption_count);
	portal_run(portal, "adding up the counts of old hours", add_up_counts);
	if (now_ms >= sweep_at_ms) {
		sweep_at_ms = now_ms + SWEEP_EVERY_MS;
		portal_run(portal, "removing files that no link leads to", sweep);
	}
	if (now_ms < tell_at_ms)
		return;
	tell_at_ms = now_ms + TELL_EVERY_MS;
	portal_run(portal, "telling members that the account password ends", tell_of_retirement);
	portal_run(portal, "telling members that nobody has downloaded their files", tell_of_links);
	portal_run_as(portal, PL_ROLE_CONSOLE, "telling administrators of the week", tell_of_week,
		      NULL);
}

static int reload(struct pl_error *err)
{
	return portal_reload(portal, err);
}

static int close_portal(struct pl_error *err)
{
	(void)err;
	cutter_stop(&cutter);
	http_stop(&http);
	job_runner_stop(&job_runner);
	forgotten_runner_stop(&forgotten_runner);
	portal_free(&portal);
	return EX_OK;
}

static const struct daemon_option options[] = {
	{ 'p', "SOCKET", NULL, "where to listen: unix:PATH or inet:127.0.0.1:PORT" },
	{ 'c', "FILE", PL_POLICY_DEFAULT_PATH, "policy file" },
	{ 'w', "FOLDER", WEB_DIR, "folder of the pages" },
	{ 'g', "GROUP", NULL, "group that may connect to a unix socket, for example www-data" },
	{ 0 },
};

static const struct daemon postlatch_portal = {
	.name = "postlatch-portal",
	.purpose = "Signs members in to webmail: sign-in and account pages, OAuth 2.0 and OpenID\n"
		   "Connect. A web server with TLS stands in front of it. With --openapi alone it\n"
		   "prints a description of the administrators' API (OpenAPI 3.1).\n",
	.signals = "SIGHUP reads the policy file again, SIGTERM ends it.",
	.facility = LOG_AUTH,
	.options = options,
	.group = "postlatch",
	.print = print,
	.socket_path = listen_path,
	.open = open_portal,
	.start = start,
	.work = work,
	.work_every_ms = WORK_EVERY_MS,
	.reload = reload,
	.close = close_portal,
};

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--openapi") == 0)
		return openapi_print(portal_table, stdout) == 0 ? EX_OK : EX_SOFTWARE;
	return daemon_main(&postlatch_portal, argc, argv);
}
