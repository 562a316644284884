/* signin.c - see signin.h. */
#include "ctl/check/signin.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "ctl/check/connection.h"
#include "policy/base/error.h"

/* Dovecot lets a wrong password wait, up to 15 seconds. */
#define DEADLINE_MS 40000
#define LINE_SIZE 1024
#define LINES_MAX 200

/* In answers, each text is what the last line begins with; up to the first NULL. */
struct signin_protocol {
	const char *name;
	const char *last[4]; /* NULL: SMTP, where a blank follows the code */
	const char *hello;   /* to be sent first; or NULL */
	const char *starttls, *begins_tls;
	int greets_again;     /* after TLS has begun */
	const char *login[2]; /* before and behind the base64 */
	const char *accepted, *refused;
	const char *temporary[3]; /* words anywhere in the line */
};

static const struct signin_protocol protocols[] = {
	{ .name = "imap",
	  .last = { "a ", "* OK", "* BYE" },
	  .starttls = "a STARTTLS\r\n",
	  .begins_tls = "a OK",
	  .login = { "a AUTHENTICATE PLAIN ", "\r\n" },
	  .accepted = "a OK",
	  .refused = "a NO",
	  .temporary = { "[UNAVAILABLE]", "[SERVERBUG]" } },
	{ .name = "pop3",
	  .last = { "+OK", "-ERR" },
	  .starttls = "STLS\r\n",
	  .begins_tls = "+OK",
	  .login = { "AUTH PLAIN ", "\r\n" },
	  .accepted = "+OK",
	  .refused = "-ERR",
	  .temporary = { "[SYS/TEMP]", "[SYS/PERM]" } },
	{ .name = "sieve",
	  .last = { "OK", "NO", "BYE" },
	  .starttls = "STARTTLS\r\n",
	  .begins_tls = "OK",
	  .greets_again = 1,
	  .login = { "AUTHENTICATE \"PLAIN\" \"", "\"\r\n" },
	  .accepted = "OK",
	  .refused = "NO",
	  .temporary = { "(TRYLATER)" } },
	{ .name = "submission",
	  .hello = "EHLO localhost\r\n",
	  .starttls = "STARTTLS\r\n",
	  .begins_tls = "220",
	  .login = { "AUTH PLAIN ", "\r\n" },
	  .accepted = "235",
	  .refused = "535",
	  .temporary = { NULL } },
};

const struct signin_protocol *signin_protocol(const char *name)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strcmp(protocols[i].name, name) == 0)
			return &protocols[i];
	}
	return NULL;
}

static int begins(const char *line, const char *text)
{
	return strncmp(line, text, strlen(text)) == 0;
}

static int is_last(const struct signin_protocol *protocol, const char *line)
{
	if (protocol->last[0] == NULL)
		return isdigit((unsigned char)line[0]) && strlen(line) > 2 && line[3] != '-';
	for (size_t i = 0; i < 4 && protocol->last[i] != NULL; i++) {
		if (begins(line, protocol->last[i]))
			return 1;
	}
	return 0;
}

/* Reads up to the last line of an answer. */
static int answer(struct connection *connection, const struct signin_protocol *protocol, char *line,
		  struct pl_error *err)
{
	for (int i = 0; i < LINES_MAX; i++) {
		int ret = connection_line(connection, line, LINE_SIZE, err);

		if (ret == 0)
			return pl_error_set(err, PL_ERR_RETRY, "it closed the connection");
		if (ret < 0 || is_last(protocol, line))
			return ret < 0 ? -1 : 0;
	}
	return pl_error_set(err, PL_ERR_RETRY, "it does not speak %s", protocol->name);
}

static int ask(struct connection *connection, const struct signin_protocol *protocol,
	       const char *command, char *line, struct pl_error *err)
{
	return connection_write(connection, command, strlen(command), err) < 0
		       ? -1
		       : answer(connection, protocol, line, err);
}

