/* check_forwards.c - whether Postfix asks for members' forwards, as the policy says, and is
 * answered. */
#include <string.h>

#include "ctl/check/check.h"
#include "ctl/check/connection.h"
#include "ctl/postfix.h"

#define DEADLINE_MS 10000
#define SOCKET "socketmap:unix:"

/* The path of the socket in a list of maps, as it is outside of a chroot; "" for none. */
static void find_socket(const struct check *check, const char *maps, char *path_r, size_t size)
{
	char queue[POSTFIX_VALUE_MAX] = "";
	const char *at = strstr(maps, SOCKET "postlatch/");
	size_t len;

	if (at == NULL)
		at = strstr(maps, SOCKET "/");
	while (at != NULL && (len = strcspn(at + strlen(SOCKET), ":, \t")) > 0 &&
	       strncmp(at + strlen(SOCKET) + len, ":forward", 8) != 0)
		at = strstr(at + 1, SOCKET);
	path_r[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(SOCKET);
	if (*at != '/')
		postfix_value(check->postfix, "queue_directory", queue);
	snprintf(path_r, size, "%s%s%.*s", queue, *at == '/' ? "" : "/", (int)len, at);
}

/* Asks about a name that has no forward, whoever is there. */
static int ask(const char *path, struct pl_error *err)
{
	static const char question[] = "9:forward @,", answer[] = "9:NOTFOUND ,";
	struct connection *connection = connection_open_unix(path, DEADLINE_MS, err);
	char got[sizeof(answer)] = "";
	int ret = -1;

	if (connection == NULL)
		return -1;
	if (connection_write(connection, question, sizeof(question) - 1, err) == 0)
		ret = connection_read(connection, got, sizeof(answer) - 1, err);
	connection_close(&connection);
	if (ret < 0)
		return -1;
	return ret == 1 && strcmp(got, answer) == 0
		       ? 0
		       : pl_error_set(err, PL_ERR_RETRY,
				      "it does not answer like postlatch-milter");
}

int check_forwards(struct check *check)
{
	char maps[POSTFIX_VALUE_MAX], path[2 * POSTFIX_VALUE_MAX + 2];
	struct pl_error err = { 0 };

	postfix_value(check->postfix, "virtual_alias_maps", maps);
	find_socket(check, maps, path, sizeof(path));
	if (path[0] == '\0') {
		if (check->policy->member_forwards)
			check_find(check, CHECK_FAULT,
				   "member_forwards = on, but Postfix does not ask for forwards "
				   "(virtual_alias_maps), so they rest; run `postlatch setup "
				   "--forwards --write`, or set member_forwards = off");
		return check->policy->member_forwards;
	}
	if (!check->policy->member_forwards)
		check_find(check, CHECK_WARNING,
			   "Postfix asks for forwards of members, but all of them rest "
			   "(member_forwards = off); set it to on, or take $postlatch_forwards out "
			   "of virtual_alias_maps");
	if (ask(path, &err) < 0)
		check_find(check, CHECK_FAULT,
			   "Postfix puts all mail off, because nothing answers at %s (%s); start "
			   "postlatch-milter with -s unix:%s",
			   path, err.msg, path);
	return 1;
}
