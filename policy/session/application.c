/* application.c - see application.h. */
#include "policy/session/application.h"

#include <stdio.h>
#include <string.h>

#include "policy/base/utf8.h"
#include "policy/settings/services.h"
#include "policy/session/grant_row.h"

static int record(const struct pl_work *work, const char *action, const struct pl_address *address,
		  const char *what)
{
	char text[PL_ADDRESS_MAX + 1];
	const int gone = strcmp(action, "application.revoke") == 0;

	return pl_audit_add(work, action, pl_address_format(address, text), gone ? what : "",
			    gone ? "" : what);
}

static int record_connected(const struct pl_work *work, const struct pl_session *session,
			    const struct pl_grant *grant)
{
	char what[PL_AUDIT_TEXT], services[PL_SERVICES_TEXT];

	snprintf(what, sizeof(what), "id=%lld client=%s services=%s ip=%s name=%s",
		 (long long)session->id, grant->client_id,
		 pl_services_format(grant->services, services, sizeof(services)), session->ip,
		 session->device);
	return record(work, "application.connect", &session->address, what);
}

static int move(const struct pl_work *work, int64_t grant_id, int64_t session_id)
{
	return pl_exec(work->store, PL_SQL_GRANT_MOVE,
		       PL_PARAMS(PL_INT("session_id", session_id), PL_INT("grant_id", grant_id)),
		       work->err);
}

/* The grant and the browser's session: 0, or -1. */
static int get_origin(const struct pl_work *work, int64_t grant_id, struct pl_grant_row *row_r,
		      struct pl_session *session_r)
{
	int ret = pl_grant_get_live(work, grant_id, row_r);

	if (ret == 1)
		ret = pl_session_get(work->store, row_r->grant.session_id, session_r, work->err);
	if (ret == 1)
		return 0;
	return ret < 0 ? -1 : pl_error_set(work->err, PL_ERR_CONFLICT, "the grant was revoked");
}

int pl_application_connect(const struct pl_work *work, struct pl_grant *grant,
			   const struct pl_oauth_client *client, const char *ip, int64_t expires_at)
{
	struct pl_session session = { .channel = PL_CHANNEL_CLIENT, .expires_at = expires_at };
	struct pl_session browsers;
	struct pl_account account;
	struct pl_grant_row row;

	if (get_origin(work, grant->id, &row, &browsers) < 0)
		return -1;
	session.second_factor = browsers.second_factor;
	/* Whoever has stolen the device may have connected it. */
	session.trusted_id = browsers.trusted_id;
	session.reauthenticated_at = browsers.reauthenticated_at;
	snprintf(session.ip, sizeof(session.ip), "%s", ip);
	pl_utf8_copy(client->name, session.device, sizeof(session.device));
	if (pl_account_get(work->store, &row.address, &account, work->err) < 0 ||
	    pl_session_open(work, &account, &session, NULL) < 0 ||
	    move(work, grant->id, session.id) < 0)
		return -1;
	grant->session_id = session.id;
	grant->signed_in_at = browsers.created_at;
	return record_connected(work, &session, grant);
}

int pl_application_renew(const struct pl_work *work, int64_t id, int64_t expires_at)
{
	return pl_exec(work->store, PL_SQL_APPLICATION_RENEW,
		       PL_PARAMS(PL_INT("expires_at", expires_at), PL_INT("session_id", id)),
		       work->err);
}

static void read_row(struct pl_stmt *stmt, struct pl_application *application)
{
	memset(application, 0, sizeof(*application));
	pl_session_read(stmt, &application->session);
	pl_col_copy(stmt, "client_id", application->client_id, sizeof(application->client_id));
	application->registered_itself = !pl_col_is_null(stmt, "registered_from");
	application->services = pl_services_read(stmt);
	pl_col_copy(stmt, "used_service", application->used_service,
		    sizeof(application->used_service));
}

static int read_rows(const struct pl_work *work, struct pl_stmt *stmt,
		     int (*each)(const struct pl_application *application, void *context),
		     void *context)
{
	struct pl_application application;
	int ret;

	while ((ret = pl_step(stmt, work->err)) == 1) {
		read_row(stmt, &application);
		if (each(&application, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

int pl_application_list(const struct pl_work *work, int64_t member_id,
			int (*each)(const struct pl_application *application, void *context),
			void *context)
{
	return read_rows(work,
			 pl_query(work->store, PL_SQL_APPLICATION_LIST,
				  PL_PARAMS(PL_INT("member_id", member_id),
					    PL_INT("now", work->now),
					    PL_INT("idle_since", work->now - PL_SESSION_IDLE))),
			 each, context);
}

int pl_application_list_of_client(const struct pl_work *work, const char *client_id,
				  int (*each)(const struct pl_application *application,
					      void *context),
				  void *context)
{
	return read_rows(work,
			 pl_query(work->store, PL_SQL_APPLICATION_LIST_OF_CLIENT,
				  PL_PARAMS(PL_TEXT("client_id", client_id),
					    PL_INT("now", work->now),
					    PL_INT("idle_since", work->now - PL_SESSION_IDLE))),
			 each, context);
}

struct search {
	int64_t id; /* 0: any */
	struct pl_application *found;
	int is_found;
};

static int compare(const struct pl_application *application, void *context)
{
	struct search *search = context;

	if (search->id != 0 && search->id != application->session.id)
		return 0;
	*search->found = *application;
	search->is_found = 1;
	return 1;
}

int pl_application_get(const struct pl_work *work, int64_t member_id, int64_t id,
		       struct pl_application *application_r)
{
	struct search search = { .id = id, .found = application_r };

	return pl_application_list(work, member_id, compare, &search) < 0 ? -1 : search.is_found;
}

int pl_application_revoke(const struct pl_work *work, const struct pl_account *account,
			  const struct pl_application *application)
{
	const int64_t id = application->session.id;
	char what[PL_AUDIT_TEXT];
	int64_t ended = pl_exec_count(work->store, PL_SQL_APPLICATION_DELETE,
				      PL_PARAMS(PL_INT("session_id", id),
						PL_INT("member_id", account->member.id)),
				      work->err);

	if (ended <= 0)
		return (int)ended;
	snprintf(what, sizeof(what), "id=%lld client=%s name=%s", (long long)id,
		 application->client_id, application->session.device);
	return record(work, "application.revoke", &account->member.address, what) < 0 ? -1 : 1;
}
