/* authload.c - signs in over Dovecot's auth socket as fast as it answers, and
 * times every login.
 *
 * Usage: authload SOCKET PLAIN|XOAUTH2 CREDENTIALS CONNECTIONS IN-FLIGHT WARM-UP SECONDS
 *
 * Speaks the client side of Dovecot 2.3's auth protocol 1.2, as Postfix does. A
 * line of CREDENTIALS is "address password", or "address token" for XOAUTH2; each
 * login takes a random one. On each connection IN-FLIGHT logins wait for their
 * answers at any time. Prints one JSON object. Anything that the protocol does not
 * foresee ends it with an error.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/bench/load.h"

#define CONNECTIONS_MAX 64
#define IN_FLIGHT_MAX 64
#define CREDENTIAL_MAX 400                 /* an address and a password or token */
#define RESPONSE_MAX (CREDENTIAL_MAX + 32) /* with what the mechanism puts around them */
#define ANSWER_WAIT_MS 10000
/* Between two looks at the sockets. A generator that sleeps until each answer
 * has to be woken for each; in a virtual machine that costs the server more than
 * the login, and the faster server least, which never lets it fall asleep. */
#define PAUSE_US 40

struct connection {
	int fd;
	unsigned int sequence;
	unsigned int in_flight;
	int64_t sent_at[IN_FLIGHT_MAX]; /* nanoseconds; 0: the slot is free */
	char in[16384];
	size_t in_len;
};

/* What is measured: answers that come from measure_from to stop_at. */
struct run {
	unsigned int connection_count, slots;
	struct connection connections[CONNECTIONS_MAX];
	char **credentials; /* the ends of AUTH lines */
	size_t credential_count;
	uint64_t random;
	int64_t measure_from, stop_at;
	struct latencies latencies;
	uint64_t answers, refused; /* warm-up and end included */
};

/* xorshift64*: the same members in the same order in every run. */
static uint64_t next_random(struct run *run)
{
	run->random ^= run->random >> 12;
	run->random ^= run->random << 25;
	run->random ^= run->random >> 27;
	return run->random * UINT64_C(2685821657736338717);
}

/* PLAIN as in RFC 4616, XOAUTH2 as Google describes it. The length. */
static int make_response(const char *mechanism, const char *address, const char *secret,
			 unsigned char response_r[RESPONSE_MAX])
{
	if (strcmp(mechanism, "PLAIN") == 0)
		return snprintf((char *)response_r, RESPONSE_MAX, "%c%s%c%s", 0, address, 0,
				secret);
	if (strcmp(mechanism, "XOAUTH2") == 0)
		return snprintf((char *)response_r, RESPONSE_MAX, "user=%s\1auth=Bearer %s\1\1",
				address, secret);
	die("there is no mechanism %s", mechanism);
}

/* A credential to the part of an AUTH line that follows the id. */
static char *auth_line_end(const char *mechanism, const char *address, const char *secret)
{
	unsigned char response[RESPONSE_MAX], base64[2 * RESPONSE_MAX];
	char *line;

	EVP_EncodeBlock(base64, response, make_response(mechanism, address, secret, response));
	if (asprintf(&line,
		     "\t%s\tservice=imap\tsecured\tno-penalty\tlip=192.0.2.1\trip=192.0.2.2"
		     "\tresp=%s\n",
		     mechanism, base64) < 0)
		die("out of memory");
	return line;
}

static void read_credentials(const char *mechanism, const char *path, struct run *run)
{
	FILE *in = fopen(path, "r");
	char line[CREDENTIAL_MAX];
	size_t room = 0;

	if (in == NULL)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), in) != NULL) {
		char *secret = strchr(line, ' ');

		if (secret == NULL)
			die("%s: a line is not \"address password\"", path);
		*secret++ = '\0';
		secret[strcspn(secret, "\n")] = '\0';
		if (run->credential_count == room) {
			room = room == 0 ? 1024 : room * 2;
			run->credentials = need(realloc(run->credentials, room * sizeof(char *)));
		}
		run->credentials[run->credential_count++] = auth_line_end(mechanism, line, secret);
	}
	if (run->credential_count == 0)
		die("%s: there is nobody in it", path);
	fclose(in);
}

static void send_text(const struct connection *connection, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(connection->fd, text, len, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			die("send: %s", strerror(errno));
		if (sent > 0) {
			text += sent;
			len -= (size_t)sent;
		}
	}
}

/* Appends what has come. */
static void receive(struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->in + connection->in_len,
			   sizeof(connection->in) - connection->in_len - 1, 0);

	if (got < 0 && errno == EINTR)
		return;
	if (got < 0)
		die("receive: %s", strerror(errno));
	if (got == 0)
		die("the server hung up");
	connection->in_len += (size_t)got;
	connection->in[connection->in_len] = '\0';
}

/* The server's greeting ends with DONE; of what it says only the version matters. */
static void greet(struct connection *connection, unsigned int number)
{
	char hello[64];
	int len = snprintf(hello, sizeof(hello), "VERSION\t1\t2\nCPID\t%u\n",
			   (unsigned int)getpid() * CONNECTIONS_MAX + number);

	send_text(connection, hello, (size_t)len);
	do
		receive(connection);
	while (strstr(connection->in, "\nDONE\n") == NULL);
	if (strncmp(connection->in, "VERSION\t1\t", 10) != 0)
		die("the server does not speak version 1 of the protocol");
	connection->in_len = 0;
}

