/* http.c - see http.h. Makes a struct request of what libmicrohttpd read, and
 * hands over the response. Everything is bounded here before it is stored. */
#include "portal/http/http.h"

#include <malloc.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "policy/base/monotonic.h"
#include "portal/http/dispatch.h"
#include "portal/http/downloads.h"
#include "portal/http/scim_answer.h"
#include "portal/http/stream.h"

#define CONNECTIONS_MAX 1024
#define FILES_MAX 2 /* large bodies under way at once; the next one is asked to try again */
#define FILES_WAIT_SECONDS 5
#define STREAMS_MAX 8 /* tables under way at once; the next one is asked to try again */
#define STREAMS_WAIT_SECONDS 30
#define STREAM_BLOCK 32768
#define DOWNLOADS_WAIT_SECONDS 30
#define UPLOADS_MAX 256 /* bodies that are being stored; the next one is asked to try again */
/* A browser whose download is paused, or whose line is away, goes on after less. */
#define DOWNLOAD_IDLE_SECONDS 120u
/* Bytes for one request without its body; more: 431 or 414. libmicrohttpd keeps 64 bytes for each
 * field of query, cookies and header, and closes the connection when those of a query do not
 * fit. */
#define HEADERS_MAX 131072
#define IDLE_SECONDS 15u       /* without a byte, in a request or between two */
#define STACK_BYTES (1u << 20) /* of a thread; the default would reserve 8 MiB for each */

#define STOP_SECONDS 30 /* for requests under way when it ends; Dovecot's longest */
#define STOP_LOOK_NS 10000000

struct http {
	struct MHD_Daemon *daemon;
	struct portal *portal;
	int listener;
	/* requests that a handler has in hand, or whose answer is being sent; atomic */
	int under_way;
	int files;                /* requests that have room for a large body; atomic */
	int streams;              /* answers that are made while they are sent; atomic */
	int downloads;            /* open files that are being sent; atomic */
	struct downloads sending; /* the same, so that they can be cut off */
	int uploads;              /* bodies that go to a sink; atomic */
};

/* One request and its answer; libmicrohttpd keeps the pointer for us. */
struct exchange {
	struct request request;
	struct response response;
	char *target;          /* path and query, as sent */
	struct http *http;     /* counted as under way there; NULL: not yet */
	struct http *files_of; /* counted among its files; NULL: not */
	struct http *streams_of, *downloads_of, *uploads_of;
	struct http *sending_of; /* added there; NULL: not */
	struct downloads_entry sending;
	int64_t whole_ms; /* when all of the request had come; 0: not yet */
	int begun, decided;
	size_t used; /* of the body */
};

/* Called with the request line, before the headers are read. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	(void)context;
	(void)connection;
	if (exchange != NULL && (exchange->target = strdup(target)) == NULL) {
		free(exchange);
		return NULL;
	}
	return exchange;
}

/* What has come of a body that broke off stays where it is. */
static void free_sink(struct request *request)
{
	if (request->sink.context != NULL)
		request->sink.free(request->sink.context);
	request->sink.context = NULL;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **kept,
			 enum MHD_RequestTerminationCode how)
{
	struct exchange *exchange = *kept;

	(void)context;
	(void)connection;
	*kept = NULL;
	if (exchange == NULL)
		return;
	if (exchange->sending_of != NULL)
		downloads_remove(&exchange->sending_of->sending, &exchange->sending);
	if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK && exchange->request.held != NULL)
		dispatch_sent(&exchange->request, &exchange->response);
	free_sink(&exchange->request);
	if (exchange->request.held != NULL)
		portal_release(&exchange->request);
	if (exchange->http != NULL)
		__atomic_sub_fetch(&exchange->http->under_way, 1, __ATOMIC_RELEASE);
	if (exchange->files_of != NULL)
		__atomic_sub_fetch(&exchange->files_of->files, 1, __ATOMIC_RELEASE);
	if (exchange->streams_of != NULL)
		__atomic_sub_fetch(&exchange->streams_of->streams, 1, __ATOMIC_RELEASE);
	if (exchange->downloads_of != NULL)
		__atomic_sub_fetch(&exchange->downloads_of->downloads, 1, __ATOMIC_RELEASE);
	if (exchange->uploads_of != NULL)
		__atomic_sub_fetch(&exchange->uploads_of->uploads, 1, __ATOMIC_RELEASE);
	json_decref(exchange->request.json);
	free(exchange->target);
	if (exchange->request.body != NULL)
		OPENSSL_cleanse(exchange->request.body, exchange->request.body_len);
	free(exchange->request.body);
	free(exchange->request.client);
	response_free(&exchange->response);
	OPENSSL_cleanse(exchange, sizeof(*exchange));
	free(exchange);
}

