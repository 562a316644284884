/* message.c - see message.h. */
#include "milter/message.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VALUE_MAX 1000 /* bytes of a value that are looked at */

/* The address in a value: bare or in angle brackets, spaces around it. */
static int value_address(const char *value, struct pl_address *address_r)
{
	size_t len;

	value += strspn(value, " \t\r\n<");
	len = strnlen(value, VALUE_MAX);
	while (len > 0 && strchr(" \t\r\n>", value[len - 1]) != NULL)
		len--;
	return pl_address_parse(value, len, NULL, address_r, NULL);
}

static void add_field(struct message *message, enum trace_kind kind, int nth, const char *value)
{
	struct trace_field *field = &message->fields[message->field_count];

	if (message->field_count == MESSAGE_FIELDS_MAX || value_address(value, &field->address) < 0)
		return;
	field->kind = kind;
	field->nth = nth;
	message->field_count++;
}

void message_header(struct message *message, const char *name, const char *value)
{
	if (strcasecmp(name, "X-Sieve-Redirected-From") == 0) {
		add_field(message, TRACE_SIEVE, 0, value);
	} else if (strcasecmp(name, MESSAGE_DELIVERED_HEADER) == 0) {
		add_field(message, TRACE_DELIVERED, ++message->delivered_seen, value);
	} else if (strcasecmp(name, MESSAGE_KEPT_HEADER) == 0 &&
		   message->kept_count < MESSAGE_FIELDS_MAX &&
		   value_address(value, &message->kept[message->kept_count]) == 0) {
		message->kept_count++;
	}
}

void message_recipient(struct message *message, const char *recipient)
{
	char *copy = message->recipient_count < MESSAGE_RECIPIENTS_MAX ? strdup(recipient) : NULL;

	if (copy == NULL)
		message->too_many = 1;
	else
		message->recipients[message->recipient_count++] = copy;
}

int message_was_kept_for(const struct message *message, const struct pl_address *address)
{
	for (size_t i = 0; i < message->kept_count; i++) {
		if (strcmp(message->kept[i].local, address->local) == 0 &&
		    strcmp(message->kept[i].domain, address->domain) == 0)
			return 1;
	}
	return 0;
}

void message_reset(struct message *message)
{
	for (size_t i = 0; i < message->recipient_count; i++)
		free(message->recipients[i]);
	memset(message, 0, sizeof(*message));
}
