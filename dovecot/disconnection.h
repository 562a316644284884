/* disconnection.h - ends the mail connections that revoked credentials of a member have opened.
 *
 * Dovecot 2.4 ends exactly those (policy/login/connection.h). Dovecot 2.3 does not know which
 * credential has opened a connection. It ends those of the member from the addresses where a
 * session is used, and from the networks where an app password was used
 * (policy/account/app_password_use.h), or from everywhere while none is recorded. So others of the
 * member's that come from the same network end, too, and one that was opened from another network
 * in the second before the revocation, whose use is not written yet, does not.
 */
#ifndef POSTLATCH_DOVECOT_DISCONNECTION_H
#define POSTLATCH_DOVECOT_DISCONNECTION_H

#include "policy/account/app_password_use.h"
#include "policy/session/session.h"
#include "policy/settings/policy.h"

#define DISCONNECTION_MAX 32
#define DISCONNECTION_NETWORKS (2 * PL_APP_PASSWORD_PLACES)

/* Filled while the credentials are still there; used when they are gone. Zero at first. */
struct disconnection {
	struct pl_address address; /* of the member */
	size_t count; /* DISCONNECTION_MAX + 1: more than fit, and so all of the member's */
	struct {
		int64_t session_id, app_password_id; /* 0 but for one of them */
	} of[DISCONNECTION_MAX];
	/* For Dovecot 2.3: whence they may come. */
	int is_anywhere; /* from networks that are not known, or that do not fit */
	int is_webmail;  /* from webmail_networks */
	size_t network_count;
	char network[DISCONNECTION_NETWORKS][PL_NETWORK_TEXT];
};

/* All that are added are of one member. */
/* Everything that the member has open. */
void disconnection_add_member(struct disconnection *all, const struct pl_address *member);
void disconnection_add_session(struct disconnection *all, const struct pl_session *session);
/* One of the member's app passwords (id), or all (id 0). 0, or -1. */
int disconnection_add_app_passwords(struct disconnection *all, const struct pl_work *work,
				    const struct pl_account *account, int64_t id);
/* Asks every Dovecot of doveadm_url. Best effort: failed is called with each error. Does nothing
 * when nothing was added or doveadm_url is empty. */
void disconnection_run(const struct disconnection *all, const struct pl_policy *policy,
		       void (*failed)(const struct pl_error *err));

#endif
