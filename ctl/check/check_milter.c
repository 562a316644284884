/* check_milter.c - asks the milters of Postfix's services which of them is Postlatch's.
 *
 * A milter is asked by the beginning of its protocol, in which it names the macros that it
 * wants: Postlatch's wants one that no other has (milter/callbacks.c).
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/check/check.h"
#include "ctl/check/connection.h"
#include "ctl/postfix.h"

#define DEADLINE_MS 5000
#define MACRO "{postlatch}"
#define ADDS_FIELDS 1 /* SMFIF_ADDHDRS */
#define ANSWER_MAX 4096
#define MILTERS_MAX 16

enum milter_kind { MILTER_OURS, MILTER_OTHER, MILTER_SILENT };

struct milter {
	char address[512]; /* with the path of a socket as it is outside of a chroot */
	enum milter_kind kind;
	int adds_fields; /* it may add header fields, as one that signs does */
	char failure[128];
};

/* Each milter is asked once. */
struct milters {
	struct check *check;
	struct milter list[MILTERS_MAX];
	size_t count;
};

/* "host:port", with brackets around an IPv6 address, or "port@host". */
static struct connection *open_inet(const char *address, struct pl_error *err)
{
	char host[256], port[32];
	const char *at = strchr(address, '@'), *colon = strrchr(address, ':');

	if (at != NULL) {
		snprintf(port, sizeof(port), "%.*s", (int)(at - address), address);
		snprintf(host, sizeof(host), "%s", at + 1);
	} else if (colon != NULL) {
		snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
		snprintf(port, sizeof(port), "%s", colon + 1);
	} else {
		snprintf(host, sizeof(host), "localhost");
		snprintf(port, sizeof(port), "%s", address);
	}
	connection_strip_brackets(host);
	return connection_open(host, port, DEADLINE_MS, err);
}

static struct connection *open_milter(const char *address, struct pl_error *err)
{
	const char *place = strchr(address, ':');

	if (place == NULL) {
		pl_error_set(err, PL_ERR_INVALID, "it is not TYPE:ADDRESS");
		return NULL;
	}
	return strncmp(address, "inet", 4) == 0 ? open_inet(place + 1, err)
						: connection_open_unix(place + 1, DEADLINE_MS, err);
}

/* Its answer to "what do you want", SMFIC_OPTNEG, of version 6 of the protocol. The length of
 * the answer, or -1. */
static int negotiate(struct connection *connection, char *answer, struct pl_error *err)
{
	const uint32_t offer[] = { htonl(6), htonl(0x1ff), htonl(0x1fffff) };
	const uint32_t end_len = htonl(1);
	char packet[5 + sizeof(offer)] = { 0, 0, 0, 1 + sizeof(offer), 'O' };
	uint32_t len = 0;

	memcpy(packet + 5, offer, sizeof(offer));
	if (connection_write(connection, packet, sizeof(packet), err) < 0 ||
	    connection_read(connection, &len, sizeof(len), err) < 0)
		return -1;
	len = ntohl(len);
	if (len < 13 || len > ANSWER_MAX || connection_read(connection, answer, len, err) != 1 ||
	    answer[0] != 'O')
		return pl_error_set(err, PL_ERR_INVALID, "it does not speak the milter protocol");
	memcpy(packet, &end_len, sizeof(end_len));
	packet[4] = 'Q';
	(void)connection_write(connection, packet, 5, err);
	return (int)len;
}

/* The second word of an answer; see negotiate(). */
static uint32_t actions_of(const char *answer)
{
	uint32_t actions;

	memcpy(&actions, answer + 1 + sizeof(actions), sizeof(actions));
	return ntohl(actions);
}

static void ask(struct milter *milter)
{
	char answer[ANSWER_MAX];
	struct pl_error err = { 0 };
	struct connection *connection = open_milter(milter->address, &err);
	int len = connection == NULL ? -1 : negotiate(connection, answer, &err);

	milter->kind = len < 0 ? MILTER_SILENT
		       : memmem(answer, (size_t)len, MACRO, sizeof(MACRO) - 1) != NULL
			       ? MILTER_OURS
			       : MILTER_OTHER;
	milter->adds_fields = len >= 0 && (actions_of(answer) & ADDS_FIELDS) != 0;
	snprintf(milter->failure, sizeof(milter->failure), "%.127s", err.msg);
	connection_close(&connection);
}

/* A path is relative to the queue directory, and for a service in a chroot every path is. */
static void find_address(const struct postfix *postfix, const struct postfix_service *service,
			 const char *word, char *address, size_t size)
{
	char queue[POSTFIX_VALUE_MAX], plain[512];
	const char *path;

	snprintf(plain, sizeof(plain), "%.511s", word);
	if (word[0] == '{')
		(void)postfix_word(word + 1, plain, sizeof(plain));
	plain[strcspn(plain, "}")] = '\0';
	path = strchr(plain, ':');
	if (path == NULL || strncmp(plain, "inet", 4) == 0 ||
	    (path[1] == '/' && !service->is_chrooted)) {
		snprintf(address, size, "%s", plain);
		return;
	}
	postfix_value(postfix, "queue_directory", queue);
	snprintf(address, size, "unix:%.250s/%s", queue, path + 1);
}

