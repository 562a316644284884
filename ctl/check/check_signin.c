/* check_signin.c - tries a wrong password wherever members sign in: at the listeners of
 * Dovecot and at the services of Postfix that accept AUTH. */
#include <ctype.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/check/check.h"
#include "ctl/check/connection.h"
#include "ctl/check/doveconf.h"
#include "ctl/check/signin.h"
#include "ctl/postfix.h"
#include "dovecot/auth_client.h"
#include "policy/account/domain.h"

/* What Dovecot has unless its configuration says otherwise. */
static const struct login_service {
	const char *protocol, *block;
	struct {
		const char *name, *port;
		int tls;
	} listeners[2];
} login_services[] = {
	{ "imap", "service imap-login {", { { "imap", "143", 0 }, { "imaps", "993", 1 } } },
	{ "pop3", "service pop3-login {", { { "pop3", "110", 0 }, { "pop3s", "995", 1 } } },
	{ "sieve", "service managesieve-login {", { { "sieve", "4190", 0 } } },
	{ "submission",
	  "service submission-login {",
	  { { "submission", "587", 0 }, { "submissions", "465", 1 } } },
};

struct list {
	struct signin signins[SIGNIN_MAX];
	size_t count;
};

static void add(struct list *list, const char *protocol, const struct signin *signin)
{
	if (list->count == SIGNIN_MAX)
		return;
	list->signins[list->count] = *signin;
	list->signins[list->count++].protocol = signin_protocol(protocol);
}

/* The first address of a list; a wildcard and a loopback interface by name are 127.0.0.1. */
static void first_host(const char *addresses, char *host, size_t size)
{
	addresses += strspn(addresses, ", ");
	snprintf(host, size, "%.*s", (int)strcspn(addresses, ", "), addresses);
	connection_strip_brackets(host);
	if (host[0] == '\0' || strcmp(host, "*") == 0 || strcmp(host, "::") == 0 ||
	    strcmp(host, "all") == 0 || strcmp(host, "loopback-only") == 0)
		snprintf(host, size, "127.0.0.1");
}

/* Adds a listener as its block, "" when it has none, changes what is given. */
static void add_listener(const struct check *check, const char *protocol, const char *block,
			 struct signin *signin, struct list *list)
{
	const char *address = doveconf_release(check->doveconf)->address;
	char value[256], everywhere[256] = "", ssl[16] = "yes";

	doveconf_value(check->doveconf, "listen", everywhere, sizeof(everywhere));
	doveconf_value(check->doveconf, "ssl", ssl, sizeof(ssl));
	first_host(everywhere, signin->host, sizeof(signin->host));
	if (doveconf_block_value(block, "port", value, sizeof(value)))
		snprintf(signin->port, sizeof(signin->port), "%.31s", value);
	if (doveconf_block_value(block, "ssl", value, sizeof(value)))
		signin->tls = strcmp(value, "yes") == 0;
	if (doveconf_block_value(block, address, value, sizeof(value)) && value[0] != '\0')
		first_host(value, signin->host, sizeof(signin->host));
	/* Only a proxy may connect to one of HAProxy's. */
	if ((doveconf_block_value(block, "haproxy", value, sizeof(value)) &&
	     strcmp(value, "yes") == 0) ||
	    strtol(signin->port, NULL, 10) == 0 || (signin->tls && strcmp(ssl, "no") == 0))
		return;
	snprintf(signin->name, sizeof(signin->name), "Dovecot's %.30s listener", protocol);
	add(list, protocol, signin);
}

static int is_default(const struct login_service *service, const char *name)
{
	for (size_t i = 0; i < 2 && service->listeners[i].name != NULL; i++) {
		if (strcmp(service->listeners[i].name, name) == 0)
			return 1;
	}
	return 0;
}

static void add_login_service(const struct check *check, const struct login_service *service,
			      struct list *list)
{
	char block[DOVECONF_BLOCK_MAX] = "", listener[DOVECONF_BLOCK_MAX], line[128], name[64];
	const char *rest = block;

	if (doveconf_block(check->doveconf, service->block, block, sizeof(block)) == NULL)
		block[0] = '\0';
	for (size_t i = 0; i < 2 && service->listeners[i].name != NULL; i++) {
		struct signin signin = { .tls = service->listeners[i].tls };

		snprintf(signin.port, sizeof(signin.port), "%s", service->listeners[i].port);
		snprintf(line, sizeof(line), "inet_listener %s {", service->listeners[i].name);
		if (doveconf_block(block, line, listener, sizeof(listener)) == NULL)
			listener[0] = '\0';
		add_listener(check, service->protocol, listener, &signin, list);
	}
	while ((rest = doveconf_block_of(rest, "inet_listener", listener, sizeof(listener))) !=
	       NULL) {
		struct signin signin = { .port = "0" };

		snprintf(name, sizeof(name), "%.63s",
			 listener + strspn(listener, " ") + strlen("inet_listener "));
		name[strcspn(name, " \n")] = '\0';
		if (!is_default(service, name))
			add_listener(check, service->protocol, listener, &signin, list);
	}
}

static int has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)) != NULL; at += len) {
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return 1;
	}
	return 0;
}

/* A name in a domain whose members may sign in, so that the whole way is tried. */
static int take_known(const struct pl_domain *domain, void *context)
{
	char *name = context;

	if (domain->known && name[0] == '\0')
		snprintf(name, PL_DOMAIN_MAX + 1, "%s", domain->name);
	return 0;
}