static enum MHD_Result keep_last(void *context, enum MHD_ValueKind kind, const char *name,
				 const char *value)
{
	const char **last = context;

	(void)kind;
	if (strcasecmp(name, "X-Forwarded-For") == 0)
		*last = value;
	return MHD_YES;
}

/* The last address of a list that is in text; cuts the list there. Unknown when
 * it is none. */
static struct pl_ip pop_address(char *list)
{
	struct pl_ip ip = { .known = 0 };
	char *comma = strrchr(list, ',');
	char *word = comma == NULL ? list : comma + 1;
	size_t len;

	word += strspn(word, " \t");
	for (len = strlen(word); len > 0 && (word[len - 1] == ' ' || word[len - 1] == '\t'); len--)
		word[len - 1] = '\0';
	pl_ip_parse_node(word, &ip, NULL);
	if (comma != NULL)
		*comma = '\0';
	else
		*list = '\0';
	return ip;
}

/* Who the nearest machine is that is no proxy of ours: each proxy writes behind
 * what it was told, so only the end of the list can be believed. */
static void believe_proxies(struct request *request, const char *header)
{
	char list[1024];

	if (header == NULL || strlen(header) >= sizeof(list))
		return;
	memcpy(list, header, strlen(header) + 1);
	while (list[0] != '\0') {
		struct pl_ip ip = pop_address(list);

		if (!ip.known)
			return;
		request->ip = ip;
		if (!pl_network_list_has(&request->policy->proxy_networks, &ip))
			return;
	}
}

static void find_address(struct MHD_Connection *connection, struct request *request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const char *forwarded = NULL;
	int is_unix;

	if (info != NULL && info->client_addr != NULL)
		pl_ip_from_sockaddr(info->client_addr, &request->ip);
	is_unix = !request->ip.known;
	if (is_unix)
		pl_ip_parse("127.0.0.1", &request->ip, NULL);
	MHD_get_connection_values(connection, MHD_HEADER_KIND, keep_last, &forwarded);
	if (is_unix || pl_network_list_has(&request->policy->proxy_networks, &request->ip))
		believe_proxies(request, forwarded);
	pl_ip_format(&request->ip, request->ip_text);
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void read_head(struct MHD_Connection *connection, const char *method,
		      struct exchange *exchange)
{
	struct request *request = &exchange->request;
	const char *length = header(connection, "Content-Length");

	request->method = method;
	request->path = exchange->target;
	request->query_text = strchr(exchange->target, '?');
	if (request->query_text != NULL)
		*request->query_text++ = '\0';
	request->user_agent = header(connection, "User-Agent");
	request->authorization = header(connection, "Authorization");
	request->if_match = header(connection, "If-Match");
	request->range = header(connection, "Range");
	request->upload_offset = header(connection, "Upload-Offset");
	request->origin = header(connection, "Origin");
	request->host = header(connection, "Host");
	request->accept_language = header(connection, "Accept-Language");
	request->cookies = header(connection, "Cookie");
	request->content_type = header(connection, "Content-Type");
	request->fetch_site = header(connection, "Sec-Fetch-Site");
	request->csrf = header(connection, "X-CSRF-Token");
	request->body_len = length == NULL ? 0 : strtoull(length, NULL, 10);
	find_address(connection, request);
}

struct headers {
	struct MHD_Response *response;
	int failed;
};

static void add_header(const char *name, const char *value, void *context)
{
	struct headers *headers = context;

	if (MHD_add_response_header(headers->response, name, value) != MHD_YES)
		headers->failed = 1;
}

/* Runs in the thread of the connection, which has nothing else to do, whenever the client has taken
 * what there was. */
static ssize_t read_stream(void *context, uint64_t position, char *to, size_t most)
{
	struct exchange *exchange = context;
	struct response_stream *stream = &exchange->response.stream;
	size_t len;

	(void)position;
	while ((len = stream_take(stream, to, most)) == 0) {
		if (stream->is_last)
			return MHD_CONTENT_READER_END_OF_STREAM;
		/* The connection is closed without the chunk that would be the last. */
		if (dispatch_more(&exchange->request, &exchange->response) < 0)
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	return (ssize_t)len;
}

/* The library closes the descriptor from now on. */
static struct MHD_Response *send_open_file(struct response_open_file *open_file)
{
	struct MHD_Response *ret =
		MHD_create_response_from_fd_at_offset64((uint64_t)open_file->len, open_file->fd,
							(uint64_t)open_file->offset);

	if (ret != NULL)
		open_file->fd = -1;
	return ret;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
	const struct response *response = &exchange->response;
	char *text;

	if (response->open_file != NULL && response->open_file->len > 0)
		return send_open_file(response->open_file);

	if (response->stream.fill != NULL)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
							 read_stream, exchange, NULL);
	if (response->file != NULL)
		return MHD_create_response_from_buffer(response->file_len, (void *)response->file,
						       MHD_RESPMEM_PERSISTENT);
	if (response->json == NULL)
		return MHD_create_response_from_buffer(response->body == NULL ? 0
									      : response->body_len,
						       response->body, MHD_RESPMEM_MUST_COPY);
	text = json_dumps(response->json, JSON_COMPACT);
	return text == NULL
		       ? NULL
		       : MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
}

static void count_answer(const struct exchange *exchange)
{
	const struct request *request = &exchange->request;

	portal_count_request(request->portal, request->route, exchange->response.status,
			     exchange->whole_ms == 0 ? 0 : pl_monotonic_ms() - exchange->whole_ms);
}

static enum MHD_Result answer(struct MHD_Connection *connection, struct exchange *exchange)
{
	struct headers headers = { NULL, 0 };
	enum MHD_Result ret = MHD_NO;

	scim_answer_finish(&exchange->request, &exchange->response);
	headers.response = make_response(exchange);
	if (headers.response == NULL)
		return MHD_NO;
	count_answer(exchange);
	response_headers(&exchange->response, &exchange->request, add_header, &headers);
	if (!headers.failed)
		ret = MHD_queue_response(connection, (unsigned int)exchange->response.status,
					 headers.response);
	MHD_destroy_response(headers.response);
	return ret;
}

static int is_bytes(const struct request *request)
{
	return request->route != NULL && request->route->body == BODY_BYTES;
}

/* Whether there is room for the body: only so many that are large are held at once, and more that
 * are stored while they come. */
static int has_room(struct http *http, struct exchange *exchange)
{
	if (is_bytes(&exchange->request)) {
		exchange->uploads_of = http;
		return __atomic_add_fetch(&http->uploads, 1, __ATOMIC_ACQUIRE) <= UPLOADS_MAX;
	}
	if (exchange->request.body_len <= REQUEST_BODY_MAX)
		return 1;
	exchange->files_of = http;
	return __atomic_add_fetch(&http->files, 1, __ATOMIC_ACQUIRE) <= FILES_MAX;
}

/* Replaces a stream that cannot be sent. Before HTTP/1.1 the end of a connection is the end of a
 * body, and one that broke would look whole (RFC 9112 8). */
static void check_stream(struct http *http, const char *version, struct exchange *exchange)
{
	struct response *response = &exchange->response;

	if (response->stream.fill == NULL)
		return;
	if (strcmp(version, MHD_HTTP_VERSION_1_1) != 0) {
		response_free(response);
		respond_error(response, 505, "bad-request");
		return;
	}
	if (response->stream.file_id != 0)
		return;
	exchange->streams_of = http;
	if (__atomic_add_fetch(&http->streams, 1, __ATOMIC_ACQUIRE) > STREAMS_MAX) {
		response_free(response);
		respond_wait(response, 503, "try-again-later", STREAMS_WAIT_SECONDS);
	}
}

/* Of the file that is sent; 0: none is. */
static int64_t file_id_of(const struct response *response)
{
	return response->open_file != NULL ? response->open_file->file_id
					   : response->stream.file_id;
}

/* So that it can be cut off from now on. */
static void add_download(struct http *http, struct MHD_Connection *connection,
			 struct exchange *exchange)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (info == NULL)
		return;
	exchange->sending_of = http;
	downloads_add(&http->sending, &exchange->sending, file_id_of(&exchange->response),
		      info->connect_fd);
}

