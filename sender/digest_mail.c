/* digest_mail.c - see digest_mail.h. */
#include "sender/digest_mail.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "policy/outbox/digest_message.h"
#include "sender/mail_text.h"

static const struct {
	const char *subject, *beginning, *end;
} frames[MAIL_LANGUAGES] = {
#define DIGEST_WORDS(...) { __VA_ARGS__ },
#define DIGEST(fact, en, ko)
#include "sender/digest.def"
#undef DIGEST_WORDS
#undef DIGEST
};

static const struct {
	size_t fact; /* where it is in the message */
	const char *label[MAIL_LANGUAGES];
} lines[] = {
#define DIGEST_WORDS(...)
#define DIGEST(fact, en, ko) { offsetof(struct pl_digest_message, fact), { en, ko } },
#include "sender/digest.def"
#undef DIGEST_WORDS
#undef DIGEST
};

static void put_text(FILE *out, const struct mail_words *words, enum mail_language language)
{
	fprintf(out, "%s\n\n", frames[language].beginning);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *fact = (const char *)words->context + lines[i].fact;

		if (fact[0] != '\0')
			fprintf(out, "%s: %s\n", lines[i].label[language], fact);
	}
	fprintf(out, "\n%s\n%s/console\n", frames[language].end, words->policy->portal_url);
}

static const char *subject_of(const struct mail_words *words, enum mail_language language)
{
	(void)words;
	return frames[language].subject;
}

char *digest_mail(const struct pl_policy *policy, const struct pl_keys *keys,
		  const struct pl_message *message, size_t *len_r, struct pl_error *err)
{
	struct pl_digest_message digest;
	char to[PL_ADDRESS_MAX + 1], *text;
	const struct mail_words words = { .policy = policy,
					  .message = message,
					  .to = pl_address_format(&message->address, to),
					  .language = "",
					  .context = &digest,
					  .subject = subject_of,
					  .put_text = put_text };

	if (pl_digest_message_open(message, keys, &digest, err) < 0)
		return NULL;
	text = mail_write(&words, len_r);
	if (text == NULL)
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return text;
}
