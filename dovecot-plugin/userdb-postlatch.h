/* userdb-postlatch.h - the userdb driver `postlatch` of Dovecot: which members may not forward, and
 * which receive mail.
 *
 * It finds a member whose forwarding is off, and no other name. The fields of its block then
 * hold for that member alone; conf.d/dovecot-2.3/05-postlatch.conf sends the member's Sieve
 * redirects to a listener that refuses them. Dovecot asks it about the account to which it
 * delivers, so nothing in a message counts.
 *
 * Dovecot's LMTP and dovecot-lda ask when they are given a recipient, and the driver notes the time
 * for the account that the userdbs find. Neither tells what becomes of the message.
 */
#ifndef POSTLATCH_USERDB_H
#define POSTLATCH_USERDB_H

struct auth_request;
struct pl_address;
struct pl_login;
struct pl_verdict;

/* What the passdb has decided about a login and read about its account, whose name the request has
 * now. A login asks the userdbs next: the database is not asked again, unless one of them turns
 * the name into another, and then the login is decided anew. connection is the name of the mail
 * connection (policy/login/connection.h), in the request's memory; NULL: the account
 * password has let it in. */
void userdb_postlatch_known(struct auth_request *request, const struct pl_verdict *forwarding,
			    const struct pl_login *login, const struct pl_address *address,
			    const char *connection);

void userdb_postlatch_register(void);
void userdb_postlatch_unregister(void);

#endif
