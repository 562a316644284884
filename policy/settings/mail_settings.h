/* mail_settings.h - what mail programs have to be told: server, ports, encryption, password.
 *
 * The policy file has the server's name and, for each service, a list of ports with their
 * encryption, "465/tls, 587/starttls", the one to prefer first. What holds for somebody are those
 * of the services that are on. Pure: the same layers always give the same answer, so that an answer
 * which must not depend on the account is made of the layers of its domain alone.
 */
#ifndef POSTLATCH_MAIL_SETTINGS_H
#define POSTLATCH_MAIL_SETTINGS_H

#include "policy/settings/policy.h"

#define PL_MAIL_PORTS_MAX 4 /* of one service */
#define PL_MAIL_SERVICES_MAX (4 * PL_MAIL_PORTS_MAX)

enum pl_mail_encryption {
	PL_MAIL_TLS,      /* from the first byte on, RFC 8314 3 */
	PL_MAIL_STARTTLS, /* after STARTTLS or STLS */
};

/* One way to reach a service. */
struct pl_mail_service {
	enum pl_setting service; /* imap, pop3, smtp (message submission) or sieve */
	unsigned int port;
	enum pl_mail_encryption encryption;
};

/* server points into the policy. Without a server's name there are no services either. */
struct pl_mail_settings {
	const char *server; /* "": the policy file does not name it */
	size_t count;
	struct pl_mail_service services[PL_MAIL_SERVICES_MAX]; /* imap, pop3, smtp, sieve */
	enum pl_value client_password; /* whether they take the account password, settings.def */
	int app_passwords;             /* whether they take app passwords */
	int oauth; /* whether programs can be connected that register themselves */
};

/* The password that somebody types into a mail program. */
enum pl_mail_password {
	PL_MAIL_ACCOUNT_PASSWORD, /* or an app password, if these are on */
	PL_MAIL_APP_PASSWORD,     /* and no other */
	PL_MAIL_NO_PASSWORD,      /* none is accepted */
};

/* Whether the text is a list of ports; an empty one is. */
int pl_mail_ports_valid(const char *list);
/* Fills settings_r with what holds in these layers. */
void pl_mail_settings(const struct pl_policy *policy, const struct pl_layers *layers,
		      struct pl_mail_settings *settings_r);
/* The one of a member with or without a second factor. */
enum pl_mail_password pl_mail_password(const struct pl_mail_settings *settings,
				       int factor_registered);
/* "account", "app" or "none". */
const char *pl_mail_password_name(enum pl_mail_password password);
/* Whether some member without settings of its own can sign in with a password. */
int pl_mail_takes_passwords(const struct pl_mail_settings *settings);
/* "tls" or "starttls". */
const char *pl_mail_encryption_name(enum pl_mail_encryption encryption);

#endif