/* The answer to a word of smtpd_milters; NULL when there are too many. */
static const struct milter *find_milter(struct milters *milters,
					const struct postfix_service *service, const char *word)
{
	struct milter *milter = &milters->list[milters->count];

	if (milters->count == MILTERS_MAX)
		return NULL;
	find_address(milters->check->postfix, service, word, milter->address,
		     sizeof(milter->address));
	for (size_t i = 0; i < milters->count; i++) {
		if (strcmp(milters->list[i].address, milter->address) == 0)
			return &milters->list[i];
	}
	milters->count++;
	ask(milter);
	return milter;
}

/* What Postfix does with mail while the milter does not answer. */
static void check_action(struct milters *milters, const char *name, const char *word)
{
	static const char setting[] = "default_action=";
	char action[POSTFIX_VALUE_MAX];
	const char *own = strstr(word, setting);

	if (own != NULL)
		snprintf(action, sizeof(action), "%.*s",
			 (int)strcspn(own + sizeof(setting) - 1, ", \t}"),
			 own + sizeof(setting) - 1);
	else
		postfix_value(milters->check->postfix, "milter_default_action", action);
	if (strcmp(action, "accept") == 0)
		check_find(milters->check, CHECK_FAULT,
			   "default_action = accept for Postlatch's milter of the service %s "
			   "accepts mail of clients whose credential was revoked while the milter "
			   "is down; set default_action=tempfail for it, as "
			   "conf.d/postfix/main.cf.postlatch does",
			   name);
}

static void tell_missing(struct check *check, const struct postfix_service *service,
			 const struct milter *silent, const char *list)
{
	if (silent != NULL)
		check_find(check, CHECK_FAULT,
			   "the milter %s of the service %s does not answer (%s), and no other one "
			   "of that service is Postlatch's; start postlatch-milter",
			   silent->address, service->name, silent->failure);
	else
		check_find(check, CHECK_FAULT,
			   "the service %s accepts AUTH but %s, so a client whose credential is "
			   "revoked after it signed in can send mail until it disconnects; add "
			   "$postlatch_milter to its smtpd_milters, or set "
			   "smtpd_sasl_auth_enable=no for it",
			   service->name,
			   *list == '\0' ? "has no milter" : "none of its milters is Postlatch's");
}

/* What has a signature is left as it is. */
static void check_order(struct check *check, const struct postfix_service *service,
			const struct milter *before)
{
	if (check->policy == NULL || check->policy->attachment_url[0] == '\0')
		return;
	check_find(check, CHECK_WARNING,
		   "the milter %s of the service %s comes before Postlatch's and may add header "
		   "fields: mail that it signs with DKIM is left as it is, with its large "
		   "attachments; put $postlatch_milter before it in smtpd_milters",
		   before->address, service->name);
}

static void check_service(struct milters *milters, const struct postfix_service *service)
{
	struct check *check = milters->check;
	char list[POSTFIX_VALUE_MAX], word[1024];
	const struct milter *milter, *silent = NULL, *before = NULL;
	const int has_auth = postfix_has_auth(check->postfix, service);
	int has_ours = 0;

	postfix_effective(check->postfix, service, "smtpd_milters", list);
	for (const char *at = list; (at = postfix_word(at, word, sizeof(word))) != NULL;) {
		milter = find_milter(milters, service, word);
		if (milter == NULL)
			continue;
		if (milter->kind == MILTER_SILENT)
			silent = milter;
		if (!has_ours && milter->kind == MILTER_OTHER && milter->adds_fields)
			before = milter;
		if (milter->kind != MILTER_OURS)
			continue;
		has_ours = 1;
		if (has_auth)
			check_action(milters, service->name, word);
	}
	if (has_ours && before != NULL)
		check_order(check, service, before);
	if (has_auth && !has_ours)
		tell_missing(check, service, silent, list);
	if (!has_auth && has_ours)
		check_find(check, CHECK_WARNING,
			   "the service %s has Postlatch's milter but does not accept AUTH, so the "
			   "milter slows down incoming mail and decides nothing; remove it from "
			   "the service's smtpd_milters",
			   service->name);
}

int check_milters(struct check *check)
{
	struct milters milters = { .check = check };
	struct postfix_service service;
	const char *at = NULL;
	char maps[POSTFIX_VALUE_MAX];
	int count = 0;

	postfix_value(check->postfix, "smtpd_milter_maps", maps);
	if (maps[0] != '\0')
		check_find(check, CHECK_WARNING,
			   "smtpd_milter_maps = %s may take the milters away from clients at "
			   "certain addresses; see that it leaves Postlatch's to those that sign "
			   "in",
			   maps);
	while ((at = postfix_service(check->postfix, at, &service)) != NULL) {
		if (strcmp(service.command, "smtpd") != 0)
			continue;
		count += postfix_has_auth(check->postfix, &service);
		check_service(&milters, &service);
	}
	if (count == 0)
		check_find(check, CHECK_WARNING,
			   "no service of Postfix accepts AUTH, so members cannot send mail with "
			   "mail clients; run `postlatch setup`, or add "
			   "conf.d/postfix/master.cf.postlatch to master.cf");
	return 1;
}
