/* listen.c - see listen.h. */
#include "daemon/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 512

const char *listen_path(const char *name)
{
	return strncmp(name, "unix:", 5) == 0 ? name + 5 : NULL;
}

/* A socket file that a process left behind when it was killed. */
static void remove_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0)
		return;
	if (connect(fd, (const void *)address, sizeof(*address)) < 0 && errno == ECONNREFUSED &&
	    lstat(address->sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(address->sun_path);
	close(fd);
}

static int open_unix(const char *path, struct pl_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, bound;

	if (strlen(path) >= sizeof(address.sun_path))
		return pl_error_set(err, PL_ERR_CONFIG, "socket %s: the path is too long", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	remove_stale(&address);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mask = umask(0117);
	bound = fd < 0 ? -1 : bind(fd, (const void *)&address, sizeof(address));
	umask(mask);
	if (bound == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	pl_error_set(err, PL_ERR_RETRY, "socket %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* "127.0.0.1:PORT". Without TLS there is no other network that it may be on. */
static int parse_inet(const char *text, struct sockaddr_in *address_r)
{
	const char *colon = strrchr(text, ':');
	char ip[INET_ADDRSTRLEN], *end;
	long port = colon == NULL ? 0 : strtol(colon + 1, &end, 10);

	memset(address_r, 0, sizeof(*address_r));
	if (colon == NULL || colon[1] == '\0' || *end != '\0' || port < 1 || port > 65535 ||
	    (size_t)(colon - text) >= sizeof(ip))
		return -1;
	snprintf(ip, sizeof(ip), "%.*s", (int)(colon - text), text);
	address_r->sin_family = AF_INET;
	address_r->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, ip, &address_r->sin_addr) == 1 &&
			       ntohl(address_r->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
		       ? 0
		       : -1;
}

static int open_inet(const char *text, struct pl_error *err)
{
	struct sockaddr_in address;
	int on = 1;
	int fd;

	if (parse_inet(text, &address) < 0)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "socket inet:%s: it must be inet:127.0.0.1:PORT", text);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (const void *)&address, sizeof(address)) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	pl_error_set(err, PL_ERR_RETRY, "socket inet:%s: %s", text, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int listen_open(const char *name, struct pl_error *err)
{
	if (listen_path(name) != NULL)
		return open_unix(listen_path(name), err);
	if (strncmp(name, "inet:", 5) == 0)
		return open_inet(name + 5, err);
	return pl_error_set(err, PL_ERR_CONFIG,
			    "socket %s: it must be unix:PATH or inet:127.0.0.1:PORT", name);
}
