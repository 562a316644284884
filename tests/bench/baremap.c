/* baremap.c - a socketmap that knows one name, and answers without looking anywhere.
 *
 * Usage: baremap SOCKET NAME VALUE
 *
 * What it costs is what Postfix's questions over a socket cost, whoever answers them; see the
 * benchmark.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/socketmap.h"
#include "tests/bench/load.h"

static const char *name, *value;

static int answer(int fd, const struct socketmap_request *request)
{
	char reply[1024];
	const int is_known = strcmp(request->key, name) == 0;
	const size_t len = socketmap_reply(is_known ? "OK" : "NOTFOUND", is_known ? value : "",
					   reply, sizeof(reply));

	return len > 0 && send(fd, reply, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1;
}

static void *serve(void *context)
{
	const int fd = *(int *)context;
	struct socketmap_request request;
	char buffer[SOCKETMAP_BUFFER];
	size_t len = 0, used;
	ssize_t got;
	int ret;

	free(context);
	for (;;) {
		ret = socketmap_parse(buffer, len, &request, &used);
		if (ret < 0 || (ret == 1 && answer(fd, &request) < 0))
			break;
		if (ret == 1) {
			len -= used;
			memmove(buffer, buffer + used, len);
			continue;
		}
		got = recv(fd, buffer + len, sizeof(buffer) - len, 0);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	close(fd);
	return NULL;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0666) < 0 || listen(fd, 100) < 0)
		die("%s: nobody can be answered there", path);
	return fd;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int listener;

	if (argc != 4)
		die("usage: baremap SOCKET NAME VALUE");
	name = argv[2];
	value = argv[3];
	listener = listen_at(argv[1]);
	for (;;) {
		int *fd = need(malloc(sizeof(*fd)));

		*fd = accept(listener, NULL, NULL);
		if (*fd < 0 || pthread_create(&thread, NULL, serve, fd) != 0)
			die("a connection cannot be served");
		pthread_detach(thread);
	}
}