/* Up to the point at which a client may sign in. */
static int begin(struct connection *connection, const struct signin *signin, char *line,
		 struct pl_error *err)
{
	const struct signin_protocol *protocol = signin->protocol;
	static const char proxy[] = "PROXY TCP4 127.0.0.1 127.0.0.1 1025 25\r\n";

	if (signin->proxy && connection_write(connection, proxy, sizeof(proxy) - 1, err) < 0)
		return -1;
	if ((signin->tls && connection_tls(connection, NULL, err) < 0) ||
	    answer(connection, protocol, line, err) < 0 ||
	    (protocol->hello != NULL && ask(connection, protocol, protocol->hello, line, err) < 0))
		return -1;
	if (signin->tls)
		return 0;
	if (ask(connection, protocol, protocol->starttls, line, err) < 0)
		return -1;
	if (!begins(line, protocol->begins_tls))
		return 0;
	if (connection_tls(connection, NULL, err) < 0 ||
	    (protocol->greets_again && answer(connection, protocol, line, err) < 0))
		return -1;
	return protocol->hello == NULL ? 0 : ask(connection, protocol, protocol->hello, line, err);
}

/* The user and a password at random, in the form of SASL's PLAIN. */
static int make_login(const struct signin_protocol *protocol, const char *user, char *login,
		      size_t size, struct pl_error *err)
{
	unsigned char random[16], plain[512], encoded[4 * ((sizeof(plain) + 2) / 3) + 1];
	size_t len = strlen(user);

	if (RAND_bytes(random, sizeof(random)) != 1 || len + 35 > sizeof(plain))
		return pl_error_set(err, PL_ERR_INTERNAL, "no random numbers");
	plain[0] = '\0';
	memcpy(plain + 1, user, len + 1);
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf((char *)plain + len + 2 + 2 * i, 3, "%02x", random[i]);
	EVP_EncodeBlock(encoded, plain, (int)(len + 2 + 2 * sizeof(random)));
	snprintf(login, size, "%s%s%s", protocol->login[0], (const char *)encoded,
		 protocol->login[1]);
	return 0;
}

static enum signin_answer read_answer(const struct signin_protocol *protocol, const char *line)
{
	if (begins(line, protocol->accepted))
		return SIGNIN_ACCEPTED;
	for (size_t i = 0; i < 3 && protocol->temporary[i] != NULL; i++) {
		if (strstr(line, protocol->temporary[i]) != NULL)
			return SIGNIN_TEMPORARY;
	}
	return begins(line, protocol->refused) ? SIGNIN_REFUSED : SIGNIN_TEMPORARY;
}

struct attempt {
	struct signin *signin;
	const char *user;
	pthread_t thread;
	int has_thread;
};

static void *try_one(void *context)
{
	const struct attempt *attempt = context;
	struct signin *signin = attempt->signin;
	char line[LINE_SIZE], login[LINE_SIZE];
	struct pl_error err = { 0 };
	struct connection *connection =
		connection_open(signin->host, signin->port, DEADLINE_MS, &err);

	signin->answer = SIGNIN_SILENT;
	if (connection != NULL &&
	    make_login(signin->protocol, attempt->user, login, sizeof(login), &err) == 0 &&
	    begin(connection, signin, line, &err) == 0 &&
	    ask(connection, signin->protocol, login, line, &err) == 0)
		signin->answer = read_answer(signin->protocol, line);
	snprintf(signin->said, sizeof(signin->said), "%.255s",
		 signin->answer == SIGNIN_SILENT ? err.msg : line);
	connection_close(&connection);
	return NULL;
}

void signin_try(struct signin *list, size_t count, const char *user)
{
	struct attempt attempts[SIGNIN_MAX];

	for (size_t i = 0; i < count; i++) {
		attempts[i] = (struct attempt){ .signin = &list[i], .user = user };
		attempts[i].has_thread =
			pthread_create(&attempts[i].thread, NULL, try_one, &attempts[i]) == 0;
		if (!attempts[i].has_thread)
			try_one(&attempts[i]);
	}
	for (size_t i = 0; i < count; i++) {
		if (attempts[i].has_thread)
			pthread_join(attempts[i].thread, NULL);
	}
}
