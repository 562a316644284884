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

#define TO_MAIL "-mail"
#define TO_PHONE "-phone"

enum secret { NOTHING, CODE, LINK };

static const struct sentence {
	const char *what;
	enum secret secret;
	const char *page;
	struct {
		const char *subject, *text, *label, *advice, *otherwise, *sms;
	} in[MAIL_LANGUAGES];
} sentences[] = {
#define CONTACT_LABELS(account, when, address, device, date)
#define CONTACT(what, secret, page, subject_en, text_en, label_en, advice_en, otherwise_en, \
		sms_en, subject_ko, text_ko, label_ko, advice_ko, otherwise_ko, sms_ko)     \
	{ what,                                                                             \
	  secret,                                                                           \
	  page,                                                                             \
	  { { subject_en, text_en, label_en, advice_en, otherwise_en, sms_en },             \
	    { subject_ko, text_ko, label_ko, advice_ko, otherwise_ko, sms_ko } } },
#include "sender/contact.def"
#undef CONTACT_LABELS
#undef CONTACT
};

static const struct {
	const char *account, *when, *address, *device, *date;
} labels[MAIL_LANGUAGES] = {
#define CONTACT_LABELS(...) { __VA_ARGS__ },
#define CONTACT(...)
#include "sender/contact.def"
#undef CONTACT_LABELS
#undef CONTACT
};

/* The context of its words. */
struct contact {
	struct pl_contact_message message;
	const struct sentence *sentence;
};

/* What follows the name of a row in what a message tells; NULL: it is another row's. */
static const char *rest_of(const char *what, const struct sentence *sentence)
{
	const size_t len = strlen(sentence->what);
	const char *rest = what + len;

	return strncmp(what, sentence->what, len) == 0 &&
			       (*rest == '\0' || strcmp(rest, TO_MAIL) == 0 ||
				strcmp(rest, TO_PHONE) == 0)
		       ? rest
		       : NULL;
}

static const struct sentence *find(const char *what)
{
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (rest_of(what, &sentences[i]) != NULL)
			return &sentences[i];
	}
	return NULL;
}

int contact_message_is_sms(const struct pl_message *message)
{
	const struct sentence *sentence =
		strcmp(message->kind, PL_CONTACT_KIND) == 0 ? find(message->what) : NULL;

	return sentence != NULL && strcmp(rest_of(message->what, sentence), TO_PHONE) == 0;
}

/* Behind "#" it is not sent to a server, and stands in no log. */
static void put_link(FILE *out, const struct mail_words *words)
{
	const struct contact *contact = words->context;

	fprintf(out, "%s%s#%s", words->policy->portal_url, contact->sentence->page,
		contact->message.secret);
}

/* Who asks, for which account, and when. */
static void put_facts(FILE *out, const struct mail_words *words, enum mail_language language)
{
	const struct contact *contact = words->context;
	char account[PL_ADDRESS_DISPLAY_MAX + 1];

	fprintf(out, "\n%s: %s\n%s: ", labels[language].account,
		pl_address_display(&words->message->address, account), labels[language].when);
	mail_put_time(out, words, labels[language].date);
	fputc('\n', out);
	if (contact->message.ip[0] != '\0')
		fprintf(out, "%s: %s\n", labels[language].address, contact->message.ip);
	if (contact->message.device[0] != '\0')
		fprintf(out, "%s: %s\n", labels[language].device, contact->message.device);
}

static void put_text(FILE *out, const struct mail_words *words, enum mail_language language)
{
	const struct contact *contact = words->context;
	const struct sentence *sentence = contact->sentence;

	fprintf(out, "%s\n", sentence->in[language].text);
	switch (sentence->secret) {
	case CODE:
		fprintf(out, "\n%s: %s\n", sentence->in[language].label, contact->message.secret);
		break;
	case LINK:
		put_link(out, words);
		fputc('\n', out);
		break;
	case NOTHING:
		break;
	}
	put_facts(out, words, language);
	if (sentence->in[language].advice[0] != '\0')
		fprintf(out, "\n%s\n", sentence->in[language].advice);
	if (sentence->secret == CODE && sentence->page[0] != '\0')
		fprintf(out, "%s%s\n", words->policy->portal_url, sentence->page);
	fprintf(out, "\n%s\n", sentence->in[language].otherwise);
}

static const char *subject_of(const struct mail_words *words, enum mail_language language)
{
	const struct contact *contact = words->context;

	return contact->sentence->in[language].subject;
}

/* The n-th value of a text message. */
static void put_value(FILE *out, const struct mail_words *words, size_t n)
{
	const struct contact *contact = words->context;
	char account[PL_ADDRESS_DISPLAY_MAX + 1];

	if (n == 0)
		fputs(words->policy->portal_name, out);
	else if (n == 1)
		fputs(pl_address_display(&words->message->address, account), out);
	else if (contact->sentence->secret == LINK)
		put_link(out, words);
	else
		fputs(contact->message.secret, out);
}

/* One line, in one language, as text messages are short. */
static char *write_sms(const struct mail_words *words, size_t *len_r)
{
	const struct contact *contact = words->context;
	const enum mail_language language =
		strcmp(words->language, "ko") == 0 ? MAIL_KOREAN : MAIL_ENGLISH;
	const char *at = contact->sentence->in[language].sms;
	char *text = NULL;
	FILE *out = open_memstream(&text, len_r);

	if (out == NULL)
		return NULL;
	for (size_t n = 0; *at != '\0'; at++) {
		if (*at == '%')
			put_value(out, words, n++);
		else
			fputc(*at, out);
	}
	fputc('\n', out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* Whoever has written the row: nothing but a contact becomes an argument and a header. */
static int check(const struct pl_message *message, struct contact *contact, struct pl_error *err)
{
	const struct pl_contact_message *read = &contact->message;
	struct pl_target target;
	const int is_contact = contact_message_is_sms(message)
				       ? pl_phone_is_valid(read->to)
				       : pl_target_parse(read->to, &target, NULL) == 0;

	contact->sentence = find(message->what);
	if (contact->sentence != NULL && is_contact &&
	    (read->secret[0] != '\0') == (contact->sentence->secret != NOTHING))
		return 0;
	return pl_error_set(err, PL_ERR_DATA, "it has no recipient or no code");
}

static char *write_text(const struct pl_policy *policy, const struct pl_message *message,
			const struct contact *contact, size_t *len_r, struct pl_error *err)
{
	const struct mail_words words = { .policy = policy,
					  .message = message,
					  .to = contact->message.to,
					  .language = contact->message.language,
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
	struct contact contact = { .sentence = NULL };
	char *text = NULL;

	if (pl_contact_message_open(message, keys, &contact.message, err) == 0 &&
	    check(message, &contact, err) == 0) {
		memcpy(to_r, contact.message.to, sizeof(contact.message.to));
		text = write_text(policy, message, &contact, len_r, err);
	}
	OPENSSL_cleanse(&contact, sizeof(contact));
	return text;
}
