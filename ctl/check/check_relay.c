/* check_relay.c - whether Dovecot's auth process answers where Postfix asks it, through the
 * SASL relay or without it. */
#include <string.h>

#include "ctl/check/check.h"
#include "ctl/check/connection.h"
#include "ctl/postfix.h"

#define DEADLINE_MS 10000
#define PATHS_MAX 8

/* A client of the auth process says who it is, and is told what the process can do. */
static int ask(const char *path, struct pl_error *err)
{
	static const char hello[] = "VERSION\t1\t2\nCPID\t1\n";
	struct connection *connection = connection_open_unix(path, DEADLINE_MS, err);
	char line[1024];
	int ret = -1;

	if (connection == NULL)
		return -1;
	if (connection_write(connection, hello, sizeof(hello) - 1, err) == 0)
		ret = connection_line(connection, line, sizeof(line), err);
	connection_close(&connection);
	if (ret == 0 || (ret == 1 && strncmp(line, "VERSION\t", 8) != 0))
		return pl_error_set(err, PL_ERR_RETRY, "Dovecot's auth process does not answer");
	return ret < 0 ? -1 : 0;
}

static void check_path(struct check *check, const char *path)
{
	char whole[2 * POSTFIX_VALUE_MAX + 2], queue[POSTFIX_VALUE_MAX];
	struct pl_error err = { 0 };

	/* That of another machine, "inet:host:port". */
	if (strncmp(path, "inet:", 5) == 0)
		return;
	queue[0] = '\0';
	if (*path != '/')
		postfix_value(check->postfix, "queue_directory", queue);
	snprintf(whole, sizeof(whole), "%s/%s", queue, path);
	if (ask(whole, &err) < 0)
		check_find(check, CHECK_FAULT,
			   "nobody can sign in at Postfix, because smtpd_sasl_path = %s does not "
			   "answer (%s); start %s, and Dovecot",
			   path, err.msg,
			   strstr(path, "postlatch") != NULL ? "postlatch-sasl-relay"
							     : "what listens there");
}

int check_relay(struct check *check)
{
	static const char type_dovecot[] = "dovecot";
	char asked[PATHS_MAX][256], path[POSTFIX_VALUE_MAX], type[POSTFIX_VALUE_MAX];
	struct postfix_service service;
	const char *at = NULL;
	size_t count = 0, i;

	while ((at = postfix_service(check->postfix, at, &service)) != NULL && count < PATHS_MAX) {
		postfix_effective(check->postfix, &service, "smtpd_sasl_type", type);
		if (!postfix_has_auth(check->postfix, &service) || strcmp(type, type_dovecot) != 0)
			continue;
		postfix_effective(check->postfix, &service, "smtpd_sasl_path", path);
		for (i = 0; i < count && strcmp(asked[i], path) != 0;)
			i++;
		if (i < count)
			continue;
		snprintf(asked[count++], sizeof(asked[0]), "%.255s", path);
		check_path(check, path);
	}
	return count > 0;
}
