/* fuzz_notice.c - the payload of a notice, as the outbox has it, and the mail that is made of it.
 *
 * Whatever the payload is, the mail has the headers that it always has, then lines of base64 alone.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/outbox/notice.h"
#include "sender/notice_mail.h"

static char portal_name[] = "Postlatch", portal_url[] = "https://login.example.test",
	    mail_from[] = "postmaster@example.test";

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

/* The headers, each one line or continued; how many. */
static int count_headers(const char *text, const char **body_r)
{
	int count = 0;

	while (*text != '\n') {
		const size_t len = strcspn(text, "\n");

		MUST(text[len] == '\n' && len > 1);
		count += *text != ' ';
		text += len + 1;
	}
	*body_r = text + 1;
	return count;
}

static void check_mail(const char *mail, size_t len)
{
	const char *body;

	MUST(strlen(mail) == len);
	MUST(count_headers(mail, &body) == 9);
	while (*body != '\0') {
		const size_t line = strcspn(body, "\n");

		MUST(line > 0 && line <= 76 && strspn(body, base64) == line && body[line] == '\n');
		body += line + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_policy policy = { .portal_name = portal_name,
				    .portal_url = portal_url,
				    .mail_from = mail_from };
	struct pl_message message = { .id = 1,
				      .address = { "user", "example.test" },
				      .kind = PL_NOTICE_KIND,
				      .what = "factor-reset" };
	struct pl_notice_origin origin;
	struct pl_error err = { 0 };
	size_t len = 0;
	char *mail;

	if (memchr(data, '\0', size) != NULL || pl_secret_set(&message.payload, data, size) < 0)
		return 0;
	pl_notice_parse((const char *)message.payload.data, &origin);
	MUST(strpbrk(origin.language, "\n") == NULL && strpbrk(origin.ip, "\n") == NULL);
	MUST(strpbrk(origin.device, "\n") == NULL);
	mail = notice_mail(&policy, NULL, &message, &len, &err);
	MUST(mail != NULL);
	check_mail(mail, len);
	free(mail);
	return 0;
}
