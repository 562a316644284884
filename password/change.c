/* change.c - see change.h.
 *
 * A request has three lines: member, old password, new password; then the sender's end is closed.
 * Where the policy file has password_recovery, the old one may be empty: it was forgotten.
 * The answer is one line: "changed", "wrong", "refused REASON", "later" or "unknown".
 */
#include "password/change.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "daemon/log.h"
#include "password/command.h"
#include "policy/base/address.h"
#include "policy/base/monotonic.h"
#include "policy/base/secret.h"
#include "policy/base/utf8.h"

#define REQUEST_MS 5000
#define REQUEST_SIZE (PL_ADDRESS_MAX + 2 * PL_SECRET_MAX + 4)

/* All that the other side sends. Its length, or -1. */
static ssize_t receive(int fd, char buf[REQUEST_SIZE])
{
	const int64_t deadline = pl_monotonic_ms() + REQUEST_MS;
	size_t len = 0;

	for (;;) {
		struct pollfd readable = { .fd = fd, .events = POLLIN };
		const int64_t left = deadline - pl_monotonic_ms();
		ssize_t count;

		if (left <= 0 || poll(&readable, 1, (int)left) <= 0)
			return -1;
		count = recv(fd, buf + len, REQUEST_SIZE - len, 0);
		if (count == 0)
			return (ssize_t)len;
		if (count < 0 && errno != EINTR)
			return -1;
		if (count > 0)
			len += (size_t)count;
		if (len == REQUEST_SIZE)
			return -1;
	}
}

/* A member's address as Postlatch writes it, which is no option of a command. */
static int is_member(const char *text)
{
	char formatted[PL_ADDRESS_MAX + 1];
	struct pl_address address;

	return text[0] != '-' && pl_address_parse(text, strlen(text), "", &address, NULL) == 0 &&
	       strcmp(pl_address_format(&address, formatted), text) == 0;
}

static int is_password(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return 0;
	}
	return text[0] != '\0' && strlen(text) <= PL_SECRET_MAX && pl_is_utf8(text);
}

/* The three lines, which stay in buf. 0, or -1. */
static int parse(char *buf, size_t len, int may_recover, struct command_input *input_r)
{
	const char *lines[3];
	char *at = buf;

	for (size_t i = 0; i < 3; i++) {
		char *end = memchr(at, '\n', len - (size_t)(at - buf));

		if (end == NULL || memchr(at, '\0', (size_t)(end - at)) != NULL)
			return -1;
		*end = '\0';
		lines[i] = at;
		at = end + 1;
	}
	input_r->member = lines[0];
	input_r->old = lines[1];
	input_r->new = lines[2];
	return at == buf + len && is_member(lines[0]) &&
			       (is_password(lines[1]) || (may_recover && lines[1][0] == '\0')) &&
			       is_password(lines[2])
		       ? 0
		       : -1;
}

/* What a careless command has written down is not told on. */
static const char *without_secrets(const char *line, const struct command_input *input)
{
	return (input->old[0] != '\0' && strstr(line, input->old) != NULL) ||
			       strstr(line, input->new) != NULL
		       ? "(a line with a password)"
		       : line;
}

static void log_result(const struct command_input *input, enum command_result result,
		       const struct command_output *output, const struct pl_error *err)
{
	static const char *const names[] = { "changed", "the old password is wrong", "refused",
					     "not changed", "unknown whether it was changed" };
	const int failed = result == COMMAND_LATER || result == COMMAND_UNKNOWN;

	daemon_log(failed ? LOG_ERR : LOG_INFO, "%spassword of %s: %s%s%s%s%s",
		   input->old[0] == '\0' ? "forgotten " : "", input->member, names[result],
		   failed ? ": password_command: " : "", failed ? err->msg : "",
		   output->complaint[0] != '\0' ? ": " : "",
		   without_secrets(output->complaint, input));
}

static void answer(int fd, enum command_result result, const struct command_input *input,
		   struct command_output *output)
{
	static const char *const words[] = { "changed", "wrong", "refused", "later", "unknown" };
	const char *reason = without_secrets(output->reason, input);

	for (char *c = output->reason; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	}
	if (result == COMMAND_REFUSED && reason == output->reason && pl_is_utf8(reason))
		dprintf(fd, "refused %s\n", reason);
	else
		dprintf(fd, "%s\n", words[result]);
}

void change_serve(int fd, const struct change_command *command)
{
	char buf[REQUEST_SIZE];
	struct command_output output = { .reason = "" };
	struct command_input input;
	struct pl_error err = { 0 };
	const ssize_t len = receive(fd, buf);
	enum command_result result;

	if (len > 0 && parse(buf, (size_t)len, command->may_recover, &input) == 0) {
		result = command_run(command->command, &input, command->seconds, &output, &err);
		log_result(&input, result, &output, &err);
		answer(fd, result, &input, &output);
	} else if (len != 0) {
		/* Without a byte, `postlatch check` has looked whether somebody listens. */
		daemon_log(LOG_WARNING, "a request that is not one was refused");
		dprintf(fd, "later\n");
	}
	OPENSSL_cleanse(buf, sizeof(buf));
	close(fd);
}
