/* end_sessions.h - ends sessions, and the mail connections that were opened with them. */
#ifndef POSTLATCH_PORTAL_END_SESSIONS_H
#define POSTLATCH_PORTAL_END_SESSIONS_H

#include "portal/http/request.h"

/* Has the member's mail connections ended through doveadm, when the handler is done and holds no
 * connection to the database any more. Best effort, and a failure is logged: the
 * tokens are dead, and the next thing that a connection asks for fails. */
void disconnect_member(struct request *request, const char *address);
/* Ends a session, with its tokens and connections, in a transaction of its own. 0, or -1. */
int end_session(struct request *request, const struct pl_session *session, struct pl_error *err);
/* Ends the member's sessions but that of the request, pending ones too, and the trust of all
 * other devices. In the caller's write transaction. 0, or -1. */
int end_other_sessions(struct request *request, struct pl_error *err);

#endif
