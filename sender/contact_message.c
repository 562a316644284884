/* contact_message.c - see contact_message.h. */
#include "sender/contact_message.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/forward/target.h"
#include "policy/outbox/contact_message.h"
#include "policy/recovery/phone.h"
#include "sender/mail_text.h"

static const struct {
	const char *subject, *text, *code, *account, *when, *address, *device, *advice, *otherwise,
		*date, *sms;
} codes[MAIL_LANGUAGES] = {
#define CONTACT_CODE(...) { __VA_ARGS__ },
#define CONTACT_CHANGE(...)
#include "sender/contact.def"
#undef CONTACT_CODE
#undef CONTACT_CHANGE
};

static const struct {
	const char *subject, *text, *account, *when, *address, *device, *otherwise, *date, *sms;
} changes[MAIL_LANGUAGES] = {
#define CONTACT_CODE(...)
#define CONTACT_CHANGE(...) { __VA_ARGS__ },
#include "sender/contact.def"
#undef CONTACT_CODE
#undef CONTACT_CHANGE
};

static int is_code(const struct pl_message *message)
{
	return strcmp(message->what, PL_CONTACT_CODE_MAIL) == 0 ||
	       strcmp(message->what, PL_CONTACT_CODE_PHONE) == 0;
}

int contact_message_is_sms(const struct pl_message *message)
{
	return strcmp(message->kind, PL_CONTACT_KIND) == 0 &&
	       (strcmp(message->what, PL_CONTACT_CODE_PHONE) == 0 ||
		strcmp(message->what, PL_CONTACT_CHANGE_PHONE) == 0);
}

static void put_code(FILE *out, const struct mail_words *words, enum mail_language language)
{
	const struct pl_contact_message *contact = words->context;
	char account[PL_ADDRESS_DISPLAY_MAX + 1];

	fprintf(out, "%s\n\n%s: %s\n\n%s: %s\n%s: ", codes[language].text, codes[language].code,
		contact->secret, codes[language].account,
		pl_address_display(&words->message->address, account), codes[language].when);
	mail_put_time(out, words, codes[language].date);
	fprintf(out, "\n%s: %s\n", codes[language].address, contact->ip);
	if (contact->device[0] != '\0')
		fprintf(out, "%s: %s\n", codes[language].device, contact->device);
	fprintf(out, "\n%s\n\n%s\n", codes[language].advice, codes[language].otherwise);
}

/* Behind "#" it is not sent to a server, and stands in no log. */
#define STOP_LINK "%s/recovery-contact#%s"

static void put_change(FILE *out, const struct mail_words *words, enum mail_language language)
{
	const struct pl_contact_message *contact = words->context;
	char account[PL_ADDRESS_DISPLAY_MAX + 1];

	fprintf(out, "%s\n" STOP_LINK "\n\n%s: %s\n%s: ", changes[language].text,
		words->policy->portal_url, contact->secret, changes[language].account,
		pl_address_display(&words->message->address, account), changes[language].when);
	mail_put_time(out, words, changes[language].date);
	fprintf(out, "\n%s: %s\n", changes[language].address, contact->ip);
	if (contact->device[0] != '\0')
		fprintf(out, "%s: %s\n", changes[language].device, contact->device);
	fprintf(out, "\n%s\n", changes[language].otherwise);
}

static void put_text(FILE *out, const struct mail_words *words, enum mail_language language)
{
	if (is_code(words->message))
		put_code(out, words, language);
	else
		put_change(out, words, language);
}

static const char *subject_of(const struct mail_words *words, enum mail_language language)
{
	return is_code(words->message) ? codes[language].subject : changes[language].subject;
}

/* The text with each "%" replaced by the next value. */
static void put_sms(FILE *out, const char *text, const char *const *values)
{
	for (; *text != '\0'; text++) {
		if (*text == '%')
			fputs(*values++, out);
		else
			fputc(*text, out);
	}
}

/* One line, in one language, as text messages are short. */
static char *write_sms(const struct mail_words *words, size_t *len_r)
{
	const struct pl_contact_message *contact = words->context;
	const enum mail_language language =
		strcmp(words->language, "ko") == 0 ? MAIL_KOREAN : MAIL_ENGLISH;
	char account[PL_ADDRESS_DISPLAY_MAX + 1], link[1200];
	const char *name = words->policy->portal_name;
	char *text = NULL;
	FILE *out = open_memstream(&text, len_r);

	if (out == NULL)
		return NULL;
	pl_address_display(&words->message->address, account);
	snprintf(link, sizeof(link), STOP_LINK, words->policy->portal_url, contact->secret);
	put_sms(out, is_code(words->message) ? codes[language].sms : changes[language].sms,
		(const char *const[]){ name, account,
				       is_code(words->message) ? contact->secret : link });
	fputc('\n', out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* Whoever has written the row: nothing but a contact becomes an argument and a header. */
static int check(const struct pl_message *message, const struct pl_contact_message *contact,
		 struct pl_error *err)
{
	struct pl_target target;
	const int is_contact = contact_message_is_sms(message)
				       ? pl_phone_is_valid(contact->to)
				       : pl_target_parse(contact->to, &target, NULL) == 0;

	if (contact->secret[0] != '\0' && is_contact)
		return 0;
	return pl_error_set(err, PL_ERR_DATA, "it has no recipient or no code");
}

static char *write_text(const struct pl_policy *policy, const struct pl_message *message,
			const struct pl_contact_message *contact, size_t *len_r,
			struct pl_error *err)
{
	const struct mail_words words = { .policy = policy,
					  .message = message,
					  .to = contact->to,
					  .language = contact->language,
					  .context = contact,
					  .subject = subject_of,
					  .put_text = put_text };
	char *text = contact_message_is_sms(message) ? write_sms(&words, len_r)
						     : mail_write(&words, len_r);

	if (text == NULL)
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return text;
}

char *contact_message(const struct pl_policy *policy, const struct pl_keys *keys,
		      const struct pl_message *message, char to_r[PL_ADDRESS_MAX + 1],
		      size_t *len_r, struct pl_error *err)
{
	struct pl_contact_message contact;
	char *text = NULL;

	if (pl_contact_message_open(message, keys, &contact, err) == 0 &&
	    check(message, &contact, err) == 0) {
		memcpy(to_r, contact.to, sizeof(contact.to));
		text = write_text(policy, message, &contact, len_r, err);
	}
	OPENSSL_cleanse(&contact, sizeof(contact));
	return text;
}
