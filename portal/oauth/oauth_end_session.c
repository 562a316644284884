/* oauth_end_session.c - log-out that a client begins (OpenID Connect RP-Initiated Logout 1.0).
 *
 * An id token of ours proves which session the client speaks of, and ends it. A
 * browser that comes without one could have been sent by anybody: it gets the
 * page that asks, and nothing ends by coming here.
 */
#include <string.h>

#include "portal/oauth/handlers.h"
#include "portal/oauth/oauth.h"
#include "policy/session/redirect_uri.h"
#include "portal/http/url.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/sign_in_log.h"

#define SIGN_OUT_PAGE "/sign-out"

/* What the id token proves; session_id 0: nothing. */
struct hint {
	int64_t session_id, member_id;
	char client_id[PL_CLIENT_ID_MAX + 1];
};

static int read_hint(const struct request *request, struct hint *hint_r, struct pl_error *err)
{
	const char *token = oauth_parameter(request, "id_token_hint");
	int ret;

	memset(hint_r, 0, sizeof(*hint_r));
	if (token == NULL || request->repeated)
		return 0;
	ret = id_token_read(request, token, &hint_r->session_id, &hint_r->member_id,
			    hint_r->client_id, err);
	return ret < 0 ? -1 : 0;
}

static int end(struct request *request, struct response *response, const struct hint *hint,
	       struct pl_error *err)
{
	struct pl_session session;
	char address[PL_ADDRESS_MAX + 1];
	int ret = pl_session_get(request->work.store, hint->session_id, &session, err);

	if (ret <= 0 || session.member_id != hint->member_id)
		return ret < 0 ? -1 : 0;
	if (end_session(request, &session, err) < 0)
		return -1;
	log_sign_in(request->ip_text, pl_address_format(&session.address, address), "signed-out");
	if (request->session.id == session.id) {
		respond_cookie(response, SESSION_COOKIE, &request->cookie, -1);
		request->session.id = 0;
	}
	return 0;
}

/* Only to an address that is registered for the client that the hint, or else the
 * request, names. */
static int lead_away(const struct request *request, struct response *response,
		     const struct hint *hint, struct pl_error *err)
{
	const char *uri = oauth_parameter(request, "post_logout_redirect_uri");
	const char *named = oauth_parameter(request, "client_id");
	const char *id = hint->session_id != 0 ? hint->client_id : named;
	struct pl_oauth_client client;
	struct url url;
	int ret;

	if (uri == NULL || id == NULL || request->repeated ||
	    (named != NULL && strcmp(named, id) != 0))
		return respond_redirect(response, SIGN_OUT_PAGE);
	ret = pl_oauth_client_get(request->work.store, id, &client, err);
	if (ret < 0)
		return -1;
	url_begin(&url, uri);
	url_add(&url, "state", oauth_parameter(request, "state"));
	if (ret == 0 || !pl_uri_listed(client.logout_uris, uri) || !url_fits(&url))
		return respond_redirect(response, SIGN_OUT_PAGE);
	return respond_redirect(response, url.text);
}

int get_end_session(struct request *request, struct response *response, struct pl_error *err)
{
	struct hint hint;

	if (read_hint(request, &hint, err) < 0)
		return -1;
	if (hint.session_id != 0 && end(request, response, &hint, err) < 0)
		return -1;
	/* The member is asked, unless an ID token has named the session. */
	if (hint.session_id == 0 && request->session.id != 0)
		return respond_redirect(response, SIGN_OUT_PAGE);
	return lead_away(request, response, &hint, err);
}
