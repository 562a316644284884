/* disconnection.h - ends the mail connections that revoked credentials of a member have opened.
 *
 * Dovecot 2.4 ends exactly those (policy/login/connection.h). Dovecot 2.3 does not know which
 * credential has opened a connection. It ends those of the member from the addresses where a
 * session is used, and all of the member's for an app password, which may be used anywhere.
 */
#ifndef POSTLATCH_DOVECOT_DISCONNECTION_H
#define POSTLATCH_DOVECOT_DISCONNECTION_H

#include "policy/session/session.h"
#include "policy/settings/policy.h"

#define DISCONNECTION_MAX 32

/* Filled while the credentials are still there; used when they are gone. Zero at first. */
struct disconnection {
	struct pl_address address; /* of the member */
	size_t count; /* DISCONNECTION_MAX + 1: more than fit, and so all of the member's */
	struct {
		int64_t session_id, app_password_id; /* 0 but for one of them */
		enum pl_channel channel;
		char ip[PL_IP_TEXT];
	} of[DISCONNECTION_MAX];
};

/* All that are added are of one member. */
void disconnection_add_session(struct disconnection *all, const struct pl_session *session);
void disconnection_add_app_password(struct disconnection *all, const struct pl_address *address,
				    int64_t id);
/* Asks every Dovecot of doveadm_url. Best effort: failed is called with each error. Does nothing
 * when nothing was added or doveadm_url is empty. */
void disconnection_run(const struct disconnection *all, const struct pl_policy *policy,
		       void (*failed)(const struct pl_error *err));

#endif