static void open_connection(const char *path, struct connection *connection, unsigned int number)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct sockaddr *any = (const void *)&address;

	if (strlen(path) >= sizeof(address.sun_path))
		die("%s: the path of a socket is shorter", path);
	strcpy(address.sun_path, path);
	connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->fd < 0 || connect(connection->fd, any, sizeof(address)) < 0)
		die("%s: %s", path, strerror(errno));
	greet(connection, number);
}

static void start_login(struct run *run, struct connection *connection, unsigned int slot)
{
	const char *end = run->credentials[next_random(run) % run->credential_count];
	char line[3 * CREDENTIAL_MAX];
	/* An id is never used twice on a connection, and tells the slot. */
	int len = snprintf(line, sizeof(line), "AUTH\t%u%s",
			   ++connection->sequence * run->slots + slot, end);

	connection->sent_at[slot] = now();
	connection->in_flight++;
	send_text(connection, line, (size_t)len);
}

static void take_answer(struct run *run, struct connection *connection, const char *line)
{
	int refused = strncmp(line, "FAIL\t", 5) == 0;
	int64_t at = now();
	unsigned int slot;
	char *end;

	if (!refused && strncmp(line, "OK\t", 3) != 0)
		die("an answer is neither OK nor FAIL: %.40s", line);
	slot = (unsigned int)strtoul(strchr(line, '\t') + 1, &end, 10) % run->slots;
	if ((*end != '\t' && *end != '\0') || connection->sent_at[slot] == 0)
		die("an answer to nothing that was asked: %.40s", line);
	run->answers++;
	run->refused += (uint64_t)refused;
	if (at >= run->measure_from && at < run->stop_at)
		latencies_add(&run->latencies, at - connection->sent_at[slot]);
	connection->sent_at[slot] = 0;
	connection->in_flight--;
	if (at < run->stop_at)
		start_login(run, connection, slot);
}

static void take_answers(struct run *run, struct connection *connection)
{
	char *line = connection->in, *newline;

	receive(connection);
	while ((newline = strchr(line, '\n')) != NULL) {
		*newline = '\0';
		take_answer(run, connection, line);
		line = newline + 1;
	}
	connection->in_len -= (size_t)(line - connection->in);
	if (connection->in_len == sizeof(connection->in) - 1)
		die("an answer is longer than any");
	memmove(connection->in, line, connection->in_len + 1);
}

static unsigned int in_flight(const struct run *run)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < run->connection_count; i++)
		count += run->connections[i].in_flight;
	return count;
}

/* Until the time is over and every answer is there: a client that leaves with
 * logins in flight is made to wait when it comes back. */
static void drive(struct run *run)
{
	struct pollfd fds[CONNECTIONS_MAX];

	for (unsigned int i = 0; i < run->connection_count; i++) {
		fds[i] = (struct pollfd){ .fd = run->connections[i].fd, .events = POLLIN };
		for (unsigned int slot = 0; slot < run->slots; slot++)
			start_login(run, &run->connections[i], slot);
	}
	while (in_flight(run) > 0) {
		int ready;

		usleep(PAUSE_US);
		ready = poll(fds, run->connection_count, ANSWER_WAIT_MS);

		if (ready == 0)
			die("no answer for %d seconds", ANSWER_WAIT_MS / 1000);
		if (ready < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		for (unsigned int i = 0; ready > 0 && i < run->connection_count; i++) {
			if (fds[i].revents != 0)
				take_answers(run, &run->connections[i]);
		}
	}
}

static void print(struct run *run)
{
	double seconds = (double)(run->stop_at - run->measure_from) / 1e9;

	latencies_sort(&run->latencies);
	printf("{\"rate\": %.1f, \"p50\": %.1f, \"p99\": %.1f, \"answers\": %llu, \"refused\": "
	       "%llu}\n",
	       (double)run->latencies.count / seconds, latencies_percentile_us(&run->latencies, 50),
	       latencies_percentile_us(&run->latencies, 99), (unsigned long long)run->answers,
	       (unsigned long long)run->refused);
}

int main(int argc, char **argv)
{
	static struct run run;
	double warm_up, seconds;

	if (argc != 8)
		die("usage: authload SOCKET PLAIN|XOAUTH2 CREDENTIALS CONNECTIONS IN-FLIGHT "
		    "WARM-UP SECONDS");
	run.connection_count = (unsigned int)atoi(argv[4]);
	run.slots = (unsigned int)atoi(argv[5]);
	warm_up = atof(argv[6]);
	seconds = atof(argv[7]);
	if (run.connection_count < 1 || run.connection_count > CONNECTIONS_MAX || run.slots < 1 ||
	    run.slots > IN_FLIGHT_MAX || warm_up < 0 || seconds <= 0)
		die("a number is out of range");
	run.random = UINT64_C(88172645463325252);
	read_credentials(argv[2], argv[3], &run);
	for (unsigned int i = 0; i < run.connection_count; i++)
		open_connection(argv[1], &run.connections[i], i);
	run.measure_from = now() + (int64_t)(warm_up * 1e9);
	run.stop_at = run.measure_from + (int64_t)(seconds * 1e9);
	drive(&run);
	print(&run);
	return 0;
}
