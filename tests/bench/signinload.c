/* signinload.c - signs members in to the portal, as many at once as it is told,
 * and times every sign-in.
 *
 * Usage: signinload PORT ORIGIN MEMBERS FIRST COUNT AT-ONCE
 *
 * A sign-in is what the pages do on one connection: the password is posted, and
 * then, with the cookie and the CSRF token that came back, the code that the
 * member's secret has now. A line of MEMBERS is "address password secret", the
 * secret in base32; COUNT members from the FIRST on sign in, each once, because a
 * code is good once. Each comes from an address of its own, as it would through a
 * proxy. Prints one JSON object. An answer that does not let the member in ends
 * it with an error.
 */
#include <errno.h>
#include <liboath/oath.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/load.h"

#define AT_ONCE_MAX 512
#define MESSAGE_MAX 8192
#define VALUE_MAX 256
#define ANSWER_WAIT_S 60
#define TOTP_STEP 30

struct member {
	char *address, *password, *secret;
};

/* What all threads share. */
struct load {
	const char *origin;
	int port;
	struct member *members;
	size_t next, end; /* next is taken under the lock, with the latencies */
	pthread_mutex_t lock;
	struct latencies whole, code; /* the whole sign-in, and its second answer alone */
};

/* One sign-in under way. */
struct sign_in {
	const struct load *load;
	size_t number;
	int fd;
	char cookie[VALUE_MAX], csrf[VALUE_MAX]; /* empty before the first answer */
	char answer[MESSAGE_MAX];
};

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	if (in == NULL || getdelim(&text, &room, '\0', in) < 0)
		die("%s: %s", path, strerror(errno));
	fclose(in);
	return text;
}

static void read_members(const char *path, struct load *load)
{
	char *text = read_file(path);

	load->members = need(calloc(load->end, sizeof(*load->members)));
	for (size_t i = 0; i < load->end; i++) {
		struct member *member = &load->members[i];

		member->address = strtok(i == 0 ? text : NULL, " \n");
		member->password = strtok(NULL, " \n");
		member->secret = strtok(NULL, " \n");
		if (member->secret == NULL)
			die("%s: it has only %zu members", path, i);
	}
}

static void open_connection(struct sign_in *in)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)in->load->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct timeval patience = { .tv_sec = ANSWER_WAIT_S };

	in->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (in->fd < 0 ||
	    setsockopt(in->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(in->fd, (const void *)&address, sizeof(address)) < 0)
		die("port %d: %s", in->load->port, strerror(errno));
}

static void post(const struct sign_in *in, const char *path, const char *body)
{
	char message[MESSAGE_MAX];
	const size_t n = in->number;
	int len = snprintf(message, sizeof(message),
			   "POST %s HTTP/1.1\r\nHost: localhost\r\nOrigin: %s\r\n"
			   "X-Forwarded-For: 10.%zu.%zu.%zu\r\nUser-Agent: Firefox/140.0 Linux\r\n"
			   "Cookie: __Host-postlatch=%s\r\nX-CSRF-Token: %s\r\n"
			   "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			   path, in->load->origin, n >> 16 & 255, n >> 8 & 255, n & 255, in->cookie,
			   in->csrf, strlen(body), body);

	if (send(in->fd, message, (size_t)len, MSG_NOSIGNAL) != len)
		die("send: %s", strerror(errno));
}

/* The length of the answer, or 0 while its head is not there. */
static size_t answer_len(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");
	const char *length = strcasestr(answer, "\r\nContent-Length: ");

	if (end == NULL)
		return 0;
	if (length == NULL || length > end)
		die("an answer does not tell its length: %.40s", answer);
	return (size_t)(end + 4 - answer) +
	       strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
}

static void read_answer(struct sign_in *in)
{
	size_t used = 0, len = 0;

	while (len == 0 || used < len) {
		ssize_t got = recv(in->fd, in->answer + used, sizeof(in->answer) - used - 1, 0);

		if (got <= 0)
			die("no answer: %s", got == 0 ? "the server hung up" : strerror(errno));
		used += (size_t)got;
		in->answer[used] = '\0';
		len = answer_len(in->answer);
		if (len >= sizeof(in->answer))
			die("an answer is longer than any");
	}
}

/* What stands between before and after. */
static void take(const struct sign_in *in, const char *before, char after, char value_r[VALUE_MAX])
{
	const char *start = strstr(in->answer, before);
	const char *end = start == NULL ? NULL : strchr(start += strlen(before), after);

	if (end == NULL || end - start >= VALUE_MAX)
		die("an answer without %s: %s", before, in->answer);
	snprintf(value_r, VALUE_MAX, "%.*s", (int)(end - start), start);
}

