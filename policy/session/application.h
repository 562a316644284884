/* application.h - connected applications: mail programs that a member has let in by OAuth.
 *
 * A connected application is a session of channel client, which has tokens and no cookie. It begins
 * when the program redeems its code, outlives the browser's session, and ends when it was not used
 * for so many days, when it is revoked, with its client, and with the member's generation. To the
 * mail server the switches of the member's services hold for it, and the services that the member
 * has given it.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_APPLICATION_H
#define POSTLATCH_APPLICATION_H

#include "policy/session/grant.h"

struct pl_application {
	struct pl_session session; /* its device is the name; seen_at and ip are of its last use */
	char client_id[PL_CLIENT_ID_MAX + 1];
	int registered_itself; /* nobody has verified its name */
	unsigned int services; /* policy/settings/services.h */
	char used_service[16]; /* "": it has not signed in anywhere yet */
};

/* The grant of a program hangs on the browser's session so far, and gets one of its own: of the
 * same member, by the same authentication. ip is the program's. Sets the grant's session_id and
 * signed_in_at. PL_ERR_CONFLICT when the grant was revoked meanwhile. */
int pl_application_connect(const struct pl_work *work, struct pl_grant *grant,
			   const struct pl_oauth_client *client, const char *ip,
			   int64_t expires_at);
/* It was used, and ends later. */
int pl_application_renew(const struct pl_work *work, int64_t id, int64_t expires_at);
/* The member's, newest first, until each returns non-zero. */
int pl_application_list(const struct pl_work *work, int64_t member_id,
			int (*each)(const struct pl_application *application, void *context),
			void *context);
/* The same for those of all members that a client has, which ends with it; those of one member
 * follow each other. */
int pl_application_list_of_client(const struct pl_work *work, const char *client_id,
				  int (*each)(const struct pl_application *application,
					      void *context),
				  void *context);
/* Ends one of the member's with its tokens: 1, 0 when there is none, -1. */
int pl_application_revoke(const struct pl_work *work, const struct pl_account *account,
			  const struct pl_application *application);
/* One of the member's, or the newest (id 0): 1, 0 or -1. */
int pl_application_get(const struct pl_work *work, int64_t member_id, int64_t id,
		       struct pl_application *application_r);

#endif