static void choose_user(const struct check *check, char *user, size_t size)
{
	char domain[PL_DOMAIN_MAX + 1] = "";
	struct pl_error err;

	if (check->policy != NULL && check->policy->domain_count > 0)
		snprintf(domain, sizeof(domain), "%s", check->policy->domains[0].name);
	else if (check->store != NULL)
		(void)pl_domain_list(check->store, take_known, domain, &err);
	snprintf(user, size, "postlatch-check@%s", domain[0] != '\0' ? domain : "localhost");
}

static void tell(struct check *check, const struct signin *signin)
{
	char place[352];

	snprintf(place, sizeof(place), "%s at %s, port %s,", signin->name, signin->host,
		 signin->port);
	switch (signin->answer) {
	case SIGNIN_REFUSED:
		break;
	case SIGNIN_ACCEPTED:
		check_find(check, CHECK_FAULT,
			   "%s accepts a wrong password; one of your passdbs does so (see "
			   "`doveadm auth test`)",
			   place);
		break;
	case SIGNIN_TEMPORARY:
		check_find(check, CHECK_FAULT,
			   "%s does not refuse a wrong password but answers \"%s\"; look for the "
			   "reason in Dovecot's log, and in Postfix's",
			   place, signin->said);
		break;
	case SIGNIN_SILENT:
		check_find(check, CHECK_FAULT,
			   "%s does not answer (%s); start the program, or remove the listener "
			   "from its configuration",
			   place, signin->said);
		break;
	}
}

static int try_all(struct check *check, struct list *list)
{
	char user[64 + PL_DOMAIN_MAX];

	choose_user(check, user, sizeof(user));
	signin_try(list->signins, list->count, user);
	for (size_t i = 0; i < list->count; i++)
		tell(check, &list->signins[i]);
	return list->count > 0;
}

int check_dovecot_signin(struct check *check)
{
	struct list list = { .count = 0 };
	char protocols[256] = "imap pop3 lmtp";

	doveconf_value(check->doveconf, "protocols", protocols, sizeof(protocols));
	for (size_t i = 0; i < sizeof(login_services) / sizeof(login_services[0]); i++) {
		if (has_word(protocols, login_services[i].protocol))
			add_login_service(check, &login_services[i], &list);
	}
	return try_all(check, &list);
}

/* "port", "host:port" or "[address]:port". */
static void add_smtpd(const struct check *check, const struct postfix_service *service,
		      struct list *list)
{
	char value[POSTFIX_VALUE_MAX];
	const char *colon = strrchr(service->name, ':');
	struct signin signin = { .tls = 0 };

	snprintf(signin.name, sizeof(signin.name), "Postfix's service %.40s", service->name);
	snprintf(signin.port, sizeof(signin.port), "%.31s",
		 colon == NULL ? service->name : colon + 1);
	if (colon != NULL)
		snprintf(value, sizeof(value), "%.*s", (int)(colon - service->name), service->name);
	else
		postfix_effective(check->postfix, service, "inet_interfaces", value);
	first_host(value, signin.host, sizeof(signin.host));
	postfix_effective(check->postfix, service, "smtpd_tls_wrappermode", value);
	signin.tls = strcmp(value, "yes") == 0;
	postfix_effective(check->postfix, service, "smtpd_upstream_proxy_protocol", value);
	signin.proxy = value[0] != '\0';
	add(list, "submission", &signin);
}

int check_postfix_signin(struct check *check)
{
	struct list list = { .count = 0 };
	struct postfix_service service;
	const char *at = NULL;

	while ((at = postfix_service(check->postfix, at, &service)) != NULL) {
		if (strcmp(service.type, "inet") == 0 && postfix_has_auth(check->postfix, &service))
			add_smtpd(check, &service, &list);
	}
	return try_all(check, &list);
}

static void ask_as_portal(struct check *check, const char *user, const char *password,
			  const char *ip)
{
	char name[PL_ADDRESS_MAX + 1];
	struct pl_secret secret;
	struct pl_error err = { 0 };
	const struct auth_client_login login = {
		.socket = check->policy->auth_socket,
		.service = "webmail",
		.user = user,
		.password = &secret,
		.ip = ip,
	};
	int right;

	pl_secret_set(&secret, password, strlen(password));
	right = auth_client_check(&login, name, &err);
	if (right > 0)
		check_find(check, CHECK_FAULT,
			   "Dovecot accepts a wrong password from the portal; one of your passdbs "
			   "does so (see `doveadm auth test`)");
	if (right < 0)
		check_find(check, CHECK_FAULT,
			   "nobody can sign in at the portal, because Dovecot does not refuse a "
			   "wrong password there (%s); look for the reason in Dovecot's log: a "
			   "query with the name of the service, for example, must know webmail",
			   err.msg);
}

int check_portal_signin(struct check *check)
{
	char user[64 + PL_DOMAIN_MAX], password[33] = "", ip[16];
	unsigned char random[19];

	if (check->policy->portal_url[0] == '\0' || RAND_bytes(random, sizeof(random)) != 1)
		return 0;
	for (size_t i = 0; i < 16; i++)
		snprintf(password + 2 * i, 3, "%02x", random[i]);
	/* Dovecot makes an address that fails wait, so it is not one of a browser. */
	snprintf(ip, sizeof(ip), "127.%d.%d.%d", random[16] & 127, random[17], random[18]);
	choose_user(check, user, sizeof(user));
	ask_as_portal(check, user, password, ip);
	return 1;
}
