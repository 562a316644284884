/* forward_map.c - see forward_map.h. */
#include "milter/forward_map.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "milter/socketmap.h"
#include "policy/base/monotonic.h"
#include "policy/base/thread.h"

#define NAME "forward"
#define CONNECTIONS_MOST 2000 /* at a time */
#define IDLE_SECONDS 300      /* Postfix itself hangs up sooner */
#define SEND_SECONDS 10
#define FULL_WAIT_US 200000

struct forward_map {
	char *path;
	int listener;
	struct milter *milter;
	pthread_t thread;
	int is_started;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t ended;
	int is_closing;
	size_t connections;
	int fd[CONNECTIONS_MOST];
};

struct connection {
	struct forward_map *map;
	int fd;
	struct pl_course course;
	size_t len;
	char buffer[SOCKETMAP_BUFFER];
	char answer[PL_FORWARD_ANSWER], reply[PL_FORWARD_ANSWER + 64];
};

/* -- one connection -- */

static int is_ours(const char *name)
{
	return strncmp(name, NAME, strlen(NAME)) == 0;
}

static const char *answer(struct connection *connection, const struct socketmap_request *request)
{
	struct pl_forward_question question = { .name = request->key };
	struct pl_error err = { 0 };
	int ret;

	question.delimiters = request->name + strlen(NAME);
	question.is_repeated = pl_course_ask(&connection->course, request->key, pl_monotonic_ms());
	ret = milter_forward(connection->map->milter, &question, connection->answer, &err);
	if (ret == 1) {
		pl_course_forward(&connection->course, request->key);
		return "OK";
	}
	connection->answer[0] = '\0';
	if (ret == 0)
		return "NOTFOUND";
	daemon_log_failure(NULL, &err);
	snprintf(connection->answer, sizeof(connection->answer), "forwards cannot be read");
	return "TEMP";
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return -1;
		data += sent;
		len -= (size_t)sent;
	}
	return 0;
}

static int respond(struct connection *connection, const struct socketmap_request *request)
{
	const char *status = "PERM";
	size_t len;

	if (is_ours(request->name))
		status = answer(connection, request);
	else
		snprintf(connection->answer, sizeof(connection->answer), "no such map");
	len = socketmap_reply(status, connection->answer, connection->reply,
			      sizeof(connection->reply));
	return len == 0 ? -1 : send_all(connection->fd, connection->reply, len);
}

/* 1 when something was read. */
static int receive(struct connection *connection)
{
	ssize_t got;

	do
		got = recv(connection->fd, connection->buffer + connection->len,
			   sizeof(connection->buffer) - connection->len, 0);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		connection->len += (size_t)got;
	return got > 0;
}

/* Until the other end has had enough, or does not speak the protocol. */
static void serve(struct connection *connection)
{
	struct socketmap_request request;
	size_t used = 0;
	int ret;

	for (;;) {
		ret = socketmap_parse(connection->buffer, connection->len, &request, &used);
		if (ret < 0 || (ret == 0 && !receive(connection)))
			return;
		if (ret == 0)
			continue;
		if (respond(connection, &request) < 0)
			return;
		connection->len -= used;
		memmove(connection->buffer, connection->buffer + used, connection->len);
	}
}

/* -- all of them -- */

/* 0, or -1 when there are too many, or no more are wanted. */
static int join(struct forward_map *map, int fd)
{
	int ret = -1;

	pthread_mutex_lock(&map->lock);
	if (!map->is_closing && map->connections < CONNECTIONS_MOST) {
		map->fd[map->connections++] = fd;
		ret = 0;
	}
	pthread_mutex_unlock(&map->lock);
	return ret;
}

/* Closed with the lock held, so that nobody shuts down what has become another file. */
static void leave(struct forward_map *map, int fd)
{
	pthread_mutex_lock(&map->lock);
	for (size_t i = 0; i < map->connections; i++) {
		if (map->fd[i] == fd) {
			map->fd[i] = map->fd[--map->connections];
			break;
		}
	}
	close(fd);
	pthread_cond_signal(&map->ended);
	pthread_mutex_unlock(&map->lock);
}

