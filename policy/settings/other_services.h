/* other_services.h - the policy file's list of further programs that ask Dovecot for passwords.
 *
 * "radicale=imap, xmpp=imap": a service name, as the program gives it to Dovecot, and the switch
 * that holds for it: imap, pop3, smtp or sieve. The names that Dovecot and Postfix use are in
 * dovecot-plugin/services.def and come first.
 */
#ifndef POSTLATCH_OTHER_SERVICES_H
#define POSTLATCH_OTHER_SERVICES_H

#include "policy/settings/setting.h"

#define PL_OTHER_SERVICE_MAX 64 /* bytes of a name */

/* Whether the text is such a list. */
int pl_other_services_valid(const char *list);
/* Whether the list, a valid one, has the name, and its switch. */
int pl_other_service(const char *list, const char *name, enum pl_setting *setting_r);

#endif