/* A file may take as long as it does to be sent. The end of the process does not wait for it: who
 * was cut off goes on where it was. */
static void check_download(struct http *http, struct MHD_Connection *connection,
			   struct exchange *exchange)
{
	struct response *response = &exchange->response;

	if (file_id_of(response) == 0)
		return;
	exchange->downloads_of = http;
	if (__atomic_add_fetch(&http->downloads, 1, __ATOMIC_ACQUIRE) > HTTP_DOWNLOADS_MAX) {
		response_free(response);
		respond_wait(response, 503, "try-again-later", DOWNLOADS_WAIT_SECONDS);
		return;
	}
	MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, DOWNLOAD_IDLE_SECONDS);
	add_download(http, connection, exchange);
	exchange->http = NULL;
	__atomic_sub_fetch(&http->under_way, 1, __ATOMIC_RELEASE);
}

/* A line may be away for a while. An answer that is known already waits for the body. */
static enum MHD_Result begin_bytes(struct http *http, struct MHD_Connection *connection,
				   struct exchange *exchange)
{
	MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, DOWNLOAD_IDLE_SECONDS);
	if (has_room(http, exchange))
		return MHD_YES;
	response_free(&exchange->response);
	respond_wait(&exchange->response, 503, "try-again-later", DOWNLOADS_WAIT_SECONDS);
	return answer(connection, exchange);
}

/* With the headers read: answers what is wrong already, or makes room for the body.
 * An answer here ends the connection, with whatever comes unread behind it. */
