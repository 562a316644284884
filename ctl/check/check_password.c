/* check_password.c - whether members can change the account password, where that is configured. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/check/check.h"

/* 0, or -1. Nothing is sent, which the service takes for what it is. */
static int connects(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret = -1;

	if (fd >= 0 && strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path) + 1);
		ret = connect(fd, (const void *)&address, sizeof(address));
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

int check_password_service(struct check *check)
{
	const struct pl_policy *policy = check->policy;
	char program[1024];

	if (policy->password_command[0] == '\0')
		return 0;
	snprintf(program, sizeof(program), "%.*s", (int)strcspn(policy->password_command, " "),
		 policy->password_command);
	if (access(program, X_OK) < 0)
		check_find(check, CHECK_FAULT,
			   "%s of password_command cannot be run, so no member can change the "
			   "password; see doc/passwords.md",
			   program);
	else if (connects(policy->password_socket) < 0)
		check_find(check, CHECK_FAULT,
			   "nobody answers at %s, so no member can change the password; systemctl "
			   "enable --now postlatch-password",
			   policy->password_socket);
	else
		check_find(check, CHECK_OK, "postlatch-password answers");
	return 0;
}
