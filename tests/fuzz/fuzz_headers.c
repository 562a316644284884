/* fuzz_headers.c - a message's header, as libmilter hands it to the milter.
 *
 * The input is a header: fields in lines, "Name: value", folded or not. A line
 * that begins with '<' is a recipient.
 */
#include "tests/fuzz/fuzz.h"

#include "milter/message.h"

/* The end of the field that begins at text: a line end without a space behind it. */
static char *end_of_field(char *text)
{
	char *end = text;

	while ((end = strchr(end, '\n')) != NULL && (end[1] == ' ' || end[1] == '\t'))
		end++;
	return end;
}

static void give_field(struct message *message, char *field)
{
	char *colon = strchr(field, ':');

	if (field[0] == '<') {
		message_recipient(message, field);
	} else if (colon != NULL) {
		*colon = '\0';
		message_header(message, field, colon + 1);
	}
}

static void check_address(const struct pl_address *address)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_address again;

	pl_address_format(address, text);
	MUST(pl_address_parse(text, strlen(text), NULL, &again, NULL) == 0);
	MUST(strcmp(again.local, address->local) == 0 &&
	     strcmp(again.domain, address->domain) == 0);
}

static void check(const struct message *message)
{
	MUST(message->field_count <= MESSAGE_FIELDS_MAX &&
	     message->kept_count <= MESSAGE_FIELDS_MAX);
	MUST(message->recipient_count <= MESSAGE_RECIPIENTS_MAX);
	for (size_t i = 0; i < message->field_count; i++) {
		check_address(&message->fields[i].address);
		MUST(message->fields[i].nth <= message->delivered_seen);
	}
	for (size_t i = 0; i < message->kept_count; i++)
		MUST(message_was_kept_for(message, &message->kept[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct message message;
	char *text = strndup((const char *)data, size);
	char *field = text, *end;

	MUST(text != NULL);
	for (; field != NULL; field = end) {
		end = end_of_field(field);
		if (end != NULL)
			*end++ = '\0';
		give_field(&message, field);
	}
	check(&message);
	message_reset(&message);
	free(text);
	return 0;
}