static void *run_connection(void *context)
{
	struct connection *connection = context;
	struct forward_map *map = connection->map;
	const int fd = connection->fd;

	serve(connection);
	free(connection);
	leave(map, fd);
	return NULL;
}

static void limit_waiting(int fd)
{
	const struct timeval idle = { .tv_sec = IDLE_SECONDS },
			     sending = { .tv_sec = SEND_SECONDS };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &sending, sizeof(sending));
}

static int begin(struct forward_map *map, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	pthread_t thread;

	if (connection == NULL)
		return -1;
	connection->map = map;
	connection->fd = fd;
	limit_waiting(fd);
	if (pl_thread_start(&thread, run_connection, connection) == 0) {
		pthread_detach(thread);
		return 0;
	}
	free(connection);
	return -1;
}

static int is_closing(struct forward_map *map)
{
	int closing;

	pthread_mutex_lock(&map->lock);
	closing = map->is_closing;
	pthread_mutex_unlock(&map->lock);
	return closing;
}

/* Whoever is not answered tries again. */
static void refuse(const char *why)
{
	struct pl_error err = { 0 };

	pl_error_set(&err, PL_ERR_RETRY,
		     "no more connections for forwards are accepted for now: %s", why);
	daemon_log_failure(NULL, &err);
}

static void *run_listener(void *context)
{
	struct forward_map *map = context;
	int fd;

	while (!is_closing(map)) {
		fd = accept4(map->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && !is_closing(map) && errno != EINTR && errno != ECONNABORTED) {
			refuse(strerror(errno));
			usleep(FULL_WAIT_US);
		}
		if (fd < 0)
			continue;
		if (join(map, fd) < 0) {
			refuse("there are too many");
			close(fd);
		} else if (begin(map, fd) < 0) {
			refuse("out of memory");
			leave(map, fd);
		}
	}
	return NULL;
}

int forward_map_open(const char *socket, const char *group, struct forward_map **map_r,
		     struct pl_error *err)
{
	struct forward_map *map = calloc(1, sizeof(*map));

	*map_r = NULL;
	if (listen_path(socket) == NULL) {
		free(map);
		return pl_error_set(err, PL_ERR_CONFIG, "socket %s: it must be unix:PATH", socket);
	}
	if (map == NULL || (map->path = strdup(listen_path(socket))) == NULL) {
		free(map);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	pthread_mutex_init(&map->lock, NULL);
	pthread_cond_init(&map->ended, NULL);
	map->listener = listen_open(socket, err);
	*map_r = map;
	if (map->listener < 0)
		return -1;
	if (group == NULL || daemon_share_socket(map->path, group) == 0)
		return 0;
	return pl_error_set(err, PL_ERR_RETRY, "socket %s: cannot be given to group %s", map->path,
			    group);
}

int forward_map_start(struct forward_map *map, struct milter *milter, struct pl_error *err)
{
	map->milter = milter;
	map->is_started = pl_thread_start(&map->thread, run_listener, map) == 0;
	return map->is_started ? 0
			       : pl_error_set(err, PL_ERR_RETRY,
					      "the thread for forwards cannot be started");
}

/* Nobody is asked after the milter is gone. */
static void end_connections(struct forward_map *map)
{
	pthread_mutex_lock(&map->lock);
	map->is_closing = 1;
	for (size_t i = 0; i < map->connections; i++)
		shutdown(map->fd[i], SHUT_RDWR);
	while (map->connections > 0)
		pthread_cond_wait(&map->ended, &map->lock);
	pthread_mutex_unlock(&map->lock);
}

void forward_map_close(struct forward_map **map_p)
{
	struct forward_map *map = *map_p;

	*map_p = NULL;
	if (map == NULL)
		return;
	end_connections(map);
	if (map->listener >= 0) {
		shutdown(map->listener, SHUT_RDWR);
		if (map->is_started)
			pthread_join(map->thread, NULL);
		close(map->listener);
		unlink(map->path);
	}
	pthread_cond_destroy(&map->ended);
	pthread_mutex_destroy(&map->lock);
	free(map->path);
	free(map);
}
