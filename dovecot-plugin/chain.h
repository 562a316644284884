/* chain.h - the end of Dovecot's chain of passdbs, and a question to the passdbs in it.
 *
 * Dovecot asks its passdbs one after the other, and gives the mechanism the result of the last
 * one. A passdb is not told that result, nor the name and the fields that later passdbs have
 * set. chain_watch() has a function called between the end of the chain and the mechanism, and
 * chain_ask() asks the passdbs behind ours what they know about the user.
 */
#ifndef POSTLATCH_CHAIN_H
#define POSTLATCH_CHAIN_H

#include "dovecot-plugin/compat.h"

/* The request is held until chain_finish(), which comes later or is called by the function. */
typedef void chain_function_t(struct auth_request *request, enum passdb_result result);

/* Called by a passdb while it is asked: ended is called once the chain has ended. plain is
 * whether a password is verified; otherwise credentials are looked up. */
void chain_watch(struct auth_request *request, bool plain, chain_function_t *ended);

/* Asks the passdbs from ours on about the user as lmtp and proxies do, without a password, and
 * calls answered. Passdbs see a login by PLAIN, whatever the mechanism is. Their fields become
 * the login's, as if they had verified the password. */
void chain_ask(struct auth_request *request, chain_function_t *answered);
/* Whether the passdb that is called now is asked by chain_ask(). */
bool chain_is_asking(const struct auth_request *request);
/* Whether one behind ours was asked; their filters may have left out all of them. */
bool chain_has_answered(const struct auth_request *request);
/* Whether every passdb behind ours can be asked without a password, and lets members in at all.
 * PAM, for one, cannot be asked. */
bool chain_answers_all(const struct auth_request *request);

typedef void chain_userdb_function_t(struct auth_request *request, enum userdb_result result);

/* Whether the operator's userdbs tell who exists: there is one, and none knows every name. */
bool chain_has_userdbs(const struct auth_request *request);
/* Asks them about the user, and calls answered. Nothing of what they say becomes the login's. */
void chain_ask_userdbs(struct auth_request *request, chain_userdb_function_t *answered);

/* Between the two the request waits for something, as it waits for a passdb. */
void chain_wait(struct auth_request *request);
void chain_go_on(struct auth_request *request);

/* Gives the mechanism the result. */
void chain_finish(struct auth_request *request, enum passdb_result result);

#endif
