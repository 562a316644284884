/* connection.h - what the mail connections that a credential of ours has opened are called.
 *
 * Dovecot 2.4 keeps alternative user names of connections. The driver sets the one of this field
 * when a token or an app password lets a login in, and the portal has exactly those connections
 * ended (`doveadm kick -f user_postlatch session-12`).
 */
#ifndef POSTLATCH_CONNECTION_H
#define POSTLATCH_CONNECTION_H

#include <stdint.h>

#define PL_CONNECTION_NAME 48

/* "session-12", for its tokens. Returns buf. */
char *pl_connection_of_session(int64_t id, char buf[PL_CONNECTION_NAME]);
/* "app-password-3" */
char *pl_connection_of_app_password(int64_t id, char buf[PL_CONNECTION_NAME]);

#endif
