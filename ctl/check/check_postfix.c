/* check_postfix.c - what `postconf` says about the SASL relay, redirects and what services
 * inherit; check_milter.c has the milters, and check_local.c what local(8) does. */
#include <stdlib.h>
#include <string.h>

#include "ctl/check/check.h"
#include "ctl/check/connection.h"
#include "ctl/postfix.h"

#define DEADLINE_MS 10000

/* For a service that accepts AUTH: returns 1 when it asks the SASL relay. */
static int check_sasl_path(struct check *check, const struct postfix_service *service)
{
	char type[POSTFIX_VALUE_MAX], path[POSTFIX_VALUE_MAX];

	postfix_effective(check->postfix, service, "smtpd_sasl_type", type);
	postfix_effective(check->postfix, service, "smtpd_sasl_path", path);
	if (strcmp(type, "dovecot") != 0) {
		check_find(check, CHECK_FAULT,
			   "the service %s does not ask Dovecot about passwords (smtpd_sasl_type = "
			   "%s), so Postlatch does not decide about its logins; set "
			   "smtpd_sasl_type = dovecot",
			   service->name, type);
		return 0;
	}
	/* The relay's directory, or another one whose name contains it. */
	if (strstr(path, "postlatch") != NULL)
		return 1;
	check_find(check, CHECK_WARNING,
		   "the service %s asks Dovecot without the SASL relay (smtpd_sasl_path = %s), so "
		   "it answers a temporary failure with 535, as if the password were wrong; start "
		   "postlatch-sasl-relay and set smtpd_sasl_path = postlatch-sasl/auth",
		   service->name, path);
	return 0;
}

/* A restriction in main.cf is for mail from other servers, unless it says otherwise. */
static void check_restrictions(struct check *check, const struct postfix_service *service,
			       const char *permit)
{
	for (const char *const *name = postfix_restrictions; *name != NULL; name++) {
		if (postfix_inherits(check->postfix, service, *name, permit))
			check_find(check, CHECK_WARNING,
				   "the service %s inherits %s from main.cf, which may refuse mail "
				   "of your own members; set it for the service as "
				   "conf.d/postfix/master.cf.postlatch does",
				   service->name, *name);
	}
}

/* The relay needs a socket of Dovecot. */
static void check_relay_socket(struct check *check)
{
	check_auth_socket(check, "auth-sasl-relay",
			  &(const struct check_socket_user){
				  .user = "postlatch-sasl-relay",
				  .who = "the SASL relay",
				  .missing = CHECK_WARNING,
				  .fix = "nobody can sign in at Postfix, unless "
					 "postlatch-sasl-relay uses another socket; include "
					 "07-postlatch-sasl-relay.conf" });
}

/* What the version before this one added, and what decides nothing any more. */
static void check_former(struct check *check, const struct postfix_service *service)
{
	char name[POSTFIX_VALUE_MAX];

	if (postfix_option(check->postfix, service, "milter_macro_daemon_name", name) &&
	    strcmp(name, "postlatch-redirect") == 0)
		check_find(check, CHECK_WARNING,
			   "the service %s with milter_macro_daemon_name=postlatch-redirect stops "
			   "no redirects any more; replace it by the one in "
			   "conf.d/postfix/master.cf.postlatch",
			   service->name);
}

static void check_sendmail_milter(struct check *check)
{
	char list[POSTFIX_VALUE_MAX];

	postfix_value(check->postfix, "non_smtpd_milters", list);
	if (strstr(list, "postlatch") != NULL)
		check_find(check, CHECK_WARNING,
			   "non_smtpd_milters = %s: Postlatch decides nothing about mail from the "
			   "sendmail command; remove its milter there",
			   list);
}

/* Postfix knows a new service only when it has read master.cf again. */
static void check_answer(struct check *check, const char *host)
{
	char name[256], line[256] = "";
	char *colon;
	struct pl_error err = { 0 };
	struct connection *connection;

	snprintf(name, sizeof(name), "%s", host);
	colon = strrchr(name, ':');
	if (colon == NULL)
		return;
	*colon = '\0';
	connection = connection_open(name, colon + 1, DEADLINE_MS, &err);
	if (connection != NULL && connection_line(connection, line, sizeof(line), &err) == 0)
		(void)pl_error_set(&err, PL_ERR_RETRY, "it closes the connection");
	connection_close(&connection);
	if (strncmp(line, "220", 3) != 0)
		check_find(check, CHECK_FAULT,
			   "Postfix does not answer at submission_host = %s (%s), so mail of "
			   "members whose forwarding is off waits in the queue; start it, or run "
			   "`postfix reload`",
			   host, err.msg[0] != '\0' ? err.msg : line);
}

/* The listener to which Dovecot's userdb of ours sends redirects of members who may not
 * forward. */
static void check_redirects(struct check *check, const char *host)
{
	struct postfix_service listener, cleanup;
	char name[POSTFIX_VALUE_MAX], header_checks[POSTFIX_VALUE_MAX] = "";

	/* On another machine, it is for the check there. */
	if (strncmp(host, "127.", 4) != 0 && strncmp(host, "localhost", 9) != 0)
		return;
	if (postfix_find(check->postfix, host, "inet", &listener) &&
	    postfix_option(check->postfix, &listener, "cleanup_service_name", name) &&
	    postfix_find(check->postfix, name, "unix", &cleanup))
		(void)postfix_option(check->postfix, &cleanup, "header_checks", header_checks);
	if (strstr(header_checks, "X-Sieve-Redirected-From") == NULL ||
	    strstr(header_checks, " REJECT") == NULL) {
		check_find(check, CHECK_FAULT,
			   "Dovecot sends mail of members whose forwarding is off to "
			   "submission_host = %s, but Postfix has no service there that refuses "
			   "their redirects; add the services of "
			   "conf.d/postfix/master.cf.postlatch",
			   host);
		return;
	}
	check_restrictions(check, &listener, "permit_mynetworks");
	check_answer(check, host);
}

static void check_services(struct check *check)
{
	struct postfix_service service;
	const char *at = NULL;
	int uses_relay = 0;

	while ((at = postfix_service(check->postfix, at, &service)) != NULL) {
		check_former(check, &service);
		if (!postfix_has_auth(check->postfix, &service))
			continue;
		check_restrictions(check, &service, "permit_sasl_authenticated");
		uses_relay |= check_sasl_path(check, &service);
	}
	if (uses_relay && check->doveconf != NULL)
		check_relay_socket(check);
}

int check_postfix(struct check *check)
{
	const char *dir = check->ctl->option[CTL_OPTION_POSTFIX_CONF];
	char host[256];

	if (postfix_open(&check->postfix_conf, dir, POSTFIX_EXPANDED) < 0) {
		check_find(check, dir != NULL ? CHECK_FAULT : CHECK_WARNING,
			   "`postconf -x` cannot be run or fails; run it yourself to see the "
			   "reason");
		return 0;
	}
	check->postfix = &check->postfix_conf;
	check_sendmail_milter(check);
	check_local_delivery(check);
	if (check->doveconf != NULL && check_redirect_host(check->doveconf, host, sizeof(host)))
		check_redirects(check, host);
	check_services(check);
	return 1;
}
