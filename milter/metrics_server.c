/* metrics_server.c - see metrics_server.h. */
#include "milter/metrics_server.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "policy/store/version.h"

#define CONNECTIONS_MOST 16u
#define IDLE_SECONDS 15u
#define REQUEST_MOST 8192 /* bytes of a request, which has no body */
#define STACK_BYTES (1u << 18)

struct metrics_server {
	char *path; /* of a UNIX socket; NULL: it is another one */
	int listener;
	struct MHD_Daemon *daemon;
	struct milter *milter;
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status,
			      const char *type, char *text, size_t len)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (response == NULL) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_nothing(struct MHD_Connection *connection, unsigned int status)
{
	return answer(connection, status, "text/plain", calloc(1, 1), 0);
}

static enum MHD_Result answer_metrics(const struct metrics_server *server,
				      struct MHD_Connection *connection)
{
	struct pl_error err = { 0 };
	struct metrics metrics;
	char *text;
	size_t len;

	if (metrics_begin(&metrics, &err) == 0) {
		metrics_add_process(&metrics, "postlatch-milter");
		metrics_add_one(&metrics, "postlatch_schema_version", "gauge",
				"Version of the database's schema that this program knows.",
				PL_SCHEMA_VERSION);
		milter_add_metrics(server->milter, &metrics);
		if (metrics_end(&metrics, &text, &len, &err) == 0)
			return answer(connection, MHD_HTTP_OK, METRICS_TYPE, text, len);
	}
	daemon_log_failure(NULL, &err);
	return answer_nothing(connection, MHD_HTTP_SERVICE_UNAVAILABLE);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	(void)version;
	(void)data;
	(void)size;
	(void)state;
	if (strcmp(url, "/metrics") != 0)
		return answer_nothing(connection, MHD_HTTP_NOT_FOUND);
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return answer_nothing(connection, MHD_HTTP_METHOD_NOT_ALLOWED);
	return answer_metrics(context, connection);
}

int metrics_server_open(const char *socket, struct metrics_server **server_r, struct pl_error *err)
{
	struct metrics_server *server = calloc(1, sizeof(*server));
	const char *path = listen_path(socket);

	*server_r = server;
	if (server == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	server->listener = listen_open(socket, err);
	if (server->listener < 0)
		return -1;
	if (path != NULL && (server->path = strdup(path)) == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return 0;
}

int metrics_server_start(struct metrics_server *server, struct milter *milter, struct pl_error *err)
{
	server->milter = milter;
	server->daemon =
		MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC, 0,
				 NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET,
				 server->listener, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST,
				 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MOST,
				 MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
				 MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
				 MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	return server->daemon != NULL
		       ? 0
		       : pl_error_set(err, PL_ERR_RETRY, "libmicrohttpd cannot start");
}

void metrics_server_close(struct metrics_server **server_p)
{
	struct metrics_server *server = *server_p;

	*server_p = NULL;
	if (server == NULL)
		return;
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon); /* closes the listener, too */
	else if (server->listener >= 0)
		close(server->listener);
	if (server->path != NULL)
		unlink(server->path);
	free(server->path);
	free(server);
}