/* Posts, and sees the session in the state that should come of it. */
static void take_step(struct sign_in *in, const char *path, const char *body, const char *state)
{
	char value[VALUE_MAX];

	post(in, path, body);
	read_answer(in);
	if (strncmp(in->answer, "HTTP/1.1 200 ", 13) != 0)
		die("%s, member %zu: %s", path, in->number, in->answer);
	take(in, "\"state\":\"", '"', value);
	if (strcmp(value, state) != 0)
		die("%s, member %zu: the session is %s", path, in->number, value);
	take(in, "__Host-postlatch=", ';', in->cookie);
	take(in, "\"csrf\":\"", '"', in->csrf);
}

static void make_code(const char *secret, char code_r[7])
{
	char *raw;
	size_t len;

	if (oath_base32_decode(secret, strlen(secret), &raw, &len) != OATH_OK ||
	    oath_totp_generate(raw, len, time(NULL), TOTP_STEP, 0, 6, code_r) != OATH_OK)
		die("a secret makes no code");
	free(raw);
}

static void sign_in(struct load *load, size_t number)
{
	const struct member *member = &load->members[number];
	struct sign_in in = { .load = load, .number = number };
	char body[MESSAGE_MAX / 2], code[7];
	int64_t start = now(), half, end;

	open_connection(&in);
	snprintf(body, sizeof(body), "{\"user\":\"%s\",\"password\":\"%s\"}", member->address,
		 member->password);
	take_step(&in, "/api/sign-in", body, "pending");
	half = now();
	make_code(member->secret, code);
	snprintf(body, sizeof(body), "{\"code\":\"%s\"}", code);
	take_step(&in, "/api/sign-in/code", body, "authenticated");
	end = now();
	close(in.fd);
	pthread_mutex_lock(&load->lock);
	latencies_add(&load->whole, end - start);
	latencies_add(&load->code, end - half);
	pthread_mutex_unlock(&load->lock);
}

/* 1 and whose turn it is; 0 when all have signed in. */
static int take_turn(struct load *load, size_t *number_r)
{
	int taken;

	pthread_mutex_lock(&load->lock);
	taken = load->next < load->end;
	if (taken)
		*number_r = load->next++;
	pthread_mutex_unlock(&load->lock);
	return taken;
}

static void *sign_in_while_there_are_members(void *context)
{
	struct load *load = context;
	size_t number;

	while (take_turn(load, &number))
		sign_in(load, number);
	return NULL;
}

static void run(struct load *load, size_t at_once)
{
	pthread_t threads[AT_ONCE_MAX];

	for (size_t i = 0; i < at_once; i++) {
		if (pthread_create(&threads[i], NULL, sign_in_while_there_are_members, load) != 0)
			die("a thread cannot be started");
	}
	for (size_t i = 0; i < at_once; i++)
		pthread_join(threads[i], NULL);
}

static void print(struct load *load, double seconds)
{
	latencies_sort(&load->whole);
	latencies_sort(&load->code);
	printf("{\"rate\": %.1f, \"p50\": %.1f, \"p99\": %.1f, \"code_p50\": %.1f, \"code_p99\": "
	       "%.1f}\n",
	       (double)load->whole.count / seconds,
	       latencies_percentile_us(&load->whole, 50) / 1000,
	       latencies_percentile_us(&load->whole, 99) / 1000,
	       latencies_percentile_us(&load->code, 50), latencies_percentile_us(&load->code, 99));
}

int main(int argc, char **argv)
{
	struct load load = { .lock = PTHREAD_MUTEX_INITIALIZER };
	size_t at_once;
	int64_t start;

	if (argc != 7)
		die("usage: signinload PORT ORIGIN MEMBERS FIRST COUNT AT-ONCE");
	load.port = atoi(argv[1]);
	load.origin = argv[2];
	load.next = strtoul(argv[4], NULL, 10);
	load.end = load.next + strtoul(argv[5], NULL, 10);
	at_once = strtoul(argv[6], NULL, 10);
	if (load.end == load.next || at_once < 1 || at_once > AT_ONCE_MAX)
		die("a number is out of range");
	read_members(argv[3], &load);
	start = now();
	run(&load, at_once);
	print(&load, (double)(now() - start) / 1e9);
	return 0;
}