static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection,
			     const char *method, struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct pl_error err;

	exchange->begun = 1;
	/* Never fails: portal_new has read a policy. */
	if (portal_hold(http->portal, request, &err) < 0)
		return MHD_NO;
	read_head(connection, method, exchange);
	/* A body that does not say how long it is (RFC 9110 15.5.12). */
	if (header(connection, "Transfer-Encoding") != NULL) {
		respond_error(&exchange->response, 411, "bad-request");
		return answer(connection, exchange);
	}
	exchange->decided = dispatch_head(request, &exchange->response);
	if (is_bytes(request) && request->body_len <= request->route->body_max)
		return begin_bytes(http, connection, exchange);
	if (exchange->decided && request->body_len > 0)
		return answer(connection, exchange);
	if (!has_room(http, exchange)) {
		respond_wait(&exchange->response, 503, "try-again-later", FILES_WAIT_SECONDS);
		return answer(connection, exchange);
	}
	if (request->body_len > 0 && (request->body = calloc(1, request->body_len + 1)) == NULL)
		return MHD_NO;
	return MHD_YES;
}

static void store_bytes(struct request *request, const char *data, size_t len)
{
	struct request_sink *sink = &request->sink;

	if (sink->context != NULL && !sink->failed)
		sink->failed = sink->take(sink->context, data, len, &sink->error) < 0;
}

/* libmicrohttpd calls it with the headers, with each part of the body, and at the end. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **kept)
{
	struct http *http = context;
	struct exchange *exchange = *kept;

	(void)url;
	if (exchange == NULL)
		return MHD_NO;
	if (!exchange->begun)
		return begin(http, connection, method, exchange);
	if (*len > 0 && is_bytes(&exchange->request)) {
		store_bytes(&exchange->request, data, *len);
		exchange->used += *len;
		*len = 0;
		return MHD_YES;
	}
	if (*len > 0) {
		if (*len > exchange->request.body_len - exchange->used)
			return MHD_NO;
		memcpy(exchange->request.body + exchange->used, data, *len);
		/* libmicrohttpd does not look at it again, and does not wipe it. */
		OPENSSL_cleanse((void *)data, *len);
		exchange->used += *len;
		*len = 0;
		return MHD_YES;
	}
	exchange->request.body_len = exchange->used;
	exchange->whole_ms = pl_monotonic_ms();
	exchange->http = http;
	__atomic_add_fetch(&http->under_way, 1, __ATOMIC_ACQUIRE);
	if (!exchange->decided)
		dispatch(&exchange->request, &exchange->response);
	check_stream(http, version, exchange);
	check_download(http, connection, exchange);
	return answer(connection, exchange);
}

/* Query and path are decoded by form.c, and only where they may be. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

/* Passwords and codes are among what jansson reads and copies. */
static void free_wiped(void *memory)
{
	if (memory != NULL)
		OPENSSL_cleanse(memory, malloc_usable_size(memory));
	free(memory);
}

int http_start(struct portal *portal, int listener, struct http **http_r, struct pl_error *err)
{
	struct http *http = calloc(1, sizeof(*http));

	*http_r = NULL;
	if (http == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	http->portal = portal;
	http->listener = listener;
	downloads_open(&http->sending);
	json_set_alloc_funcs(malloc, free_wiped);
	http->daemon =
		MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
					 MHD_USE_POLL | MHD_USE_ITC,
				 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET,
				 listener, MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
				 MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
				 MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
				 MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
				 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX,
				 MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
				 MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
				 MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	if (http->daemon == NULL) {
		downloads_close(&http->sending);
		free(http);
		return pl_error_set(err, PL_ERR_RETRY, "libmicrohttpd cannot start");
	}
	*http_r = http;
	return 0;
}

/* Who has begun a request and sends no more of it is not waited for. */
static void finish_requests(struct http *http)
{
	const struct timespec pause = { .tv_nsec = STOP_LOOK_NS };
	time_t end = time(NULL) + STOP_SECONDS;

	while (__atomic_load_n(&http->under_way, __ATOMIC_ACQUIRE) > 0 && time(NULL) < end)
		nanosleep(&pause, NULL);
}

void http_stop(struct http **http_p)
{
	struct http *http = *http_p;

	*http_p = NULL;
	if (http == NULL)
		return;
	MHD_quiesce_daemon(http->daemon);
	finish_requests(http);
	MHD_stop_daemon(http->daemon);
	close(http->listener);
	downloads_close(&http->sending);
	free(http);
}

size_t http_downloads(struct http *http, int64_t *file_ids_r, size_t most)
{
	return downloads_files(&http->sending, file_ids_r, most);
}

size_t http_cut_download(struct http *http, int64_t file_id)
{
	return downloads_cut(&http->sending, file_id);
}
