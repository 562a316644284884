/* target_code_mail.c - see target_code_mail.h. */
#include "sender/target_code_mail.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/forward/target.h"
#include "policy/outbox/target_code.h"
#include "sender/mail_text.h"

static const struct {
	const char *subject, *text, *code, *account, *when, *address, *device, *advice, *otherwise,
		*date;
} labels[MAIL_LANGUAGES] = {
#define TARGET_CODE(...) { __VA_ARGS__ },
#include "sender/target_code.def"
#undef TARGET_CODE
};

static void put_text(FILE *out, const struct mail_words *words, enum mail_language language)
{
	const struct pl_target_code *code = words->context;
	char account[PL_ADDRESS_DISPLAY_MAX + 1];

	fprintf(out, "%s\n\n%s: %s\n\n%s: %s\n%s: ", labels[language].text, labels[language].code,
		code->code, labels[language].account,
		pl_address_display(&words->message->address, account), labels[language].when);
	mail_put_time(out, words, labels[language].date);
	fprintf(out, "\n%s: %s\n", labels[language].address, code->ip);
	if (code->device[0] != '\0')
		fprintf(out, "%s: %s\n", labels[language].device, code->device);
	fprintf(out, "\n%s\n%s/account/forwarding\n\n%s\n", labels[language].advice,
		words->policy->portal_url, labels[language].otherwise);
}

static const char *subject_of(const struct mail_words *words, enum mail_language language)
{
	(void)words;
	return labels[language].subject;
}

/* Whoever has written the row: nothing but an address becomes an argument and a header. */
static int check(const struct pl_target_code *code, struct pl_target *target_r,
		 struct pl_error *err)
{
	if (strlen(code->code) == PL_TARGET_CODE_DIGITS &&
	    strspn(code->code, "0123456789") == PL_TARGET_CODE_DIGITS &&
	    pl_target_parse(code->target, target_r, NULL) == 0)
		return 0;
	return pl_error_set(err, PL_ERR_DATA, "it has no address or no code");
}

char *target_code_mail(const struct pl_policy *policy, const struct pl_keys *keys,
		       const struct pl_message *message, char to_r[PL_ADDRESS_MAX + 1],
		       size_t *len_r, struct pl_error *err)
{
	struct pl_target_code code;
	struct pl_target target;
	char *text = NULL;

	if (pl_target_code_open(message, keys, &code, err) == 0 &&
	    check(&code, &target, err) == 0) {
		const struct mail_words words = { .policy = policy,
						  .message = message,
						  .to = target.text,
						  .language = code.language,
						  .context = &code,
						  .subject = subject_of,
						  .put_text = put_text };

		memcpy(to_r, target.text, sizeof(target.text));
		text = mail_write(&words, len_r);
		if (text == NULL)
			pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	OPENSSL_cleanse(&code, sizeof(code));
	return text;
}
