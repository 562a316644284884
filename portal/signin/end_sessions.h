/* end_sessions.h - ends sessions, and the mail connections that were opened with them. */
#ifndef POSTLATCH_PORTAL_END_SESSIONS_H
#define POSTLATCH_PORTAL_END_SESSIONS_H

#include "portal/http/request.h"

/* Has the connections of request->disconnection ended through doveadm, when the handler is done and
 * holds no connection to the database any more. Best effort, and a failure is logged. */
void disconnect_afterwards(struct request *request);
/* Has the mail connections that the tokens of a session have opened ended through doveadm, when
 * the handler is done and holds no connection to the database any more. On Dovecot 2.3 these are
 * the member's connections from webmail, or from the program's address. Best effort, and a failure
 * is logged: the tokens are dead, and the next thing that a connection asks for fails. */
void disconnect_session(struct request *request, const struct pl_session *session);
/* The same for the member's authenticated sessions that were opened on a trusted device. To be
 * called while they are there. 0, or -1. */
int disconnect_device(struct request *request, int64_t member_id, int64_t trusted_id);
/* Ends a session, with its tokens and connections, in a transaction of its own. 0, or -1. */
int end_session(struct request *request, const struct pl_session *session, struct pl_error *err);
/* Ends the session of the request, if it has one, with its tokens and connections: a
 * new session has a new cookie. In the caller's write transaction. 0, or -1. */
int end_own_session(struct request *request, struct pl_error *err);
/* Ends the member's sessions but that of the request, pending ones too, with their connections, and
 * the trust of all other devices. In the caller's write transaction. 0, or -1. */
int end_other_sessions(struct request *request, struct pl_error *err);

#endif
